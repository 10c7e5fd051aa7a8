/**
 * What a server says to a subscriber: an array of words, as RESP2 has it. The reply parser has found the frame
 * whole already, so this only looks where its words stand.
 *
 * @module
 */

/** Words of the longest frame, a message to a pattern. */
const WORDS_MAX = 4;
const CARRIAGE_RETURN = 0x0d;
const ZERO = 0x30;
const ARRAY = 0x2a;
const BULK = 0x24;
const INTEGER = 0x3a;

/** Words of one frame; one object is reused. */
export class PushFrame {
  /** Words of the frame; 0 where it is no array of at most four words. */
  wordCount = 0;
  readonly #starts = new Int32Array(WORDS_MAX);
  readonly #ends = new Int32Array(WORDS_MAX);
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the line that was read last ends, its end included. */
  #position = 0;

  /** Looks at the frame in `bytes[start, end)`; false where it is not what a subscriber is told. */
  read(bytes: Uint8Array, start: number): boolean {
    this.#bytes = bytes;
    this.wordCount = 0;
    if (bytes[start] !== ARRAY) return false;
    const count = this.#readNumber(start + 1);
    if (count < 1 || count > WORDS_MAX) return false;
    for (let word = 0; word < count; word++) {
      const type = bytes[this.#position];
      const from = this.#position + 1;
      const value = this.#readNumber(from);
      if (type === BULK && value >= 0) {
        this.#starts[word] = this.#position;
        this.#ends[word] = this.#position + value;
        this.#position += value + 2;
      } else if (type === INTEGER) {
        this.#starts[word] = from;
        this.#ends[word] = this.#position - 2;
      } else {
        return false;
      }
    }
    this.wordCount = count;
    return true;
  }

  /** A word with one character for each byte. */
  word(index: number): string {
    return textOfBytes(this.#bytes, this.#starts[index]!, this.#ends[index]!);
  }

  /** Whether a word is `text`, which has one character a byte. */
  isWord(index: number, text: string): boolean {
    return this.#ends[index]! - this.#starts[index]! === text.length &&
      this.startsWith(index, text);
  }

  /** Whether a word begins with `prefix`, which has one character a byte. */
  startsWith(index: number, prefix: string): boolean {
    const start = this.#starts[index]!;
    if (this.#ends[index]! - start < prefix.length) return false;
    for (let at = 0; at < prefix.length; at++) {
      if (this.#bytes[start + at] !== prefix.charCodeAt(at)) return false;
    }
    return true;
  }

  /** Reads a line's number, -1 for any below 0, and goes behind the line. */
  #readNumber(from: number): number {
    const bytes = this.#bytes;
    let value = 0;
    let position = from;
    const isNegative = bytes[position] === 0x2d;
    if (isNegative) position += 1;
    while (bytes[position] !== CARRIAGE_RETURN) {
      value = value * 10 + bytes[position]! - ZERO;
      position += 1;
    }
    this.#position = position + 2;
    return isNegative ? -1 : value;
  }
}

/** Arguments of one call stand on the stack, which is small. */
const CHARACTERS_AT_ONCE = 4096;

/** The bytes as text with one character for each. */
export function textOfBytes(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let from = start; from < end; from += CHARACTERS_AT_ONCE) {
    const some = bytes.subarray(from, Math.min(end, from + CHARACTERS_AT_ONCE));
    // Several times as fast as spreading, which asks an iterator for each byte.
    text += String.fromCharCode.apply(null, some as unknown as number[]);
  }
  return text;
}

/** The bytes of a text that has one character for each. */
export function bytesOfText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
