/**
 * Requests as their backends see them: without `noreply`, or with some of the keys only.
 *
 * @module
 */
import { copyBytes } from "../../bytes/copy.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import { type KeySelection, NO_OPERATION, type RequestFrame } from "../protocol.ts";
import { CARRIAGE_RETURN, findLineFeed, LINE_FEED, SPACE } from "./ascii.ts";
import { SERVER_LINE_LIMIT_BYTES } from "./limits.ts";
import { quietFlagOf } from "./meta_line.ts";
import { LINE_END_BYTES, wordBytes, wordsBytes } from "./words.ts";

/**
 * Appends the words by single spaces, without the one that makes a request quiet, and the data
 * block.
 */
export function writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
  const { argumentCount: wordCount } = frame;
  const dataStart = findLineFeed(bytes, frame.argumentEnd(wordCount - 1), frame.end) + 1;
  const dataBytes = frame.end - dataStart;
  const silencer = silencerOf(frame, bytes);
  const silencerBytes = silencer < 0 ? 0 : 1 + wordBytes(frame, silencer);
  const byteCount = wordsBytes(frame, wordCount) - silencerBytes + LINE_END_BYTES + dataBytes;
  const chunk = target.reserve(byteCount);
  const out = chunk.bytes;
  const shown = silencer < 0 ? wordCount : silencer;
  let position = writeWords(frame, bytes, shown, out, chunk.filled);
  for (let word = shown + 1; word < wordCount; word++) {
    out[position] = SPACE;
    position = writeWord(frame, bytes, word, out, position + 1);
  }
  position = writeLineEnd(out, position);
  copyBytes(bytes, dataStart, frame.end, out, position);
  target.commit(byteCount);
}

/** Makes spaces of what makes a request quiet: nothing else of it has to change, however large its value. */
export function rewriteInPlace(frame: RequestFrame, bytes: Uint8Array): boolean {
  const lineEnd = frame.argumentEnd(frame.argumentCount - 1) + LINE_END_BYTES;
  const silencer = silencerOf(frame, bytes);
  if (silencer < 0 || lineEnd - frame.start > SERVER_LINE_LIMIT_BYTES) return false;
  bytes.fill(SPACE, frame.argumentStart(silencer), frame.argumentEnd(silencer));
  return true;
}

/** The word that makes a request quiet (`noreply`, or a meta command's flag `q`), or -1. */
function silencerOf(frame: RequestFrame, bytes: Uint8Array): number {
  if (!frame.isQuiet) return -1;
  return frame.operation === NO_OPERATION ? frame.argumentCount - 1 : quietFlagOf(frame, bytes);
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
