/**
 * Makes one reply of those to all fragments of a request: OK only if all are, or the values that several
 * backends found: the values in the order of the
 * request's keys, a key that was asked twice answered twice, one END. Where a part is missing or an
 * error, that error is the whole reply: a failed backend must not look like a miss.
 *
 * Each part has its values in the order of its keys, but not for all of them. One cursor per part
 * therefore moves on when the value at it belongs to the key at hand, which the key's mark tells.
 * Whatever no key claimed, as from a backend with an order of its own, follows at the end: no value
 * is lost.
 *
 * @module
 */
import { keyMark } from "../../bytes/key_mark.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import { Merge } from "../command_table.ts";
import type { LongMerge, MergeParts, ReplyPart } from "../protocol.ts";
import { encodeText, findLineFeed, isText } from "./ascii.ts";
import { isErrorLine, writeFailure, writeMalformed } from "./replies.ts";
import {
  isValueLine,
  VALUE_END_BYTES,
  VALUE_KEY_OFFSET,
  valueLength,
  wordEnd,
} from "./value_line.ts";

const END = encodeText("END\r\n");
/** What a server says that has none of the keys. */
const MISSES: ReplyPart = { bytes: END, start: 0, end: END.length, failure: null, address: "" };

/** Values of one part that were taken from it and not written yet: `[start, position)`. */
class Cursor {
  readonly part: ReplyPart;
  start: number;
  position: number;

  constructor(part: ReplyPart) {
    this.part = part;
    this.start = part.start;
    this.position = part.start;
  }
}

/**
 * Appends the one reply that the row of the request asks for.
 *
 * @param failureIsMiss Whether keys of a server that fails are misses: then its error is not the whole reply.
 */
export function writeMerged(merge: MergeParts, target: SendLog, failureIsMiss: boolean): void {
  if (merge.row.merge === Merge.AllSucceeded) return writeAllSucceeded(merge, target);
  writeMergedValues(failureIsMiss ? withMisses(merge) : merge, target);
}

/** Begins to merge the replies of a split request, some keys at a time; null where there is nothing to be put in order. */
export function beginMerge(merge: MergeParts, failureIsMiss: boolean): LongMerge | null {
  if (merge.row.merge !== Merge.Values) return null;
  return new LongValues(failureIsMiss ? withMisses(merge) : merge);
}

/** The parts of servers that failed say that there is nothing. */
function withMisses(merge: MergeParts): MergeParts {
  return { ...merge, parts: merge.parts.map((part) => part.failure === null ? part : MISSES) };
}

/** Appends the first failure or error, or what all say. */
function writeAllSucceeded({ parts }: MergeParts, target: SendLog): void {
  for (const part of parts) {
    if (part.failure !== null) return writeFailure(part.failure, part.address, target);
    if (isErrorLine(part.bytes, part.start, part.end)) {
      target.append(part.bytes, part.start, part.end);
      return;
    }
  }
  const { bytes, start, end } = parts[0]!;
  target.append(bytes, start, end);
}

/** Appends the one reply to a split `get`, `gets`, `gat` or `gats`. */
export function writeMergedValues(merge: MergeParts, target: SendLog): void {
  const values = new LongValues(merge);
  while (!values.writeSome(target, Infinity)) continue;
}

/** The same, some keys at a time. */
class LongValues implements LongMerge {
  readonly #merge: MergeParts;
  readonly #cursors: Cursor[] = [];
  #key = 0;
  /** Where values were taken from last. */
  #open: Cursor | null = null;

  constructor(merge: MergeParts) {
    this.#merge = merge;
  }

  writeSome(target: SendLog, keyCount: number): boolean {
    const { parts } = this.#merge;
    // An error in any part is all that is said, so each is looked at before a value is written.
    if (this.#cursors.length < parts.length) {
      const part = parts[this.#cursors.length]!;
      if (writeError(part, target)) return true;
      this.#cursors.push(new Cursor(part));
      return false;
    }
    const to = Math.min(this.#merge.keyCount, this.#key + keyCount);
    this.#writeKeys(to, target);
    if (to < this.#merge.keyCount) return false;
    this.#writeRest(target);
    return true;
  }

  #writeKeys(to: number, target: SendLog): void {
    const { fragmentOfKey, keyMarks } = this.#merge;
    for (let key = this.#key; key < to; key++) {
      const cursor = this.#cursors[fragmentOfKey[key]!]!;
      const end = valueEnd(cursor, keyMarks?.[key]);
      if (end === cursor.position) continue;
      if (this.#open !== null && this.#open !== cursor) writeTaken(this.#open, target);
      this.#open = cursor;
      cursor.position = end;
    }
    this.#key = to;
  }

  #writeRest(target: SendLog): void {
    if (this.#open !== null) writeTaken(this.#open, target);
    for (const cursor of this.#cursors) {
      cursor.position = cursor.part.end - END.length;
      writeTaken(cursor, target);
    }
    target.append(END, 0, END.length);
  }
}

/** If the part is not values and END, appends the error that says so. */
function writeError(part: ReplyPart, target: SendLog): boolean {
  if (part.failure !== null) {
    writeFailure(part.failure, part.address, target);
    return true;
  }
  const last = lastLine(part);
  if (isText(part.bytes, last, part.end, END)) return false;
  if (isErrorLine(part.bytes, last, part.end)) target.append(part.bytes, last, part.end);
  else writeMalformed(target);
  return true;
}

/** Start of the first line that does not announce a value. */
function lastLine(part: ReplyPart): number {
  let position = part.start;
  while (position < part.end && isValueLine(part.bytes, position, part.end)) {
    position = blockEnd(part, position);
  }
  return position;
}

/** Position behind the value block at `start`; the reply parser has made sure that it is whole. */
function blockEnd(part: ReplyPart, start: number): number {
  const lineFeed = findLineFeed(part.bytes, start, part.end);
  return lineFeed + 1 + valueLength(part.bytes, start, lineFeed) + VALUE_END_BYTES;
}

/**
 * Position behind the value at the cursor if it belongs to the key with that mark, else the
 * cursor's own.
 */
function valueEnd(cursor: Cursor, mark: number | undefined): number {
  const { part, position } = cursor;
  const { bytes, end } = part;
  if (!isValueLine(bytes, position, end)) return position;
  if (mark !== undefined) {
    const keyStart = position + VALUE_KEY_OFFSET;
    if (keyMark(bytes, keyStart, wordEnd(bytes, keyStart, end)) !== mark) return position;
  }
  return blockEnd(part, position);
}

function writeTaken(cursor: Cursor, target: SendLog): void {
  if (cursor.position === cursor.start) return;
  target.append(cursor.part.bytes, cursor.start, cursor.position);
  cursor.start = cursor.position;
}
