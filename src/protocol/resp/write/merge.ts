/**
 * Many replies become one: element by element, by asking whether all succeeded, or by another policy.
 *
 * A backend's reply is trusted no further than it was framed: one of another kind than its command has, or
 * with another number of elements, counts as malformed, and its keys get errors.
 *
 * @module
 */
import type { SendLog } from "../../../bytes/send_log.ts";
import { failures } from "../../../failure.ts";
import { Merge } from "../../command_table.ts";
import type { LongMerge, MergeParts, ReplyPart } from "../../protocol.ts";
import { readDecimal } from "../decimal.ts";
import { writeHead } from "./fragments.ts";
import { ReplyReader } from "../parse/reply_reader.ts";
import { failureReply, OK_REPLY } from "./replies.ts";
import { BROKEN, findLineEnd, isError, writeFirstError, writeMalformed } from "./merge_parts.ts";
import { writeByPolicy } from "./merge_policies.ts";
import { Type } from "../type.ts";

const LINE_END_BYTES = 2;
/** Most bytes of `*<count>` with its line end. */
const HEAD_BYTES_MAX = 13;

/** Appends the reply to a split request, as its row says. */
export function writeMerged(merge: MergeParts, target: SendLog): void {
  switch (merge.row.merge) {
    case Merge.Elements:
      return writeElements(merge, target);
    case Merge.Concatenated:
      return writeConcatenated(merge, target);
    case Merge.AllSucceeded:
      return writeAllSucceeded(merge, target);
    default:
      return writeByPolicy(merge, target);
  }
}

/** Appends one array, or what else the parts are alike of, with the elements of all, in the order of the parts. */
function writeConcatenated(merge: MergeParts, target: SendLog): void {
  if (writeFirstError(merge, target)) return;
  let count = 0;
  const first = merge.parts[0]!;
  const type = first.bytes[first.start]!;
  const isAggregate = type === Type.Array || type === Type.Set || type === Type.Map;
  for (const part of merge.parts) {
    const lineEnd = isAggregate && part.bytes[part.start] === type
      ? findLineEnd(part.bytes, part.start, part.end)
      : BROKEN;
    const own = lineEnd === BROKEN ? -1 : readDecimal(part.bytes, part.start + 1, lineEnd);
    if (own < 0) return writeMalformed(part, target);
    count += own;
  }
  const chunk = target.reserve(HEAD_BYTES_MAX);
  const headStart = chunk.filled;
  target.commit(writeHead(type, count, chunk.bytes, headStart) - headStart);
  for (const { bytes, start, end } of merge.parts) {
    const elements = findLineEnd(bytes, start, end) + LINE_END_BYTES;
    if (elements < end) target.append(bytes, elements, end);
  }
}

function writeAllSucceeded(merge: MergeParts, target: SendLog): void {
  if (writeFirstError(merge, target)) return;
  for (const part of merge.parts) {
    if (!isOk(part)) return writeMalformed(part, target);
  }
  target.append(OK_REPLY, 0, OK_REPLY.length);
}

function isOk(part: ReplyPart): boolean {
  if (part.end - part.start !== OK_REPLY.length) return false;
  for (let index = 0; index < OK_REPLY.length; index++) {
    if (part.bytes[part.start + index] !== OK_REPLY[index]) return false;
  }
  return true;
}

/** Where each part's next element begins, or {@link BROKEN}; one array for all merges, used within a call. */
let cursors = new Int32Array(64);

/** Walks one cursor per part in the order of the keys. */
function writeElements(merge: MergeParts, target: SendLog): void {
  if (cursors.length < merge.parts.length) cursors = new Int32Array(2 * merge.parts.length);
  openParts(merge, cursors);
  writeArrayHead(merge, target);
  writeKeys(merge, cursors, 0, merge.keyCount, target);
}

/** Begins a merge of many keys that takes several turns; null for one whose reply is short. */
export function beginMerge(merge: MergeParts): LongMerge | null {
  return merge.row.merge === Merge.Elements ? new LongElements(merge) : null;
}

