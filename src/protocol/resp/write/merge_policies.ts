/**
 * One reply of many by a response policy, as the servers' `COMMAND` names it, whatever the command.
 *
 * @module
 */
import type { SendLog } from "../../../bytes/send_log.ts";
import { Merge } from "../../command_table.ts";
import type { MergeParts, ReplyPart } from "../../protocol.ts";
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { Type } from "../type.ts";
import { BROKEN, findLineEnd, isError, writeFirstError, writeMalformed } from "./merge_parts.ts";
import { integerReply } from "./replies.ts";

const LINE_END_BYTES = 2;
const TRUE = 0x74;
const FALSE = 0x66;
const encoder = new TextEncoder();

/** Appends the reply, by the policy of the row. */
export function writeByPolicy(merge: MergeParts, target: SendLog): void {
  switch (merge.row.merge) {
    case Merge.Sum:
      // Counts are not negative.
      return writeNumber(merge, target, { first: 0, least: 0, combine: (sum, one) => sum + one });
    case Merge.Least:
      return writeNumber(merge, target, { first: Infinity, least: -Infinity, combine: Math.min });
    case Merge.Greatest:
      return writeNumber(merge, target, { first: -Infinity, least: -Infinity, combine: Math.max });
    case Merge.All:
      return writeTruth(merge, target, (one, other) => one && other);
    case Merge.Any:
      return writeTruth(merge, target, (one, other) => one || other);
    case Merge.OneSucceeded:
      return writeSucceeded(merge, target);
    default:
      return writeFirst(merge, target);
  }
}

interface Aggregation {
  readonly first: number;
  /** The least that a part may say. */
  readonly least: number;
  combine(total: number, value: number): number;
}

/** Appends one number made of all. */
function writeNumber(
  merge: MergeParts,
  target: SendLog,
  { first, least, combine }: Aggregation,
): void {
  if (writeFirstError(merge, target)) return;
  let combined = first;
  for (const part of merge.parts) {
    const isInteger = part.bytes[part.start] === Type.Integer;
    const value = isInteger
      ? readDecimal(part.bytes, part.start + 1, part.end - LINE_END_BYTES)
      : NOT_A_NUMBER;
    combined = combine(combined, value);
    // Beyond 2^53 a number would not be exact.
    const isExact = Math.abs(value) < Number.MAX_SAFE_INTEGER &&
      Math.abs(combined) < Number.MAX_SAFE_INTEGER;
    if (!isExact || value < least) return writeMalformed(part, target);
  }
  const reply = integerReply(combined);
  target.append(reply, 0, reply.length);
}

/** What a part says of one thing, or of several. */
interface Truths {
  readonly isArray: boolean;
  /** Whether they are RESP3's booleans, not 0 and 1. */
  areBooleans: boolean;
  readonly values: boolean[];
}

/** Appends 0 or 1, or as many of them as all parts have. */
function writeTruth(
  merge: MergeParts,
  target: SendLog,
  combine: (one: boolean, other: boolean) => boolean,
): void {
  if (writeFirstError(merge, target)) return;
  let all: Truths | null = null;
  for (const part of merge.parts) {
    const truths = readTruths(part);
    if (truths === null) return writeMalformed(part, target);
    if (all === null) {
      all = truths;
      continue;
    }
    if (truths.isArray !== all.isArray || truths.values.length !== all.values.length) {
      return writeMalformed(part, target);
    }
    truths.values.forEach((value, index) => {
      all!.values[index] = combine(all!.values[index]!, value);
    });
  }
  const reply = encoder.encode(truthsText(all!));
  target.append(reply, 0, reply.length);
}

function truthsText({ isArray, areBooleans, values }: Truths): string {
  const words = areBooleans ? ["#f\r\n", "#t\r\n"] : [":0\r\n", ":1\r\n"];
  const head = isArray ? `*${values.length}\r\n` : "";
  return head + values.map((value) => words[Number(value)]).join("");
}

/** Null where the part is none of it. */
function readTruths({ bytes, start, end }: ReplyPart): Truths | null {
  const isArray = bytes[start] === Type.Array;
  const truths: Truths = { isArray, areBooleans: false, values: [] };
  let position = start;
  let due = 1;
  if (isArray) {
    const lineEnd = findLineEnd(bytes, start, end);
    due = lineEnd === BROKEN ? -1 : readDecimal(bytes, start + 1, lineEnd);
    position = lineEnd + LINE_END_BYTES;
  }
  for (let index = 0; index < due; index++) {
    const lineEnd = findLineEnd(bytes, position, end);
    const truth = lineEnd === BROKEN ? null : readTruth(bytes, position, lineEnd);
    if (truth === null) return null;
    truths.areBooleans = bytes[position] === Type.Boolean;
    truths.values.push(truth);
    position = lineEnd + LINE_END_BYTES;
  }
  return due < 0 || position !== end ? null : truths;
}

function readTruth(bytes: Uint8Array, start: number, lineEnd: number): boolean | null {
  if (bytes[start] === Type.Integer) {
    const value = readDecimal(bytes, start + 1, lineEnd);
    return value === NOT_A_NUMBER ? null : value !== 0;
  }
  const letter = bytes[start + 1];
  const isBoolean = bytes[start] === Type.Boolean && lineEnd === start + 2 &&
    (letter === TRUE || letter === FALSE);
  return isBoolean ? letter === TRUE : null;
}

/** Appends the first reply of a server that has succeeded. */
function writeSucceeded(merge: MergeParts, target: SendLog): void {
  const succeeded = merge.parts.find((part) => part.failure === null && !isError(part));
  if (succeeded === undefined) writeFirstError(merge, target);
  else target.append(succeeded.bytes, succeeded.start, succeeded.end);
}

/** Appends the first reply, for all of them. */
function writeFirst(merge: MergeParts, target: SendLog): void {
  if (writeFirstError(merge, target)) return;
  const { bytes, start, end } = merge.parts[0]!;
  target.append(bytes, start, end);
}
