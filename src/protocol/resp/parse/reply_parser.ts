/**
 * Finds replies in a backend connection's bytes: all types of RESP2 and RESP3, by counting the elements that
 * are still due. Nesting needs no stack: an array of n elements is one element less and n more.
 *
 * ```text
 *   *2 ─► due 1 - 1 + 2 = 2    $3 ─► its body, due 1    *1 ─► due 1    :7 ─► due 0: whole
 * ```
 *
 * Attributes (RESP3) may stand before a reply and before any element of one. They are part of the reply's frame;
 * the frame says where those at its start end.
 *
 * After Incomplete the parser goes on at the first element that is not whole, so a long reply in small pieces
 * is looked at once. When nobody wants the reply, what was counted is let go.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  ReplyFrame,
  ReplyKind,
  type ReplyParser,
} from "../../protocol.ts";
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { headBytes, LineScan, NOT_FOUND, shortLength } from "./line_scan.ts";
import { REPLY_ELEMENTS_MAX, REPLY_LIMIT_BYTES, REPLY_LINE_LIMIT_BYTES } from "../limits.ts";
import { Type } from "../type.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const ZERO = 0x30;
/** Lines up to this length take the short way. */
const SHORT_LINE_BYTES = 32;
/** Bytes behind a body. */
const BODY_END_BYTES = 2;

/** What the readers of an element's head return instead of a position. */
const NEEDS_MORE = -1;
const MALFORMED = -2;

/** One backend connection's replies. */
export class RespReplyParser implements ReplyParser {
  readonly frame: ReplyFrame = new ReplyFrame();
  frameBytes = 1;
  keepFrom = 0;
  readonly #line = new LineScan();
  /** Elements due of the reply that was begun; 0 between replies. */
  #due = 0;
  /** Where the next element, or the body at hand, begins; from `keepFrom`. */
  #position = 0;
  /** Bytes of the body at hand with its line end, counted from the position; 0 when a head comes next. */
  #body = 0;
  /** Bytes without which another look is useless; 0 when there is no such number. */
  #needed = 0;
  /** By how much the head that was read changes the number of elements due. */
  #dueChange = 0;
  /** An attribute stands before the reply: when all of it is counted, the reply itself is what is due. */
  #isAttributed = false;

  parse(bytes: Uint8Array, start: number, end: number, isDiscarded: boolean): ParseStatusCode {
    if (end - start < this.#needed && !isDiscarded) {
      this.keepFrom = start;
      return ParseStatus.Incomplete;
    }
    let due = this.#due;
    if (due === 0) {
      const shortEnd = this.#shortReplyEnd(bytes, start, end);
      if (shortEnd > 0) {
        this.frame.kind = ReplyKind.Reply;
        this.frame.attributeBytes = 0;
        this.frame.isError = false;
        this.frame.end = shortEnd;
        this.#needed = 0;
        return ParseStatus.Complete;
      }
    }
    let position = start + this.#position;
    let body = this.#body;
    let isTop = due === 0;
    if (isTop) {
      if (start === end) return this.#wait(start, 1);
      this.#begin(bytes[start]!);
      due = 1;
    }
    for (;;) {
      if (body > 0) {
        const bodyEnd = position + body;
        if (bodyEnd > end) {
          return this.#pause(start, position, end, due, body, bodyEnd - start, isDiscarded);
        }
        if (bytes[bodyEnd - 2] !== CARRIAGE_RETURN || bytes[bodyEnd - 1] !== LINE_FEED) {
          return ParseStatus.Malformed;
        }
        position = bodyEnd;
        due -= 1;
      }
      if (due === 0) break;
      this.#body = 0;
      if (due === 1 && this.#isAttributed) {
        isTop = true;
        if (position < end) this.#begin(bytes[position]!);
        this.frame.attributeBytes = position - start;
      }
      const next = this.#readHead(bytes, position, end, isTop);
      if (next === MALFORMED) return ParseStatus.Malformed;
      if (next === NEEDS_MORE) {
        if (isTop && !this.#isAttributed) due = 0;
        return this.#pause(start, position, end, due, 0, end - start + 1, isDiscarded);
      }
      if (isTop) this.#isAttributed = bytes[position] === Type.Attribute;
      position = next;
      body = this.#body;
      due += this.#dueChange;
      isTop = false;
      if (due > REPLY_ELEMENTS_MAX) return ParseStatus.Malformed;
    }
    this.#due = 0;
    this.#position = 0;
    this.#body = 0;
    this.#needed = 0;
    this.frame.end = position;
    return ParseStatus.Complete;
  }

  reset(): void {
    this.#due = 0;
    this.#position = 0;
    this.#body = 0;
    this.#needed = 0;
    this.#isAttributed = false;
    // What begins next is not taken for more of a push.
    this.frame.kind = ReplyKind.Reply;
    this.#line.reset();
  }

  /** Where a whole status, or a whole bulk string of up to 99 bytes, ends; 0 for anything else. */
  #shortReplyEnd(bytes: Uint8Array, start: number, end: number): number {
    if (start + 5 > end) return 0;
    let bodyEnd = start + 1;
    if (bytes[start] === Type.Bulk) {
      const first = bytes[start + 1]! - ZERO;
      const second = bytes[start + 2]! - ZERO;
      if (first < 1 || first > 9 || second < 0 || second > 9) return 0;
      if (bytes[start + 3] !== CARRIAGE_RETURN || bytes[start + 4] !== LINE_FEED) return 0;
      bodyEnd = start + 5 + first * 10 + second;
    } else if (bytes[start] === Type.Status) {
      const lineEnd = Math.min(end - 1, start + SHORT_LINE_BYTES);
      while (bodyEnd < lineEnd && bytes[bodyEnd] !== CARRIAGE_RETURN) bodyEnd += 1;
    } else {
      return 0;
    }
    if (bodyEnd + 2 > end || bytes[bodyEnd] !== CARRIAGE_RETURN) return 0;
    return bytes[bodyEnd + 1] === LINE_FEED ? bodyEnd + 2 : 0;
  }

