/**
 * Judges the lines of meta commands: `<command> <key> [<length>] <flag>*`. A flag is its first byte.
 *
 * Backends get them without the flag `q`, so that each has a reply to wait for; what that says decides whether
 * the client hears of it. A line with that flag must therefore be beyond doubt, whatever else is wrong with it.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import { NO_OPERATION, type RequestFrame, type RequestMark } from "../protocol.ts";
import { CARRIAGE_RETURN, encodeText, LINE_FEED, parseUnsigned, SPACE } from "./ascii.ts";
import { decodeBase64 } from "./base64.ts";
import { LineForm, type LineFormCode } from "./commands.ts";
import { DATA_LENGTH_MAX_BYTES, KEY_LIMIT_BYTES, VALUE_LIMIT_BYTES } from "./limits.ts";
import { isErrorLine, lineReplies } from "./replies.ts";
import { NO_DATA, refuse } from "./request_frame.ts";
import { wordBytes } from "./words.ts";

/** memcached reads at most this many words of a meta command, its name included. */
const META_WORDS_MAX = 19;
const QUIET = 0x71;
const BASE64 = 0x62;
const RETURN_KEY = 0x6b;
/** Every flag of memcached 1.6.18. */
const FLAGS = encodeText("bNTRlOPLkstcfvhuqFCMJDI");

/** Flags with which `mg` changes what the server holds. */
const WRITING_FLAGS = encodeText("NRT");

/** Which replies a quiet meta command keeps from its client; its operation. */
const MetaQuiet = {
  /** `mg`: a miss. */
  Miss: 0,
  /** `ms`, `md`: success. */
  Success: 1,
  /** `ma`: success, with its number or without. */
  Number: 2,
} as const;

const quietReplies: readonly (readonly Uint8Array[])[] = [["EN"], ["HD"], ["HD", "VA"]].map(
  (codes) => codes.map(encodeText),
);

/** @returns Bytes of the value that follows, or {@link NO_DATA}. */
export function judgeMeta(frame: RequestFrame, bytes: Uint8Array, form: LineFormCode): number {
  const words = frame.argumentCount;
  if (form === LineForm.MetaDebug) return judgeDebug(frame, bytes);
  if (words < 2) return refuse(frame, lineReplies.error);
  const firstFlag = form === LineForm.MetaSet ? 3 : 2;
  const dataLength = form === LineForm.MetaSet ? lengthOf(frame, bytes) : NO_DATA;
  if (wordBytes(frame, 1) > KEY_LIMIT_BYTES || words < firstFlag) {
    refuse(frame, lineReplies.badFormat);
  } else if (words > META_WORDS_MAX) {
    refuse(
      frame,
      form === LineForm.MetaGet ? lineReplies.getFlagsTooLong : lineReplies.flagsTooLong,
    );
  } else if (form === LineForm.MetaSet && dataLength < 0) {
    refuse(frame, lineReplies.badFormat);
  } else if (dataLength > VALUE_LIMIT_BYTES) {
    refuse(frame, lineReplies.tooLarge);
  } else {
    setKey(frame);
    readFlags(frame, bytes, firstFlag, form);
  }
  return dataLength;
}

function judgeDebug(frame: RequestFrame, bytes: Uint8Array): number {
  if (frame.argumentCount < 2 || wordBytes(frame, 1) > KEY_LIMIT_BYTES) {
    return refuse(frame, lineReplies.badFormat);
  }
  setKey(frame);
  const isBase64 = frame.argumentCount > 2 && wordBytes(frame, 2) === 1 &&
    bytes[frame.argumentStart(2)] === BASE64;
  if (isBase64) decodeKey(frame, bytes);
  return hasLineFeed(frame.decodedKey) ? refuse(frame, lineReplies.manyLines) : NO_DATA;
}

function setKey(frame: RequestFrame): void {
  frame.firstKey = 1;
  frame.keyCount = 1;
}

function lengthOf(frame: RequestFrame, bytes: Uint8Array): number {
  if (frame.argumentCount < 3 || frame.argumentCount > META_WORDS_MAX) return NO_DATA;
  const { start, offsets } = frame;
  return parseUnsigned(bytes, start + offsets[4]!, start + offsets[5]!, DATA_LENGTH_MAX_BYTES);
}

