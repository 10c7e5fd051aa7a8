/**
 * Reads values out of one whole reply, in order. For rare replies: handshakes and slot maps. Attributes (RESP3) are
 * passed over, wherever they stand.
 *
 * @module
 */
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { Type } from "../type.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_END_BYTES = 2;
const decoder = new TextDecoder();

/** A position in a reply. After a failed read it is of no further use. */
export class ReplyReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Where the next read begins. */
  get position(): number {
    return this.#position;
  }

  /** The number of elements of the array that begins here, or -1. */
  readArray(): number {
    const count = this.#readHead(Type.Array);
    return count >= 0 ? count : -1;
  }

  /** The number of pairs of the map that begins here, or of the array that stands for one in RESP2; or -1. */
  readPairs(): number {
    if (!this.passAttributes()) return -1;
    if (this.#bytes[this.#position] === Type.Map) return Math.max(-1, this.#readCount());
    const count = this.readArray();
    return count % 2 === 0 ? count / 2 : -1;
  }

  /** The whole number that stands here, from 0 on, or -1. */
  readInteger(): number {
    const value = this.#readHead(Type.Integer);
    return value >= 0 ? value : -1;
  }

  /** The text that stands here, bulk or status; "" for null; null for anything else. */
  readText(): string | null {
    if (!this.passAttributes()) return null;
    const type = this.#bytes[this.#position];
    if (type === Type.Status) {
      const start = this.#position + 1;
      const lineEnd = this.#readLine();
      return lineEnd < 0 ? null : this.#decode(start, lineEnd);
    }
    if (type === Type.Null) return this.#readLine() < 0 ? null : "";
    const length = this.#readHead(Type.Bulk);
    if (length === -1) return "";
    const start = this.#position;
    if (length < 0 || start + length + LINE_END_BYTES > this.#end) return null;
    this.#position = start + length + LINE_END_BYTES;
    return this.#decode(start, start + length);
  }

  /** Passes over one value with everything in it; false if it cannot be read. */
  skip(): boolean {
    return this.#skipValues(1);
  }

  /** Goes behind the attributes of the value that comes next, if it has any; false if they cannot be read. */
  passAttributes(): boolean {
    while (this.#bytes[this.#position] === Type.Attribute) {
      const count = this.#readCount();
      if (count < 0 || !this.#skipValues(2 * count)) return false;
    }
    return true;
  }

  #skipValues(count: number): boolean {
    for (let due = count; due > 0; due--) {
      if (due > this.#end) return false;
      const type = this.#bytes[this.#position];
      if (type === Type.Bulk || type === Type.Verbatim || type === Type.BlobError) {
        if (!this.#skipBody()) return false;
      } else if (type === Type.Array || type === Type.Set) {
        const elements = this.#readCount();
        if (elements === NOT_A_NUMBER) return false;
        due += Math.max(elements, 0);
      } else if (type === Type.Map || type === Type.Attribute) {
        const pairs = this.#readCount();
        if (pairs < 0) return false;
        // The value that an attribute belongs to is still due.
        due += 2 * pairs + (type === Type.Attribute ? 1 : 0);
      } else if (this.#readLine() < 0) {
        return false;
      }
    }
    return true;
  }

  #skipBody(): boolean {
    const length = this.#readCount();
    if (length === -1) return true;
    const end = this.#position + length + LINE_END_BYTES;
    if (length < 0 || end > this.#end) return false;
    this.#position = end;
    return true;
  }

  #decode(start: number, end: number): string {
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  /** Reads `<type><number>`; {@link NOT_A_NUMBER} for anything else. */
  #readHead(type: number): number {
    if (!this.passAttributes() || this.#bytes[this.#position] !== type) return NOT_A_NUMBER;
    return this.#readCount();
  }

  /** Reads the number behind the type that stands here; {@link NOT_A_NUMBER} for anything else. */
  #readCount(): number {
    const start = this.#position + 1;
    const lineEnd = this.#readLine();
    return lineEnd < 0 ? NOT_A_NUMBER : readDecimal(this.#bytes, start, lineEnd);
  }

  /** Goes behind the line that begins here; returns its end, or -1 where there is none. */
  #readLine(): number {
    for (let position = this.#position; position + 1 < this.#end; position++) {
      if (this.#bytes[position] !== CARRIAGE_RETURN) continue;
      this.#position = position + LINE_END_BYTES;
      return position;
    }
    return -1;
  }
}
