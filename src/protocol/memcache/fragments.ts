/**
 * Requests as their backends see them: without `noreply`, or with some of the keys only.
 *
 * @module
 */
import { copyBytes } from "../../bytes/copy.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import type { KeySelection, RequestFrame } from "../protocol.ts";
import { CARRIAGE_RETURN, findLineFeed, LINE_FEED, SPACE } from "./ascii.ts";

const LINE_END_BYTES = 2;

/**
 * Appends the words by single spaces, without the `noreply` of a quiet request, and the data
 * block.
 */
export function writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
  const wordCount = frame.argumentCount - (frame.isQuiet ? 1 : 0);
  const dataStart = findLineFeed(bytes, frame.argumentEnd(frame.argumentCount - 1), frame.end) + 1;
  const dataBytes = frame.end - dataStart;
  const byteCount = wordsBytes(frame, wordCount) + LINE_END_BYTES + dataBytes;
  const chunk = target.reserve(byteCount);
  const out = chunk.bytes;
  let position = writeWords(frame, bytes, wordCount, out, chunk.filled);
  position = writeLineEnd(out, position);
  copyBytes(bytes, dataStart, frame.end, out, position);
  target.commit(byteCount);
}

/** Appends the same command for the selected keys: what stands before the keys stays. */
export function writeFragment(
  frame: RequestFrame,
  bytes: Uint8Array,
  keys: KeySelection,
  target: SendLog,
): void {
  const { firstKey } = frame;
  const { nextKey } = keys;
  let byteCount = wordsBytes(frame, firstKey) + LINE_END_BYTES;
  for (let key = keys.firstKey; key >= 0; key = nextKey[key]!) {
    byteCount += 1 + wordBytes(frame, firstKey + key);
  }
  const chunk = target.reserve(byteCount);
  const out = chunk.bytes;
  let position = writeWords(frame, bytes, firstKey, out, chunk.filled);
  for (let key = keys.firstKey; key >= 0; key = nextKey[key]!) {
    out[position] = SPACE;
    position = writeWord(frame, bytes, firstKey + key, out, position + 1);
  }
  writeLineEnd(out, position);
  target.commit(byteCount);
}

function wordBytes(frame: RequestFrame, word: number): number {
  return frame.offsets[2 * word + 1]! - frame.offsets[2 * word]!;
}

/** Bytes of the first `wordCount` words with a space between each two. */
function wordsBytes(frame: RequestFrame, wordCount: number): number {
  let byteCount = wordCount - 1;
  for (let word = 0; word < wordCount; word++) byteCount += wordBytes(frame, word);
  return byteCount;
}

function writeWords(
  frame: RequestFrame,
  bytes: Uint8Array,
  wordCount: number,
  out: Uint8Array,
  position: number,
): number {
  for (let word = 0; word < wordCount; word++) {
    if (word > 0) out[position++] = SPACE;
    position = writeWord(frame, bytes, word, out, position);
  }
  return position;
}

function writeWord(
  frame: RequestFrame,
  bytes: Uint8Array,
  word: number,
  out: Uint8Array,
  position: number,
): number {
  const start = frame.argumentStart(word);
  const end = frame.argumentEnd(word);
  copyBytes(bytes, start, end, out, position);
  return position + end - start;
}

function writeLineEnd(out: Uint8Array, position: number): number {
  out[position] = CARRIAGE_RETURN;
  out[position + 1] = LINE_FEED;
  return position + LINE_END_BYTES;
}