function readFlags(
  frame: RequestFrame,
  bytes: Uint8Array,
  firstFlag: number,
  form: LineFormCode,
): void {
  let quietCount = 0;
  let returnsKey = false;
  for (let word = firstFlag; word < frame.argumentCount; word++) {
    const flag = bytes[frame.argumentStart(word)]!;
    if (flag === QUIET) quietCount += 1;
    else if (flag === BASE64) decodeKey(frame, bytes);
    else if (flag === RETURN_KEY) returnsKey = true;
  }
  if (returnsKey && form === LineForm.MetaGet && hasLineFeed(frame.decodedKey)) {
    refuse(frame, lineReplies.manyLines);
    return;
  }
  if (quietCount === 0) return;
  // The server refuses these, too; one that it would not refuse must not be sent with what silences it.
  if (quietCount > 1) {
    refuse(frame, flagComplaint(frame, bytes, firstFlag, form));
    return;
  }
  frame.isQuiet = true;
  frame.isRewritten = true;
  frame.operation = form === LineForm.MetaGet
    ? MetaQuiet.Miss
    : form === LineForm.MetaArithmetic
    ? MetaQuiet.Number
    : MetaQuiet.Success;
}

/** What memcached says to a flag that comes twice, unless it does not know one before. */
function flagComplaint(
  frame: RequestFrame,
  bytes: Uint8Array,
  firstFlag: number,
  form: LineFormCode,
): Uint8Array {
  if (form === LineForm.MetaDelete || form === LineForm.MetaArithmetic) {
    return lineReplies.invalidOrDuplicateFlag;
  }
  const areKnown = areKnownToSecondQuiet(frame, bytes, firstFlag);
  return areKnown ? lineReplies.duplicateFlag : lineReplies.invalidFlag;
}

/** Whether all flags are known before one of them comes again. */
function areKnownToSecondQuiet(frame: RequestFrame, bytes: Uint8Array, first: number): boolean {
  const seen = new Set<number>();
  for (let word = first; word < frame.argumentCount; word++) {
    const flag = bytes[frame.argumentStart(word)]!;
    if (seen.has(flag)) return true;
    if (!FLAGS.includes(flag)) return false;
    seen.add(flag);
  }
  return true;
}

/** What cannot be decoded goes by its own bytes to a server, which says so. */
function decodeKey(frame: RequestFrame, bytes: Uint8Array): void {
  frame.decodedKey = decodeBase64(bytes, frame.argumentStart(1), frame.argumentEnd(1));
}

/**
 * Whether a reply with the key in it might have several lines: `mg` and `me` return the key of an item that was not
 * written in base64 as it is, and what stands behind its line feed would be the next client's reply.
 */
function hasLineFeed(key: Uint8Array | null): boolean {
  return key !== null && key.includes(LINE_FEED);
}

/** Whether a `mg` makes its item, touches it or has somebody renew it. */
export function writesItem(frame: RequestFrame, bytes: Uint8Array): boolean {
  for (let word = 2; word < frame.argumentCount; word++) {
    if (WRITING_FLAGS.includes(bytes[frame.argumentStart(word)]!)) return true;
  }
  return false;
}

/** The word with the flag `q` of a quiet meta command, or -1. */
export function quietFlagOf(frame: RequestFrame, bytes: Uint8Array): number {
  if (frame.operation === NO_OPERATION) return -1;
  for (let word = frame.argumentCount - 1; word > 1; word--) {
    if (bytes[frame.argumentStart(word)] === QUIET) return word;
  }
  return -1;
}

/** Whether the client of a quiet meta command gets this reply: an error always. */
export function breaksSilence(
  { operation }: RequestMark,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (isErrorLine(bytes, start, end)) return true;
  for (const code of quietReplies[operation]!) {
    const codeEnd = bytes[start + code.length]!;
    if (startsWith(bytes, start, end, code) && (codeEnd === SPACE || codeEnd === CARRIAGE_RETURN)) {
      return false;
    }
  }
  return true;
}
