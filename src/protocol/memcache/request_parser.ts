/**
 * Finds memcache requests in a client's bytes: a line and, for what stores a value, the data block
 * behind it.
 *
 * The frame is shared with other clients' parsers, so between two calls only numbers are kept: how
 * far a line feed was looked for, how many bytes the frame has, or how many are still to be
 * skipped. The line is split when it is whole, and once more when its data block is.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import {
  ParseStatus,
  type ParseStatusCode,
  type RequestFrame,
  type RequestParser,
} from "../protocol.ts";
import { CARRIAGE_RETURN, encodeText, findLineFeed, LINE_FEED, SPACE } from "./ascii.ts";
import { KEY_LIST_LIMIT_BYTES, LINE_LIMIT_BYTES } from "./limits.ts";
import { lineReplies } from "./replies.ts";
import { RefusedRequest } from "./refused_request.ts";
import { clearFrame, NO_DATA, refuse } from "./request_frame.ts";
import { HANG_UP, type LineJudge } from "./request_line.ts";
import { splitWords } from "./words.ts";

/** Bytes behind a value: its line end, which must be complete. */
const DATA_END_BYTES = 2;

/** memcached looks behind at most this many bytes of spaces for the name in a long line. */
const LEADING_SPACES_MAX = 100;

/** Starts of the lines that may be as long as {@link KEY_LIST_LIMIT_BYTES}. */
const keyListStarts = ["get ", "gets ", "gat ", "gats "].map(encodeText);

/** One per client. */
export class MemcacheRequestParser implements RequestParser {
  readonly frame: RequestFrame;
  frameBytes = 0;
  keepFrom = 0;
  readonly #judge: LineJudge;
  /** Bytes of the line at hand that hold no line feed. */
  #scanned = 0;
  /**
   * Bytes of the whole frame at hand, once its line is known and it awaits its data block; else 0.
   */
  #wholeBytes = 0;
  readonly #refused = new RefusedRequest(this);

  constructor(frame: RequestFrame, judge: LineJudge) {
    this.frame = frame;
    this.#judge = judge;
  }

  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    this.keepFrom = start;
    if (this.#refused.bytesToCome > 0) return this.#refused.skip(start, end);
    if (end - start < this.#wholeBytes) return ParseStatus.Incomplete;
    if (this.#scanned > 0) {
      const found = findLineFeed(bytes, start + this.#scanned, end);
      if (found < 0) return this.#awaitLine(bytes, start, end);
    }
    const lineFeed = splitWords(this.frame, bytes, start, end);
    return lineFeed < 0
      ? this.#awaitLine(bytes, start, end)
      : this.#judgeLine(bytes, start, end, lineFeed);
  }

  #judgeLine(
    bytes: Uint8Array,
    start: number,
    end: number,
    lineFeed: number,
  ): ParseStatusCode {
    const { frame } = this;
    this.#scanned = 0;
    this.#wholeBytes = 0;
    frame.start = start;
    frame.end = lineFeed + 1;
    if (frame.end - start > LINE_LIMIT_BYTES) {
      const limitBytes = lineLimitBytes(bytes, start, end);
      if (frame.end - start > limitBytes) return this.#malformed(lineReplies.lineTooLong);
    }
    const dataLength = this.#judge.judge(frame, bytes);
    if (dataLength === HANG_UP) return this.#malformed(null);
    if (dataLength === NO_DATA) return ParseStatus.Complete;
    const frameEnd = frame.end + dataLength + DATA_END_BYTES;
    if (frame.refusal !== null) {
      // Its value is not kept.
      return this.#refused.begin({ start, frameEnd, end }, frame.refusal, frame.isQuiet);
    }
    if (frameEnd > end) {
      this.#wholeBytes = frameEnd - start;
      this.frameBytes = this.#wholeBytes;
      return ParseStatus.Incomplete;
    }
    frame.end = frameEnd;
    if (bytes[frameEnd - 2] !== CARRIAGE_RETURN || bytes[frameEnd - 1] !== LINE_FEED) {
      refuse(frame, lineReplies.badDataChunk);
    }
    return ParseStatus.Complete;
  }

  #awaitLine(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    const scanned = end - start;
    if (scanned >= LINE_LIMIT_BYTES && scanned >= lineLimitBytes(bytes, start, end)) {
      return this.#malformed(lineReplies.lineTooLong);
    }
    this.#scanned = scanned;
    this.frameBytes = scanned + 1;
    return ParseStatus.Incomplete;
  }

  #malformed(refusal: Uint8Array | null): ParseStatusCode {
    clearFrame(this.frame);
    this.frame.refusal = refusal;
    return ParseStatus.Malformed;
  }
}

/**
 * How long the line may be that begins with `bytes[start, end)`; more than the spaces and a name
 * are there.
 */
function lineLimitBytes(bytes: Uint8Array, start: number, end: number): number {
  const nameMax = start + LEADING_SPACES_MAX;
  let name = start;
  while (name < nameMax && bytes[name] === SPACE) name++;
  for (const prefix of keyListStarts) {
    if (startsWith(bytes, name, end, prefix)) return KEY_LIST_LIMIT_BYTES;
  }
  return LINE_LIMIT_BYTES;
}