  #begin(type: number): void {
    const frame = this.frame;
    frame.isError = type === Type.Error || type === Type.BlobError;
    frame.kind = type === Type.Push ? ReplyKind.Push : ReplyKind.Reply;
    frame.attributeBytes = 0;
  }

  #wait(start: number, needed: number): ParseStatusCode {
    this.keepFrom = start;
    this.frameBytes = needed;
    this.#needed = needed;
    return ParseStatus.Incomplete;
  }

  /** Keeps what is needed to go on; `needed` counts from `start`. */
  #pause(
    start: number,
    position: number,
    end: number,
    due: number,
    body: number,
    needed: number,
    isDiscarded: boolean,
  ): ParseStatusCode {
    this.#due = due;
    if (!isDiscarded) {
      if (needed > REPLY_LIMIT_BYTES) return ParseStatus.Malformed;
      this.#position = position - start;
      this.#body = body;
      return this.#wait(start, needed);
    }
    // A body's line end is kept until it is whole, since it is looked at.
    const bodyText = Math.max(0, body - BODY_END_BYTES);
    const dropped = Math.min(bodyText, end - position);
    this.#position = 0;
    this.#body = body - dropped;
    this.#wait(position + dropped, end - position - dropped + 1);
    return ParseStatus.Incomplete;
  }

  /** Reads one element up to its body; says by `#dueChange` and `#body` what it brings. */
  #readHead(bytes: Uint8Array, position: number, end: number, isTop: boolean): number {
    if (position >= end) return NEEDS_MORE;
    switch (bytes[position]) {
      case Type.Bulk:
      case Type.BlobError:
      case Type.Verbatim:
        return this.#readBulkHead(bytes, position, end);
      case Type.Status:
      case Type.Error:
      case Type.Double:
      case Type.BigNumber:
      case Type.Integer:
      case Type.Null:
      case Type.Boolean:
        return this.#readLine(bytes, position, end);
      case Type.Array:
      case Type.Set:
        return this.#readArrayHead(bytes, position, end, 1, -1);
      case Type.Map:
        return this.#readArrayHead(bytes, position, end, 2, -1);
      case Type.Push:
        return isTop ? this.#readArrayHead(bytes, position, end, 1, -1) : MALFORMED;
      case Type.Attribute:
        // The reply or element that it belongs to is still due.
        return this.#readArrayHead(bytes, position, end, 2, 0);
      default:
        return MALFORMED;
    }
  }

  #readBulkHead(bytes: Uint8Array, position: number, end: number): number {
    const plain = shortLength(bytes, position, end);
    if (plain >= 0) {
      this.#dueChange = 0;
      this.#body = plain + BODY_END_BYTES;
      return position + headBytes(plain);
    }
    const lineEnd = this.#findLineEnd(bytes, position, end);
    if (lineEnd < 0) return lineEnd;
    const length = readDecimal(bytes, position + 1, lineEnd);
    if (length === -1 && bytes[position] === Type.Bulk) {
      this.#dueChange = -1;
      return lineEnd + 2;
    }
    if (length < 0 || length > REPLY_LIMIT_BYTES) return MALFORMED;
    this.#dueChange = 0;
    this.#body = length + BODY_END_BYTES;
    return lineEnd + 2;
  }

  #readArrayHead(
    bytes: Uint8Array,
    position: number,
    end: number,
    perCount: number,
    dueChange: number,
  ): number {
    const lineEnd = this.#findLineEnd(bytes, position, end);
    if (lineEnd < 0) return lineEnd;
    let count = readDecimal(bytes, position + 1, lineEnd);
    if (count === -1 && bytes[position] === Type.Array) count = 0;
    if (count < 0) return MALFORMED;
    this.#dueChange = count * perCount + dueChange;
    return lineEnd + 2;
  }

  #readLine(bytes: Uint8Array, position: number, end: number): number {
    const lineEnd = this.#findLineEnd(bytes, position, end);
    if (lineEnd < 0) return lineEnd;
    this.#dueChange = -1;
    const length = lineEnd - position - 1;
    const type = bytes[position]!;
    if (type === Type.Integer) {
      if (readDecimal(bytes, position + 1, lineEnd) === NOT_A_NUMBER) return MALFORMED;
    } else if (type === Type.Null) {
      if (length !== 0) return MALFORMED;
    } else if (type === Type.Boolean) {
      const byte = bytes[position + 1];
      if (length !== 1 || (byte !== 0x74 && byte !== 0x66)) return MALFORMED;
    }
    return lineEnd + 2;
  }

  /** The position of a line's CRLF. */
  #findLineEnd(bytes: Uint8Array, position: number, end: number): number {
    const lineEnd = this.#line.findHeadEnd(bytes, position, end, REPLY_LINE_LIMIT_BYTES);
    if (lineEnd >= 0) return lineEnd;
    return lineEnd === NOT_FOUND ? NEEDS_MORE : MALFORMED;
  }
}
