/**
 * Requests as backends get them where that is not what the client sent: fragments of split requests, and
 * inline requests as arrays.
 *
 * A word of an array stands with its length and its line ends in one run, so that it is copied as it is; the
 * words of an inline request get theirs here.
 *
 * @module
 */
import { copyBytes } from "../../../bytes/copy.ts";
import type { SendLog } from "../../../bytes/send_log.ts";
import type { KeySelection, RequestFrame } from "../../protocol.ts";
import { decimalDigits, writeDecimal } from "../decimal.ts";
import { Type } from "../type.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const LINE_END_BYTES = 2;

/** Appends an inline request as an array of bulk strings. */
export function writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
  const count = frame.argumentCount;
  let byteCount = headBytes(count);
  for (let word = 0; word < count; word++) byteCount += bulkBytes(frame, word);
  const chunk = target.reserve(byteCount);
  let position = writeHead(Type.Array, count, chunk.bytes, chunk.filled);
  for (let word = 0; word < count; word++) {
    position = writeBulk(frame, word, bytes, chunk.bytes, position);
  }
  target.commit(byteCount);
}

/**
 * Appends the command with the selected keys; a key's run of `keyStep` words goes with it, so that MSET's
 * values follow their keys.
 */
export function writeFragment(
  frame: RequestFrame,
  bytes: Uint8Array,
  keys: KeySelection,
  target: SendLog,
): void {
  const { firstKey, keyStep } = frame;
  const wordCount = 1 + keys.keyCount * keyStep;
  let byteCount = headBytes(wordCount) + bulkBytes(frame, 0);
  for (let key = keys.firstKey; key >= 0; key = keys.nextKey[key]!) {
    byteCount += runBytes(frame, firstKey + key * keyStep, keyStep);
  }
  const chunk = target.reserve(byteCount);
  const room = chunk.bytes;
  let position = writeHead(Type.Array, wordCount, room, chunk.filled);
  position = writeBulk(frame, 0, bytes, room, position);
  for (let key = keys.firstKey; key >= 0; key = keys.nextKey[key]!) {
    position = writeRun(frame, firstKey + key * keyStep, keyStep, bytes, room, position);
  }
  target.commit(byteCount);
}

/** Bytes of `count` words from `word` on, each as a bulk string. */
function runBytes(frame: RequestFrame, word: number, count: number): number {
  if (!frame.isRewritten) return runEnd(frame, word, count) - runStart(frame, word);
  let byteCount = 0;
  for (let index = 0; index < count; index++) byteCount += bulkBytes(frame, word + index);
  return byteCount;
}

function writeRun(
  frame: RequestFrame,
  word: number,
  count: number,
  bytes: Uint8Array,
  target: Uint8Array,
  position: number,
): number {
  if (frame.isRewritten) {
    for (let index = 0; index < count; index++) {
      position = writeBulk(frame, word + index, bytes, target, position);
    }
    return position;
  }
  const start = runStart(frame, word);
  const end = runEnd(frame, word, count);
  copyBytes(bytes, start, end, target, position);
  return position + end - start;
}

/** Where the run of word `word` begins, its length included; `word` is not the first of its request. */
function runStart(frame: RequestFrame, word: number): number {
  return frame.argumentEnd(word - 1) + LINE_END_BYTES;
}

function runEnd(frame: RequestFrame, word: number, count: number): number {
  return frame.argumentEnd(word + count - 1) + LINE_END_BYTES;
}

/** Bytes of `*<count>` or `$<length>` with its line end. */
function headBytes(count: number): number {
  return 1 + decimalDigits(count) + LINE_END_BYTES;
}

function bulkBytes(frame: RequestFrame, word: number): number {
  const length = frame.argumentEnd(word) - frame.argumentStart(word);
  return headBytes(length) + length + LINE_END_BYTES;
}

function writeBulk(
  frame: RequestFrame,
  word: number,
  bytes: Uint8Array,
  target: Uint8Array,
  position: number,
): number {
  const start = frame.argumentStart(word);
  const end = frame.argumentEnd(word);
  position = writeHead(Type.Bulk, end - start, target, position);
  copyBytes(bytes, start, end, target, position);
  return writeLineEnd(target, position + end - start);
}

/** Writes `*<count>` or `$<length>` with its line end; returns the position behind it. */
export function writeHead(
  type: number,
  count: number,
  target: Uint8Array,
  position: number,
): number {
  target[position] = type;
  return writeLineEnd(target, writeDecimal(count, target, position + 1));
}

function writeLineEnd(target: Uint8Array, position: number): number {
  target[position] = CARRIAGE_RETURN;
  target[position + 1] = LINE_FEED;
  return position + LINE_END_BYTES;
}
