/**
 * The channel of PUBLISH. Redis counts it for no key; where it is published follows from it all the same.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";

/** Takes the first word behind the name for the key. */
export function channelKey(frame: RequestFrame): void {
  frame.firstKey = 1;
  frame.keyStep = 1;
  frame.keyCount = 1;
}
