/**
 * Finds memcache replies in a backend's bytes. Text replies describe themselves: values (or
 * statistics) until END, a meta command's value, or else one line. Anything that no server says ends the connection, since
 * its step is lost.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import {
  ParseStatus,
  type ParseStatusCode,
  ReplyFrame,
  ReplyKind,
  type ReplyParser,
} from "../protocol.ts";
import { CARRIAGE_RETURN, encodeText, findLineFeed, isText, LINE_FEED } from "./ascii.ts";
import { REPLY_LIMIT_BYTES, REPLY_LINE_LIMIT_BYTES } from "./limits.ts";
import { isErrorLine } from "./replies.ts";
import {
  isValueLine,
  META_VALUE,
  metaValueLength,
  VALUE_END_BYTES,
  valueLength,
} from "./value_line.ts";

const END = encodeText("END\r\n");
/** Starts of the lines of statistics, and of what some of them list. */
const statisticStarts = ["STAT ", "ITEM ", "PREFIX "].map(encodeText);

/** What the reply at hand has shown of itself. */
const Body = { None: 0, Values: 1, Statistics: 2, MetaValue: 3 } as const;

/** One per backend connection. All state counts from the start of the bytes kept. */
export class MemcacheReplyParser implements ReplyParser {
  readonly frame: ReplyFrame = new ReplyFrame();
  frameBytes = 0;
  keepFrom = 0;
  #body: 0 | 1 | 2 | 3 = Body.None;
  /** Where the next line begins; beyond what is there while a value arrives. */
  #lineOffset = 0;
  /** From `#lineOffset` on, bytes that hold no line feed. */
  #scanned = 0;
  /** The bytes before `#lineOffset` are a value whose line end was not seen yet. */
  #isValueOpen = false;

  constructor() {
    this.frame.kind = ReplyKind.Reply;
  }

  reset(): void {
    this.#body = Body.None;
    this.#lineOffset = 0;
    this.#scanned = 0;
    this.#isValueOpen = false;
  }

  parse(
    bytes: Uint8Array,
    start: number,
    end: number,
    isDiscarded: boolean,
  ): ParseStatusCode {
    for (;;) {
      const lineStart = start + this.#lineOffset;
      if (this.#isValueOpen) {
        const isLast = this.#body === Body.MetaValue;
        if (lineStart > end) {
          return this.#await(start, end, isLast ? lineStart : lineStart + END.length, isDiscarded);
        }
        if (bytes[lineStart - 2] !== CARRIAGE_RETURN || bytes[lineStart - 1] !== LINE_FEED) {
          return ParseStatus.Malformed;
        }
        this.#isValueOpen = false;
        if (isLast) return this.#complete(lineStart, false);
      }
      const lineFeed = findLineFeed(bytes, lineStart + this.#scanned, end);
      if (lineFeed < 0) {
        this.#scanned = end - lineStart;
        if (this.#scanned >= REPLY_LINE_LIMIT_BYTES) return ParseStatus.Malformed;
        const least = Math.max(lineStart + END.length, end + 1);
        return this.#await(start, end, least, isDiscarded);
      }
      this.#scanned = 0;
      const status = this.#readLine(bytes, lineStart, lineFeed);
      if (status !== ParseStatus.Incomplete) return status;
      // A reply that is dropped as it arrives takes no memory, however long it is.
      if (!isDiscarded && this.#lineOffset > REPLY_LIMIT_BYTES) return ParseStatus.Malformed;
    }
  }

  /** One whole line; Incomplete means that more of the reply follows it. */
  #readLine(bytes: Uint8Array, lineStart: number, lineFeed: number): ParseStatusCode {
    const afterLine = lineFeed + 1;
    if (lineFeed - lineStart >= REPLY_LINE_LIMIT_BYTES) return ParseStatus.Malformed;
    if (isValueLine(bytes, lineStart, lineFeed)) {
      if (this.#body === Body.Statistics) return ParseStatus.Malformed;
      const length = valueLength(bytes, lineStart, lineFeed);
      if (length < 0) return ParseStatus.Malformed;
      this.#body = Body.Values;
      this.#lineOffset += afterLine - lineStart + length + VALUE_END_BYTES;
      this.#isValueOpen = true;
      return ParseStatus.Incomplete;
    }
    if (this.#body === Body.None && startsWith(bytes, lineStart, lineFeed, META_VALUE)) {
      const length = metaValueLength(bytes, lineStart, lineFeed);
      if (length < 0) return ParseStatus.Malformed;
      this.#body = Body.MetaValue;
      this.#lineOffset += afterLine - lineStart + length + VALUE_END_BYTES;
      this.#isValueOpen = true;
      return ParseStatus.Incomplete;
    }
    if (isStatistic(bytes, lineStart, lineFeed)) {
      if (this.#body === Body.Values) return ParseStatus.Malformed;
      this.#body = Body.Statistics;
      this.#lineOffset += afterLine - lineStart;
      return ParseStatus.Incomplete;
    }
    return this.#finish(bytes, lineStart, afterLine);
  }

  #finish(bytes: Uint8Array, lineStart: number, afterLine: number): ParseStatusCode {
    const isEnd = isText(bytes, lineStart, afterLine, END);
    const isError = !isEnd && isErrorLine(bytes, lineStart, afterLine);
    if (this.#body !== Body.None && !isEnd && !isError) return ParseStatus.Malformed;
    if (!isEnd && !canBeReply(bytes, lineStart, afterLine)) return ParseStatus.Malformed;
    return this.#complete(afterLine, isError);
  }

  #complete(end: number, isError: boolean): ParseStatusCode {
    this.frame.end = end;
    this.frame.isError = isError;
    this.reset();
    return ParseStatus.Complete;
  }

  /** @param needed Position up to which the reply reaches at least. */
  #await(start: number, end: number, needed: number, isDiscarded: boolean): ParseStatusCode {
    this.keepFrom = start;
    if (isDiscarded) {
      this.keepFrom = this.#droppableEnd(start, end);
      this.#lineOffset -= this.keepFrom - start;
    }
    this.frameBytes = needed - this.keepFrom;
    return ParseStatus.Incomplete;
  }

  /** Everything before the line at hand, or before the line end of the value at hand. */
  #droppableEnd(start: number, end: number): number {
    const lineStart = start + this.#lineOffset;
    const needless = this.#isValueOpen ? lineStart - VALUE_END_BYTES : lineStart;
    return Math.min(end, needless);
  }
}

function isStatistic(bytes: Uint8Array, lineStart: number, lineFeed: number): boolean {
  for (const start of statisticStarts) {
    if (startsWith(bytes, lineStart, lineFeed, start)) return true;
  }
  return false;
}

/** Every one-line reply begins with a capital or a digit and ends in a whole line end. */
function canBeReply(bytes: Uint8Array, lineStart: number, afterLine: number): boolean {
  const first = bytes[lineStart]!;
  const isCapital = first >= 0x41 && first <= 0x5a;
  const isDigit = first >= 0x30 && first <= 0x39;
  return (isCapital || isDigit) && bytes[afterLine - 2] === CARRIAGE_RETURN;
}
