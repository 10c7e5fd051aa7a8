/**
 * Inline requests of one client. A backend gets them as arrays, so their frames are `isRewritten`.
 *
 * Words with quotes are no runs of the client's bytes. Such a line is rewritten in place, into a NUL and its
 * words one behind the other, which is always shorter; their offsets are kept. A NUL in a client's line is
 * an error (Redis itself never finds the end of such a line), so the rewritten one cannot be taken for another
 * when the same frame is parsed again.
 *
 * @module
 */
import { ParseStatus, type ParseStatusCode, type RequestFrame } from "../../protocol.ts";
import { isWord } from "../decimal.ts";
import { InlineLine, UNBALANCED } from "./inline_line.ts";
import { type LineScan, NOT_FOUND, TOO_LONG } from "./line_scan.ts";
import { LINE_LIMIT_BYTES } from "../limits.ts";
import { INLINE_NUL, INLINE_TOO_LONG, UNBALANCED_QUOTES } from "./request_errors.ts";

const NUL = 0x00;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** First byte of a TLS handshake. */
export const TLS_HANDSHAKE = 0x16;
/** First byte of memcache's binary requests. */
export const MEMCACHE_BINARY = 0x80;

const encoder = new TextEncoder();
/** What HTTP requests from a deceived browser begin their lines with; Redis closes at these as well. */
const HTTP_POST = encoder.encode("post");
const HTTP_HOST = encoder.encode("host:");

/** A rewritten line and its words. */
interface RewrittenLine {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
  readonly wordCount: number;
}

const line = new InlineLine();

/** Reads inline requests into the frame; the words only, not what they mean. */
export class InlineRequests {
  /** After Incomplete: bytes needed from the request's start. */
  needed = 0;
  readonly #frame: RequestFrame;
  readonly #scan: LineScan;
  #rewritten: RewrittenLine | null = null;

  constructor(frame: RequestFrame, scan: LineScan) {
    this.#frame = frame;
    this.#scan = scan;
  }

  /** Reads the line at `start`, which is not an array. Complete with no words: an empty line. */
  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    const first = bytes[start]!;
    if (first === NUL && this.#isRewritten(bytes, start, end)) return ParseStatus.Complete;
    if (first === TLS_HANDSHAKE || first === MEMCACHE_BINARY) return this.#refuse(null);
    const lineFeed = this.#scan.find(bytes, start, end, LINE_FEED, LINE_LIMIT_BYTES);
    if (lineFeed === NOT_FOUND) {
      this.needed = end - start + 1;
      return ParseStatus.Incomplete;
    }
    if (lineFeed === TOO_LONG) return this.#refuse(INLINE_TOO_LONG);
    if (hasNul(bytes, start, lineFeed)) return this.#refuse(INLINE_NUL);
    const isPair = lineFeed > start && bytes[lineFeed - 1] === CARRIAGE_RETURN;
    const wordCount = line.split(bytes, start, isPair ? lineFeed - 1 : lineFeed);
    if (wordCount === UNBALANCED) return this.#refuse(UNBALANCED_QUOTES);
    if (line.isUnescaped) this.#rewrite(bytes, start, lineFeed + 1, wordCount);
    this.#fill(start, lineFeed + 1, line.offsets, wordCount);
    if (wordCount > 0 && this.#isHttp(bytes)) return this.#refuse(null);
    return ParseStatus.Complete;
  }

  #rewrite(bytes: Uint8Array, start: number, end: number, wordCount: number): void {
    const { words, offsets } = line;
    bytes[start] = NUL;
    for (let index = 0; index < words.length; index++) bytes[start + 1 + index] = words[index]!;
    for (let index = 0; index < 2 * wordCount; index++) offsets[index]! += 1;
    this.#rewritten = {
      bytes: bytes.slice(start, end),
      offsets: offsets.slice(0, 2 * wordCount),
      wordCount,
    };
  }

  /** Whether the bytes at `start` are the line rewritten last; its words are then in the frame. */
  #isRewritten(bytes: Uint8Array, start: number, end: number): boolean {
    const rewritten = this.#rewritten;
    if (rewritten === null || end - start < rewritten.bytes.length) return false;
    for (let index = 0; index < rewritten.bytes.length; index++) {
      if (bytes[start + index] !== rewritten.bytes[index]) return false;
    }
    this.#fill(start, start + rewritten.bytes.length, rewritten.offsets, rewritten.wordCount);
    return true;
  }

  #fill(start: number, end: number, offsets: Int32Array, wordCount: number): void {
    const frame = this.#frame;
    if (frame.offsets.length < 2 * wordCount) frame.offsets = new Int32Array(2 * wordCount);
    for (let index = 0; index < 2 * wordCount; index++) frame.offsets[index] = offsets[index]!;
    frame.start = start;
    frame.end = end;
    frame.argumentCount = wordCount;
    frame.isRewritten = true;
  }

  #isHttp(bytes: Uint8Array): boolean {
    const start = this.#frame.argumentStart(0);
    const end = this.#frame.argumentEnd(0);
    return isWord(bytes, start, end, HTTP_POST) || isWord(bytes, start, end, HTTP_HOST);
  }

  /** Null closes without a word: the other side would not understand one. */
  #refuse(refusal: Uint8Array | null): ParseStatusCode {
    this.#frame.refusal = refusal;
    return ParseStatus.Malformed;
  }
}

function hasNul(bytes: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    if (bytes[position] === NUL) return true;
  }
  return false;
}
