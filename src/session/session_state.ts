/**
 * How far a client has come. It only goes on: what a later state ends does not begin again.
 *
 * @module
 */

/** The states of a session, in their order. */
export const SessionState = {
  /** It may send requests. */
  Open: 0,
  /** It sends no more, and reads on: what it has sent is served to the last request, as an open client's is. */
  Ended: 1,
  /** No further request is wanted: QUIT, or input that cannot be trusted. It is owed replies to earlier ones. */
  Finishing: 2,
  /** Nothing more is written for it: it is closed when what stands in its log has left. */
  Leaving: 3,
  /** The connection is gone. */
  Closed: 4,
} as const;
/** One of the values of {@link SessionState}. */
export type SessionStateCode = 0 | 1 | 2 | 3 | 4;
