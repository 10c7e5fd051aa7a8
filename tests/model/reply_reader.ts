/**
 * Reads a client's replies, independently of the proxy's own parsers: bytes in, whole replies out.
 *
 * @module
 */
import { shownBytes, Violation } from "./violation.ts";

/** Cuts a stream of replies. */
export interface ReplyReader<Reply> {
  /**
   * The reply that begins at `start`.
   *
   * @returns The reply and one past its end, or null if it is not whole yet.
   * @throws {Violation} If the bytes are no reply.
   */
  read(bytes: Uint8Array, start: number, end: number): { reply: Reply; end: number } | null;
}

/** Received bytes, and the replies in them. */
export class ReplyStream<Reply> {
  readonly #reader: ReplyReader<Reply>;
  #bytes = new Uint8Array(16 * 1024);
  #start = 0;
  #end = 0;

  constructor(reader: ReplyReader<Reply>) {
    this.#reader = reader;
  }

  /** Bytes that are not a whole reply yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** What is not a whole reply yet, for messages. */
  get rest(): string {
    return shownBytes(this.#bytes.subarray(this.#start, this.#end));
  }

  /** Adds received bytes. */
  push(received: Uint8Array): void {
    if (this.#end + received.length > this.#bytes.length) this.#makeRoom(received.length);
    this.#bytes.set(received, this.#end);
    this.#end += received.length;
  }

  /** The next whole reply, or null. It is valid until the next push. */
  next(): Reply | null {
    if (this.#start === this.#end) return null;
    const found = this.#reader.read(this.#bytes, this.#start, this.#end);
    if (found === null) return null;
    this.#start = found.end;
    return found.reply;
  }

  #makeRoom(byteCount: number): void {
    const pending = this.pending;
    const needed = pending + byteCount;
    const target = needed > this.#bytes.length ? new Uint8Array(2 * needed) : this.#bytes;
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = target;
    this.#start = 0;
    this.#end = pending;
  }
}

/** One RESP reply; bulk strings stay bytes. */
export type RespReply =
  | { readonly type: "status" | "error"; readonly text: string }
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "bulk"; readonly bytes: Uint8Array }
  | { readonly type: "null" }
  | { readonly type: "array" | "map"; readonly elements: readonly RespReply[] };

const decoder = new TextDecoder();
const LINE_FEED = 0x0a;

/** Reads RESP2 and what the model's requests earn in RESP3. */
export class RespReplyReader implements ReplyReader<RespReply> {
  #position = 0;

  read(bytes: Uint8Array, start: number, end: number): { reply: RespReply; end: number } | null {
    this.#position = start;
    const reply = this.#readOne(bytes, end);
    return reply === null ? null : { reply, end: this.#position };
  }

  #readOne(bytes: Uint8Array, end: number): RespReply | null {
    const start = this.#position;
    const lineFeed = bytes.subarray(0, end).indexOf(LINE_FEED, start);
    if (lineFeed < 0) return null;
    const line = decoder.decode(bytes.subarray(start + 1, lineFeed - 1));
    this.#position = lineFeed + 1;
    switch (String.fromCharCode(bytes[start]!)) {
      case "+":
        return { type: "status", text: line };
      case "-":
        return { type: "error", text: line };
      case ":":
        return { type: "integer", value: this.#number(line, bytes, start, end) };
      case "_":
        return { type: "null" };
      case "$":
        return this.#readBulk(bytes, end, this.#number(line, bytes, start, end));
      case "*":
        return this.#readElements(bytes, end, "array", this.#number(line, bytes, start, end));
      case "%":
        return this.#readElements(bytes, end, "map", 2 * this.#number(line, bytes, start, end));
      default:
        throw new Violation(`not RESP: ${shownBytes(bytes.subarray(start, end))}`);
    }
  }

  #number(line: string, bytes: Uint8Array, start: number, end: number): number {
    if (!/^-?\d+$/.test(line)) {
      throw new Violation(`no number: ${shownBytes(bytes.subarray(start, end))}`);
    }
    return Number(line);
  }

  #readBulk(bytes: Uint8Array, end: number, length: number): RespReply | null {
    if (length === -1) return { type: "null" };
    const start = this.#position;
    if (start + length + 2 > end) return null;
    this.#position = start + length + 2;
    if (bytes[start + length] !== 0x0d || bytes[start + length + 1] !== LINE_FEED) {
      throw new Violation(`bulk without its end: ${shownBytes(bytes.subarray(start, end))}`);
    }
    return { type: "bulk", bytes: bytes.subarray(start, start + length) };
  }

  #readElements(
    bytes: Uint8Array,
    end: number,
    type: "array" | "map",
    count: number,
  ): RespReply | null {
    const elements: RespReply[] = [];
    for (let index = 0; index < count; index++) {
      const element = this.#position < end ? this.#readOne(bytes, end) : null;
      if (element === null) return null;
      elements.push(element);
    }
    return { type, elements };
  }
}

/** One value of a memcache reply. */
export interface MemcacheItem {
  readonly key: string;
  readonly flags: string;
  /** "" unless the request was `gets` or `gats`. */
  readonly unique: string;
  readonly bytes: Uint8Array;
}

/** One memcache reply: values with their END, or one line. */
export interface MemcacheReply {
  /** Null for a line. */
  readonly items: readonly MemcacheItem[] | null;
  /** The line, or the END behind the values. */
  readonly line: string;
}

/** Reads the memcache text protocol. */
export class MemcacheReplyReader implements ReplyReader<MemcacheReply> {
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
  ): { reply: MemcacheReply; end: number } | null {
    const items: MemcacheItem[] = [];
    const all = bytes.subarray(0, end);
    for (let position = start;;) {
      const lineFeed = all.indexOf(LINE_FEED, position);
      if (lineFeed < 0) return null;
      const line = decoder.decode(bytes.subarray(position, lineFeed - 1));
      if (!line.startsWith("VALUE ")) {
        const hasValues = items.length > 0 || line === "END";
        return { reply: { items: hasValues ? items : null, line }, end: lineFeed + 1 };
      }
      const [, key, flags, length, unique] = line.split(" ");
      const valueStart = lineFeed + 1;
      const valueEnd = valueStart + Number(length);
      if (!(valueEnd >= valueStart)) throw new Violation(`bad value line: ${line}`);
      if (valueEnd + 2 > end) return null;
      if (bytes[valueEnd] !== 0x0d || bytes[valueEnd + 1] !== LINE_FEED) {
        throw new Violation(`value without its end: ${line}`);
      }
      items.push({
        key: key!,
        flags: flags!,
        unique: unique ?? "",
        bytes: bytes.subarray(valueStart, valueEnd),
      });
      position = valueEnd + 2;
    }
  }
}