/** {@link writeElements}, some keys at a time. */
class LongElements implements LongMerge {
  readonly #merge: MergeParts;
  /** Its own: other merges come in between. */
  readonly #cursors: Int32Array;
  #key = 0;

  constructor(merge: MergeParts) {
    this.#merge = merge;
    this.#cursors = new Int32Array(merge.parts.length);
  }

  writeSome(target: SendLog, keyCount: number): boolean {
    const merge = this.#merge;
    if (this.#key === 0) {
      openParts(merge, this.#cursors);
      writeArrayHead(merge, target);
    }
    const to = Math.min(merge.keyCount, this.#key + keyCount);
    writeKeys(merge, this.#cursors, this.#key, to, target);
    this.#key = to;
    return to === merge.keyCount;
  }
}

function writeArrayHead({ keyCount }: MergeParts, target: SendLog): void {
  const chunk = target.reserve(HEAD_BYTES_MAX);
  const headStart = chunk.filled;
  target.commit(writeHead(Type.Array, keyCount, chunk.bytes, headStart) - headStart);
}

/** Appends the elements of the keys from `from` to before `to`. */
function writeKeys(
  { fragmentOfKey, parts }: MergeParts,
  cursors: Int32Array,
  from: number,
  to: number,
  target: SendLog,
): void {
  for (let key = from; key < to; key++) {
    const index = fragmentOfKey[key]!;
    const part = parts[index]!;
    const start = valueStart(part.bytes, cursors[index]!, part.end);
    const end = start === BROKEN ? BROKEN : elementEnd(part.bytes, start, part.end);
    cursors[index] = end;
    if (end === BROKEN) writeErrorElement(part, target);
    else target.append(part.bytes, start, end);
  }
}

/** Sets the cursors to the first elements of all parts that are arrays of as many elements as keys. */
function openParts(merge: MergeParts, cursors: Int32Array): void {
  const { keyCount, fragmentOfKey, parts } = merge;
  cursors.fill(0, 0, parts.length);
  for (let key = 0; key < keyCount; key++) cursors[fragmentOfKey[key]!]! += 1;
  for (let index = 0; index < parts.length; index++) {
    cursors[index] = firstElement(parts[index]!, cursors[index]!);
  }
}

/** Where the elements of an array of `count` elements begin, or {@link BROKEN}. */
function firstElement(part: ReplyPart, count: number): number {
  const { bytes, start, end } = part;
  if (part.failure !== null || bytes[start] !== Type.Array) return BROKEN;
  const lineEnd = findLineEnd(bytes, start, end);
  if (lineEnd === BROKEN || readDecimal(bytes, start + 1, lineEnd) !== count) return BROKEN;
  return lineEnd + LINE_END_BYTES;
}

/** Where the value of the element at `start` begins: its attributes are dropped, as are those of its array. */
function valueStart(bytes: Uint8Array, start: number, end: number): number {
  if (start === BROKEN || bytes[start] !== Type.Attribute) return start;
  const reader = new ReplyReader(bytes, start, end);
  return reader.passAttributes() ? reader.position : BROKEN;
}

/** One past the element at `start`, or {@link BROKEN} for one that a value of a key cannot be. */
function elementEnd(bytes: Uint8Array, start: number, end: number): number {
  const lineEnd = findLineEnd(bytes, start, end);
  if (lineEnd === BROKEN) return BROKEN;
  const type = bytes[start];
  if (type === Type.Null || type === Type.Error) return lineEnd + LINE_END_BYTES;
  if (type !== Type.Bulk) return BROKEN;
  const length = readDecimal(bytes, start + 1, lineEnd);
  if (length === -1) return lineEnd + LINE_END_BYTES;
  const elementEnd = lineEnd + length + 2 * LINE_END_BYTES;
  return length < 0 || elementEnd > end ? BROKEN : elementEnd;
}

/** An element for a key without a value: its part's failure or error, or that its reply made no sense. */
function writeErrorElement(part: ReplyPart, target: SendLog): void {
  if (part.failure === null && isError(part)) {
    target.append(part.bytes, part.start, part.end);
    return;
  }
  const reply = failureReply(part.failure ?? failures.backendMalformed, part.address);
  target.append(reply, 0, reply.length);
}
