/**
 * Judges a split request line by memcached's rules, so that whatever is forwarded gets exactly one
 * reply.
 *
 * Times, flags and other numbers are passed on as they are wherever the server takes them, which cuts
 * them to its own size. The length of a value alone is taken more strictly than the server takes it
 * (it cuts that to 32 bits, too, and lets white space in): what is a value and what is the next
 * request must be beyond doubt.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import type { RequestFrame } from "../protocol.ts";
import { encodeText, isSigned64, isText, isUnsigned64, parseUnsigned } from "./ascii.ts";
import { LineForm, type LineFormCode, type MemcacheCommands } from "./commands.ts";
import {
  DATA_LENGTH_MAX_BYTES,
  KEY_LIMIT_BYTES,
  SERVER_KEYS_LIMIT_BYTES,
  SERVER_LINE_LIMIT_BYTES,
  VALUE_LIMIT_BYTES,
  WORDS_MAX,
} from "./limits.ts";
import { judgeMeta } from "./meta_line.ts";
import { lineReplies, refusalsOf } from "./replies.ts";
import { clearFrame, NO_DATA, refuse } from "./request_frame.ts";
import { HAS_NUL, LINE_END_BYTES, wordBytes, wordsBytes } from "./words.ts";

/** Says of a line that its client speaks HTTP, at which memcached hangs up. */
export const HANG_UP = -2;

const NOREPLY = encodeText("noreply");
const ZERO = encodeText("0");
const HTTP = encodeText("HTTP/");
/** memcached looks at no more words of an unknown line than this for what shows HTTP. */
const HTTP_WORDS_MAX = 23;

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
    if (row === null) return isHttp(frame, bytes) ? HANG_UP : refuse(frame, lineReplies.error);
    frame.row = row;
    const form = this.#commands.formOf(row);
    const refusal = this.#refusals[row.index]!;
    if (refusal !== null) return judgeRefused(frame, bytes, form, refusal);
    // What stands before the name counts against the server's patience with long key lists.
    frame.isRewritten = frame.offsets[0] !== 0;
    if (frame.end - frame.start > SERVER_LINE_LIMIT_BYTES && form !== LineForm.Keys) {
      frame.isRewritten = true;
      return judgeLong(frame, this.#judgeForm(frame, bytes, form), form);
    }
    return this.#judgeForm(frame, bytes, form);
  }

  #judgeForm(frame: RequestFrame, bytes: Uint8Array, form: LineFormCode): number {
    switch (form) {
      case LineForm.Keys:
        return judgeKeys(frame, 1, SERVER_KEYS_LIMIT_BYTES);
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
        return judgeNumbered(frame, bytes, isSigned64, lineReplies.badExpiry);
      case LineForm.Verbosity:
        return judgeVerbosity(frame, bytes);
      case LineForm.FlushAll:
        return judgeFlushAll(frame, bytes);
      case LineForm.MetaGet:
      case LineForm.MetaSet:
      case LineForm.MetaDelete:
      case LineForm.MetaArithmetic:
      case LineForm.MetaDebug:
        return judgeMeta(frame, bytes, form);
      default:
        return NO_DATA;
    }
  }
}

/** Whether an unknown command is the request of a browser, or of somebody who makes one speak for them. */
function isHttp(frame: RequestFrame, bytes: Uint8Array): boolean {
  const last = Math.min(frame.argumentCount, HTTP_WORDS_MAX) - 1;
  return startsWith(bytes, frame.argumentStart(last), frame.argumentEnd(last), HTTP);
}

/** A line that is longer than servers take, and is sent with single spaces; its keys may be split. */
function judgeLong(frame: RequestFrame, dataLength: number, form: LineFormCode): number {
  if (frame.refusal !== null) return dataLength;
  const longest = form === LineForm.TouchKeys ? 1 + KEY_LIMIT_BYTES : 0;
  const words = form === LineForm.TouchKeys ? 2 : frame.argumentCount;
  if (wordsBytes(frame, words) + longest + LINE_END_BYTES > SERVER_LINE_LIMIT_BYTES) {
    refuse(frame, lineReplies.lineTooLong);
  }
  return dataLength;
}

/** @param bytesMax Bytes of keys in one line to a server. */
function judgeKeys(frame: RequestFrame, firstKey: number, bytesMax: number): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words <= firstKey) return refuse(frame, lineReplies.error);
  if (words > WORDS_MAX) return refuse(frame, lineReplies.tooManyKeys);
  for (let word = firstKey; word < words; word++) {
    if (isKeyTooLong(frame, word)) return refuse(frame, lineReplies.badFormat);
  }
  frame.firstKey = firstKey;
  frame.keyCount = words - firstKey;
  if (frame.end - frame.start > bytesMax) frame.fragmentBytesMax = bytesMax;
  return NO_DATA;
}

function judgeTouchKeys(frame: RequestFrame, bytes: Uint8Array): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words < 2) return refuse(frame, lineReplies.error);
  if (!isSigned64(bytes, frame.argumentStart(1), frame.argumentEnd(1))) {
    return refuse(frame, lineReplies.badExpiry);
  }
  if (words === 2) return refuse(frame, lineReplies.end);
  return judgeKeys(frame, 2, SERVER_LINE_LIMIT_BYTES - wordsBytes(frame, 2) - LINE_END_BYTES);
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
    isUnsigned64(bytes, start + offsets[4]!, start + offsets[5]!) &&
    isSigned64(bytes, start + offsets[6]!, start + offsets[7]!) &&
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
  const isLevel = isUnsigned64(bytes, frame.argumentStart(1), frame.argumentEnd(1));
  return isLevel ? NO_DATA : refuse(frame, lineReplies.badFormat);
}

function judgeFlushAll(frame: RequestFrame, bytes: Uint8Array): typeof NO_DATA {
  const words = frame.argumentCount;
  if (words > 3) return refuse(frame, lineReplies.error);
  if (words > 1) readNoreply(frame, bytes);
  if (words === (frame.isQuiet ? 2 : 1)) return NO_DATA;
  const isDelay = isSigned64(bytes, frame.argumentStart(1), frame.argumentEnd(1));
  return isDelay ? NO_DATA : refuse(frame, lineReplies.badExpiry);
}

function judgeRefused(
  frame: RequestFrame,
  bytes: Uint8Array,
  form: LineFormCode,
  refusal: Uint8Array,
): typeof NO_DATA {
  const isShort = frame.argumentCount <= WORDS_MAX;
  if (form === LineForm.FreeQuiet && isShort) readNoreply(frame, bytes);
  return refuse(frame, refusal);
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
  return wordBytes(frame, word) > KEY_LIMIT_BYTES;
}
