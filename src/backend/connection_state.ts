/**
 * Where a backend connection is in its life.
 *
 * @module
 */

/** Nothing is sent before `Ready`. */
export const ConnectionState = {
  /** No socket, and none wanted. */
  Idle: 0,
  Connecting: 1,
  /** Connected; the replies to the handshake are due. */
  Handshaking: 2,
  Ready: 3,
  /** No socket, and none is made: the backend is paused. */
  Parked: 4,
} as const;
/** One of the values of {@link ConnectionState}. */
export type ConnectionStateCode = 0 | 1 | 2 | 3 | 4;
