/**
 * Finds requests in a client's bytes. Both forms of RESP2: arrays of bulk strings, and inline lines, which
 * {@link InlineRequests} reads. Empty requests (`*0`, empty lines) are skipped without an answer, as Redis
 * does.
 *
 * After Incomplete nothing is looked at until the bytes that are known to be needed have come. Then a request
 * of few words is parsed again from its start; one of many words goes on behind its last whole word, with
 * offsets of its own, so that a long request in small pieces costs no more than in one.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  type RequestFrame,
  type RequestParser,
} from "../../protocol.ts";
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { InlineRequests } from "./inline_requests.ts";
import { BROKEN, headBytes, LineScan, NOT_FOUND, shortLength, TOO_LONG } from "./line_scan.ts";
import {
  ARGUMENTS_MAX,
  BULK_LIMIT_BYTES,
  LINE_LIMIT_BYTES,
  REQUEST_LIMIT_BYTES,
} from "../limits.ts";
import type { RequestDescriber } from "./request_describer.ts";
import {
  ARRAY_LINE_TOO_LONG,
  BULK_LINE_TOO_LONG,
  bulkExpectedError,
  INVALID_ARRAY_LENGTH,
  INVALID_BULK_LENGTH,
  REQUEST_TOO_LARGE,
} from "./request_errors.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const DOLLAR = 0x24;
const STAR = 0x2a;
const ZERO = 0x30;

/** Up to this many words a request is parsed again from its start. */
const FEW_WORDS = 8;

/** One client's requests. */
export class RespRequestParser implements RequestParser {
  readonly frame: RequestFrame;
  frameBytes = 1;
  keepFrom = 0;
  readonly #describer: RequestDescriber;
  readonly #inline: InlineRequests;
  readonly #line = new LineScan();
  /** Bytes without which another look is useless; 0 between requests. */
  #needed = 0;
  /** Words declared by the request that {@link RespRequestParser.#own} belongs to; 0: start over. */
  #due = 0;
  /** Words found of it. */
  #found = 0;
  /** Where its next word begins, from its start. */
  #position = 0;
  /** Offsets of its words: the frame's array is shared with other clients. */
  #own: Int32Array | null = null;

  constructor(frame: RequestFrame, describer: RequestDescriber) {
    this.frame = frame;
    this.#describer = describer;
    this.#inline = new InlineRequests(frame, this.#line);
  }

  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    if (this.#needed !== 0) {
      if (end - start < this.#needed) {
        this.keepFrom = start;
        return ParseStatus.Incomplete;
      }
      this.#needed = 0;
      if (this.#due !== 0) return this.#resume(bytes, start, end);
    }
    while (start < end) {
      if (bytes[start] !== STAR) {
        const status = this.#inline.parse(bytes, start, end);
        if (status === ParseStatus.Incomplete) return this.#wait(start, this.#inline.needed);
        if (status === ParseStatus.Malformed) return status;
        if (this.frame.argumentCount > 0) return this.#describe(bytes);
        start = this.frame.end;
        continue;
      }
      let count = start + 4 <= end ? bytes[start + 1]! - ZERO : 0;
      let position = start + 4;
      if (
        count < 1 || count > 9 || bytes[start + 2] !== CARRIAGE_RETURN ||
        bytes[start + 3] !== LINE_FEED
      ) {
        const lineEnd = this.#line.findHeadEnd(bytes, start, end, LINE_LIMIT_BYTES);
        if (lineEnd === NOT_FOUND) return this.#wait(start, end - start + 1);
        if (lineEnd === TOO_LONG) return this.#refuse(ARRAY_LINE_TOO_LONG);
        count = lineEnd === BROKEN ? NOT_A_NUMBER : readDecimal(bytes, start + 1, lineEnd);
        if (count === NOT_A_NUMBER || count > ARGUMENTS_MAX) {
          return this.#refuse(INVALID_ARRAY_LENGTH);
        }
        position = lineEnd + 2;
        if (count <= 0) {
          start = position;
          continue;
        }
      }
      return this.#parseWords(bytes, start, end, position, 0, count, this.frame.offsets);
    }
    return this.#wait(start, 1);
  }

