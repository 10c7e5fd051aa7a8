/**
 * Splits a request line into words, as memcached does: spaces separate, a line feed ends the line,
 * and one carriage return right before it belongs to the line end.
 *
 * @module
 */
import type { RequestFrame } from "../protocol.ts";
import { CARRIAGE_RETURN, LINE_FEED, NUL, SPACE } from "./ascii.ts";
import { WORDS_MAX } from "./limits.ts";

/** Bytes of a line end as it is written. */
export const LINE_END_BYTES = 2;

/**
 * Stands in `argumentCount` for a line with a NUL byte, at which memcached stops reading its
 * words.
 */
export const HAS_NUL = -1;

/**
 * Puts the words of the line at `start` into the frame. Words beyond {@link WORDS_MAX} are counted
 * only.
 *
 * @returns Position of the line feed; -1 if it is not there yet, and then the frame means nothing.
 */
export function splitWords(
  frame: RequestFrame,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let { offsets } = frame;
  let count = 0;
  let hasNul = false;
  let position = start;
  for (;;) {
    while (position < end && bytes[position] === SPACE) position++;
    const wordStart = position;
    let byte = SPACE;
    while (position < end) {
      byte = bytes[position]!;
      if (byte <= SPACE) {
        if (byte === SPACE || byte === LINE_FEED) break;
        if (byte === NUL) hasNul = true;
      }
      position++;
    }
    if (position === end) return -1;
    const isLast = byte === LINE_FEED;
    let wordEnd = position;
    if (isLast && wordEnd > wordStart && bytes[wordEnd - 1] === CARRIAGE_RETURN) wordEnd--;
    if (wordEnd > wordStart) {
      if (count < WORDS_MAX) {
        if (2 * count === offsets.length) offsets = grow(frame);
        offsets[2 * count] = wordStart - start;
        offsets[2 * count + 1] = wordEnd - start;
      }
      count++;
    }
    if (isLast) {
      frame.argumentCount = hasNul ? HAS_NUL : count;
      return position;
    }
  }
}

function grow(frame: RequestFrame): Int32Array {
  const grown = new Int32Array(frame.offsets.length * 2);
  grown.set(frame.offsets);
  frame.offsets = grown;
  return grown;
}

/** Bytes of one word. */
export function wordBytes(frame: RequestFrame, word: number): number {
  return frame.offsets[2 * word + 1]! - frame.offsets[2 * word]!;
}

/** Bytes of the first `wordCount` words with a space between each two. */
export function wordsBytes(frame: RequestFrame, wordCount: number): number {
  let byteCount = wordCount - 1;
  for (let word = 0; word < wordCount; word++) byteCount += wordBytes(frame, word);
  return byteCount;
}
