/**
 * Judges a split request line by memcached's rules, so that whatever is forwarded gets exactly one
 * reply.
 *
 * The server's numbers are taken more strictly than it takes them itself: it cuts times and flags
 * above 32 bits to their low bits without a word and lets white space into numbers; both are
 * refused here.
 *
 * @module
 */
import type { RequestFrame } from "../protocol.ts";
import { encodeText, isSigned32, isText, isUnsigned64, parseUnsigned } from "./ascii.ts";
import { LineForm, type LineFormCode, type MemcacheCommands } from "./commands.ts";
import { DATA_LENGTH_MAX_BYTES, KEY_LIMIT_BYTES, VALUE_LIMIT_BYTES, WORDS_MAX } from "./limits.ts";
import { lineReplies, refusalsOf } from "./replies.ts";
import { HAS_NUL } from "./words.ts";

/** Says of a line that no data block follows it. */
export const NO_DATA = -1;

const NOREPLY = encodeText("noreply");
const ZERO = encodeText("0");
const UNSIGNED_32_MAX = 2 ** 32 - 1;
/** memcached reads at most this many words of a meta command, its name included. */
const META_WORDS_MAX = 19;

/** Judges lines; one per protocol. */
export class LineJudge {
  readonly #commands: MemcacheCommands;
  readonly #refusals: readonly (Uint8Array | null)[];

  constructor(commands: MemcacheCommands) {
    this.#commands = commands;
    this.#refusals = refusalsOf(commands.rows);
  }

  /**
   * Sets the frame's row, keys, refusal and flags from its words.
   *
   * @returns Bytes of the value that follows, without its line end; {@link NO_DATA} if there is no
   * data block, or none whose length can be known.
   */
  judge(frame: RequestFrame, bytes: Uint8Array): number {
    clearFrame(frame);
    if (frame.argumentCount === HAS_NUL) {
      frame.argumentCount = 0;
      return refuse(frame, lineReplies.badFormat);
    }
    if (frame.argumentCount === 0) return refuse(frame, lineReplies.error);
    const row = this.#commands.find(bytes, frame.argumentStart(0), frame.argumentEnd(0));
    if (row === null) return refuse(frame, lineReplies.error);
    frame.row = row;
    const form = this.#commands.formOf(row);
    const refusal = this.#refusals[row.index]!;
    if (refusal !== null) return judgeRefused(frame, bytes, form, refusal);
    // What stands before the name counts against the server's patience with long key lists.
    frame.isRewritten = frame.offsets[0] !== 0;
    switch (form) {
      case LineForm.Keys:
        return judgeKeys(frame, 1);
      case LineForm.TouchKeys:
        return judgeTouchKeys(frame, bytes);
      case LineForm.Storage:
        return judgeStorage(frame, bytes, 5);
      case LineForm.CompareAndSwap:
        return judgeStorage(frame, bytes, 6);
      case LineForm.Delete:
        return judgeDelete(frame, bytes);
      case LineForm.Arithmetic:
        return judgeNumbered(frame, bytes, isUnsigned64, lineReplies.badDelta);
      case LineForm.Touch:
        return judgeNumbered(frame, bytes, isSigned32, lineReplies.badExpiry);
      case LineForm.Verbosity:
        return judgeVerbosity(frame, bytes);
      default:
        return NO_DATA;
    }
  }
}

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
}

/**
 * Answers the frame by `reply`; with nothing if the client wants no reply, as memcached does with
 * errors.
 */
export function refuse(frame: RequestFrame, reply: Uint8Array): typeof NO_DATA {
  frame.refusal = frame.isQuiet ? lineReplies.none : reply;
  frame.isRewritten = false;
  frame.keyCount = 0;
  return NO_DATA;
}

function judgeKeys(frame: RequestFrame, firstKey: number): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words <= firstKey) return refuse(frame, lineReplies.error);
  if (words > WORDS_MAX) return refuse(frame, lineReplies.tooManyKeys);
  for (let word = firstKey; word < words; word++) {
    if (isKeyTooLong(frame, word)) return refuse(frame, lineReplies.badFormat);
  }
  frame.firstKey = firstKey;
  frame.keyCount = words - firstKey;
  return NO_DATA;
}

function judgeTouchKeys(frame: RequestFrame, bytes: Uint8Array): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words < 2) return refuse(frame, lineReplies.error);
  if (!isSigned32(bytes, frame.argumentStart(1), frame.argumentEnd(1))) {
    return refuse(frame, lineReplies.badExpiry);
  }
  return words === 2 ? refuse(frame, lineReplies.end) : judgeKeys(frame, 2);
}

