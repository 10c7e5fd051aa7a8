/**
 * Reads values out of one whole reply, in order. For rare replies: handshakes and slot maps.
 *
 * @module
 */
import { NOT_A_NUMBER, readDecimal } from "./decimal.ts";
import { Type } from "./type.ts";

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

  /** The number of elements of the array that begins here, or -1. */
  readArray(): number {
    const count = this.#readHead(Type.Array);
    return count >= 0 ? count : -1;
  }

  /** The whole number that stands here, from 0 on, or -1. */
  readInteger(): number {
    const value = this.#readHead(Type.Integer);
    return value >= 0 ? value : -1;
  }

  /** The text that stands here, bulk or status; "" for null; null for anything else. */
  readText(): string | null {
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
    for (let due = 1; due > 0; due--) {
      const type = this.#bytes[this.#position];
      if (type === Type.Bulk) {
        if (this.readText() === null) return false;
      } else if (type === Type.Array || type === Type.Map) {
        const count = this.#readHead(type);
        if (count === NOT_A_NUMBER) return false;
        due += Math.max(count, 0) * (type === Type.Map ? 2 : 1);
        if (due > this.#end) return false;
      } else if (this.#readLine() < 0) {
        return false;
      }
    }
    return true;
  }

  #decode(start: number, end: number): string {
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  /** Reads `<type><number>`; {@link NOT_A_NUMBER} for anything else. */
  #readHead(type: number): number {
    if (this.#bytes[this.#position] !== type) return NOT_A_NUMBER;
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
