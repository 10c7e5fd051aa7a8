/**
 * Bytes that are put together piece by piece, in an array that grows and is used again.
 *
 * @module
 */
const FIRST_BYTES = 4 * 1024;
/** An array that has grown beyond this is not kept. */
const KEPT_BYTES_MAX = 256 * 1024;
const ZERO = 0x30;

/** Puts bytes together piece by piece, in an array that grows and is used again. */
export class ByteWriter {
  /** What was written stands in `bytes[0, length)`, until the next write. */
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  length = 0;

  /** Begins anew. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Appends a text that has one character a byte. */
  text(text: string): void {
    this.#reserve(text.length);
    const { bytes } = this;
    let position = this.length;
    for (let index = 0; index < text.length; index++) bytes[position++] = text.charCodeAt(index);
    this.length = position;
  }

  /** Appends a whole number from 0 on in decimal. */
  decimal(value: number): void {
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
    this.#reserve(digits);
    const end = this.length + digits;
    let rest = value;
    for (let position = end - 1; position >= this.length; position--) {
      this.bytes[position] = ZERO + rest % 10;
      rest = Math.floor(rest / 10);
    }
    this.length = end;
  }

  #reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