/** @param wordCount Words of the command without the optional last one. */
function judgeStorage(frame: RequestFrame, bytes: Uint8Array, wordCount: number): number {
  const words = frame.argumentCount;
  if (words !== wordCount && words !== wordCount + 1) return refuse(frame, lineReplies.error);
  readNoreply(frame, bytes);
  const { offsets, start } = frame;
  const dataLength = parseUnsigned(
    bytes,
    start + offsets[8]!,
    start + offsets[9]!,
    DATA_LENGTH_MAX_BYTES,
  );
  const isGood = dataLength >= 0 &&
    !isKeyTooLong(frame, 1) &&
    parseUnsigned(bytes, start + offsets[4]!, start + offsets[5]!, UNSIGNED_32_MAX) >= 0 &&
    isSigned32(bytes, start + offsets[6]!, start + offsets[7]!) &&
    (wordCount === 5 || isUnsigned64(bytes, start + offsets[10]!, start + offsets[11]!));
  if (!isGood) refuse(frame, lineReplies.badFormat);
  else if (dataLength > VALUE_LIMIT_BYTES) refuse(frame, lineReplies.tooLarge);
  else setKey(frame);
  return dataLength >= 0 ? dataLength : NO_DATA;
}

function judgeDelete(frame: RequestFrame, bytes: Uint8Array): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words < 2 || words > 4) return refuse(frame, lineReplies.error);
  if (words > 2) {
    readNoreply(frame, bytes);
    const hasZero = isText(bytes, frame.argumentStart(2), frame.argumentEnd(2), ZERO);
    const isGood = words === 3 ? hasZero || frame.isQuiet : hasZero && frame.isQuiet;
    if (!isGood) return refuse(frame, lineReplies.badDeleteFormat);
  }
  if (isKeyTooLong(frame, 1)) return refuse(frame, lineReplies.badFormat);
  return setKey(frame);
}

/**
 * A key and a number, which must be good even where no reply is wanted: see {@link readNoreply}.
 */
function judgeNumbered(
  frame: RequestFrame,
  bytes: Uint8Array,
  isNumber: (bytes: Uint8Array, start: number, end: number) => boolean,
  complaint: Uint8Array,
): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words !== 3 && words !== 4) return refuse(frame, lineReplies.error);
  readNoreply(frame, bytes);
  if (isKeyTooLong(frame, 1)) return refuse(frame, lineReplies.badFormat);
  if (!isNumber(bytes, frame.argumentStart(2), frame.argumentEnd(2))) {
    return refuse(frame, complaint);
  }
  return setKey(frame);
}

function judgeVerbosity(frame: RequestFrame, bytes: Uint8Array): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words !== 2 && words !== 3) return refuse(frame, lineReplies.error);
  readNoreply(frame, bytes);
  frame.isRewritten = false;
  const level = parseUnsigned(
    bytes,
    frame.argumentStart(1),
    frame.argumentEnd(1),
    UNSIGNED_32_MAX,
  );
  return level < 0 ? refuse(frame, lineReplies.badFormat) : NO_DATA;
}

/**
 * A refused `ms` has its data block skipped where its length can be known, so that values are
 * never run.
 */
function judgeRefused(
  frame: RequestFrame,
  bytes: Uint8Array,
  form: LineFormCode,
  refusal: Uint8Array,
): number {
  const words = frame.argumentCount;
  if (form === LineForm.FreeQuiet && words <= WORDS_MAX) readNoreply(frame, bytes);
  refuse(frame, refusal);
  if (form !== LineForm.MetaSet || words < 3 || words > META_WORDS_MAX) return NO_DATA;
  const { offsets, start } = frame;
  const dataLength = parseUnsigned(
    bytes,
    start + offsets[4]!,
    start + offsets[5]!,
    DATA_LENGTH_MAX_BYTES,
  );
  return dataLength >= 0 ? dataLength : NO_DATA;
}

/**
 * Takes a `noreply` at the end for what it is. The backend gets the line without it and always
 * answers; since all words before it are checked, what is left cannot end in another one that
 * silences the backend.
 */
function readNoreply(frame: RequestFrame, bytes: Uint8Array): void {
  const last = frame.argumentCount - 1;
  if (!isText(bytes, frame.argumentStart(last), frame.argumentEnd(last), NOREPLY)) return;
  frame.isQuiet = true;
  frame.isRewritten = true;
}

function setKey(frame: RequestFrame): typeof NO_DATA {
  frame.firstKey = 1;
  frame.keyCount = 1;
  return NO_DATA;
}

function isKeyTooLong(frame: RequestFrame, word: number): boolean {
  const { offsets } = frame;
  return offsets[2 * word + 1]! - offsets[2 * word]! > KEY_LIMIT_BYTES;
}