  #resume(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    const due = this.#due;
    this.#due = 0;
    const position = start + this.#position;
    return this.#parseWords(bytes, start, end, position, this.#found, due, this.#own!);
  }

  /** Reads the words from `index` on; the bytes of the next one begin at `position`. */
  #parseWords(
    bytes: Uint8Array,
    start: number,
    end: number,
    position: number,
    index: number,
    due: number,
    offsets: Int32Array,
  ): ParseStatusCode {
    while (index < due) {
      let length = -1;
      let data = position + 4;
      if (data < end && bytes[position] === DOLLAR) {
        const first = bytes[position + 1]! - ZERO;
        const second = bytes[position + 2]!;
        if (second === CARRIAGE_RETURN) {
          if (first >= 0 && first <= 9 && bytes[position + 3] === LINE_FEED) length = first;
        } else if (
          first > 0 && first <= 9 && second >= ZERO && second <= ZERO + 9 &&
          bytes[position + 3] === CARRIAGE_RETURN && bytes[data] === LINE_FEED
        ) {
          length = first * 10 + second - ZERO;
          data += 1;
        }
      }
      if (length < 0) {
        const plain = bytes[position] === DOLLAR ? shortLength(bytes, position, end) : -1;
        if (plain >= 0 && plain <= BULK_LIMIT_BYTES) {
          length = plain;
          data = position + headBytes(plain);
        } else {
          const lineEnd = this.#findBulkHeadEnd(bytes, position, end);
          if (lineEnd === NOT_FOUND) {
            return this.#pause(start, position, index, due, offsets, end - start + 1);
          }
          if (lineEnd < 0) return ParseStatus.Malformed;
          length = readDecimal(bytes, position + 1, lineEnd);
          if (length < 0 || length > BULK_LIMIT_BYTES) return this.#refuse(INVALID_BULK_LENGTH);
          data = lineEnd + 2;
        }
      }
      const dataEnd = data + length;
      if (dataEnd + 2 > end) {
        return this.#pause(start, position, index, due, offsets, dataEnd + 2 - start);
      }
      if (bytes[dataEnd] !== CARRIAGE_RETURN || bytes[dataEnd + 1] !== LINE_FEED) {
        return this.#refuse(INVALID_BULK_LENGTH);
      }
      if (2 * index + 2 > offsets.length) offsets = this.#grow(offsets);
      offsets[2 * index] = data - start;
      offsets[2 * index + 1] = dataEnd - start;
      position = dataEnd + 2;
      index += 1;
    }
    return this.#complete(bytes, start, position, due, offsets);
  }

  #complete(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    offsets: Int32Array,
  ): ParseStatusCode {
    const frame = this.frame;
    if (frame.offsets !== offsets) {
      frame.offsets = offsets;
      this.#own = null;
    }
    frame.start = start;
    frame.end = end;
    frame.argumentCount = count;
    frame.isRewritten = false;
    if (end - start > REQUEST_LIMIT_BYTES) return this.#refuse(REQUEST_TOO_LARGE);
    this.#describer.describe(frame, bytes);
    return ParseStatus.Complete;
  }

  #describe(bytes: Uint8Array): ParseStatusCode {
    this.#describer.describe(this.frame, bytes);
    return ParseStatus.Complete;
  }

  /** Keeps what is needed to go on once `needed` bytes from `start` on are there. */
  #pause(
    start: number,
    position: number,
    index: number,
    due: number,
    offsets: Int32Array,
    needed: number,
  ): ParseStatusCode {
    if (needed > REQUEST_LIMIT_BYTES) return this.#refuse(REQUEST_TOO_LARGE);
    if (index > FEW_WORDS) {
      if (offsets === this.frame.offsets) {
        offsets = new Int32Array(4 * index);
        offsets.set(this.frame.offsets.subarray(0, 2 * index));
      }
      this.#own = offsets;
      this.#due = due;
      this.#found = index;
      this.#position = position - start;
    }
    return this.#wait(start, needed);
  }

  #wait(start: number, needed: number): ParseStatusCode {
    this.keepFrom = start;
    this.frameBytes = needed;
    this.#needed = needed;
    return ParseStatus.Incomplete;
  }

  #refuse(refusal: Uint8Array): ParseStatusCode {
    this.frame.refusal = refusal;
    return ParseStatus.Malformed;
  }

  /** Doubles an array of offsets: it follows the words that came, never the number declared. */
  #grow(offsets: Int32Array): Int32Array {
    const grown = new Int32Array(2 * offsets.length);
    grown.set(offsets);
    if (offsets === this.frame.offsets) this.frame.offsets = grown;
    return grown;
  }

  /** The position of the CRLF behind `$<bytes>`; {@link NOT_FOUND}, or another number below 0 with a refusal. */
  #findBulkHeadEnd(bytes: Uint8Array, position: number, end: number): number {
    if (position === end) return NOT_FOUND;
    if (bytes[position] !== DOLLAR) {
      this.frame.refusal = bulkExpectedError(bytes[position]!);
      return BROKEN;
    }
    const lineEnd = this.#line.findHeadEnd(bytes, position, end, LINE_LIMIT_BYTES);
    if (lineEnd === TOO_LONG) this.frame.refusal = BULK_LINE_TOO_LONG;
    else if (lineEnd === BROKEN) this.frame.refusal = INVALID_BULK_LENGTH;
    return lineEnd;
  }
}
