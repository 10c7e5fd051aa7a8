/**
 * Requests that take several turns to be sent.
 *
 * @module
 */
import { RequestFrame } from "../protocol/protocol.ts";

/** What has become of a request. */
export const Dispatched = {
  /** It must wait until all earlier ones are answered; then it is dispatched anew. */
  Waits: 0,
  /** It was sent, split, answered or refused. */
  Done: 1,
  /** It is under way, and its frame stays where it is until that is over. */
  GoesOn: 2,
} as const;
/** One of the values of {@link Dispatched}. */
export type DispatchedCode = 0 | 1 | 2;

/** One that is under way. */
export interface LongDispatch {
  /** Where its frame ends in the session's buffer, after {@link LongDispatch.goOn} has said Done. */
  readonly frameEnd: number;
  /** Whether it has its place in the reply queue. */
  readonly isEnqueued: boolean;
  /**
   * Goes on; its frame stands at `start`.
   *
   * @param stopAt The value of the budget's `done` at which it stops.
   * @returns Done or GoesOn. Where it waits for something its session is told of, it has done nothing.
   */
  goOn(bytes: Uint8Array, start: number, stopAt: number): DispatchedCode;
  /** Its client is gone. */
  abandon(): void;
}

/** Takes what the shared frame says, which the next parse overwrites. */
export function keepFrame(frame: RequestFrame): RequestFrame {
  const kept = Object.assign(new RequestFrame(), frame);
  frame.offsets = new RequestFrame().offsets;
  return kept;
}
