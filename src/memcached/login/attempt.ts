/**
 * What becomes of a password that a client sends.
 *
 * @module
 */

/** What became of an attempt. */
export const Attempt = {
  /** The client is in. */
  Right: 0,
  /** The request at hand is answered later. */
  Wrong: 1,
  /** Others are judged first: the request is to be shown again. */
  Waits: 2,
} as const;
/** One of the values of {@link Attempt}. */
export type AttemptCode = 0 | 1 | 2;
