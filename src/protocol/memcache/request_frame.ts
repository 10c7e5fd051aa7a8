/**
 * What all judges of request lines say in a frame.
 *
 * @module
 */
import { NO_OPERATION, type RequestFrame } from "../protocol.ts";
import { lineReplies } from "./replies.ts";

/** Says of a line that no data block follows it. */
export const NO_DATA = -1;

/** Makes the frame say nothing but its words: the last request may have been another client's. */
export function clearFrame(frame: RequestFrame): void {
  frame.row = null;
  frame.firstKey = 0;
  frame.keyStep = 1;
  frame.keyCount = 0;
  frame.extraKey = -1;
  frame.refusal = null;
  frame.isQuiet = false;
  frame.isRewritten = false;
  frame.fragmentBytesMax = 0;
  frame.operation = NO_OPERATION;
  frame.decodedKey = null;
}

/**
 * Answers the frame by `reply`; with nothing behind `noreply`, as memcached does with errors. A quiet meta
 * command hears of them.
 */
export function refuse(frame: RequestFrame, reply: Uint8Array): typeof NO_DATA {
  const isSilent = frame.isQuiet && frame.operation === NO_OPERATION;
  frame.refusal = isSilent ? lineReplies.none : reply;
  frame.isRewritten = false;
  frame.keyCount = 0;
  return NO_DATA;
}
