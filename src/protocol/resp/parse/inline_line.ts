/**
 * The words of an inline request: a line as typed into telnet. The rules of quoting are those of
 * Redis's `sdssplitargs`: `"…"` with `\n \r \t \b \a \xHH` and `\` before any other byte, `'…'` with `\'`,
 * quotes may begin within a word, and a closing quote ends it.
 *
 * @module
 */

const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const LETTER_X = 0x78;

/** What {@link InlineLine.split} returns for quotes that do not pair. */
export const UNBALANCED = -1;

/** The words of one line. Reused; offsets count from the line's start. */
export class InlineLine {
  /** Start and end of each word, two entries a word. */
  offsets: Int32Array = new Int32Array(64);
  /** Whether some word, without its quotes, is not a run of the line's bytes. */
  isUnescaped = false;
  /** The words one behind the other; offsets count in it where {@link InlineLine.isUnescaped} is set. */
  readonly words: number[] = [];
  #count = 0;
  #position = 0;

  /**
   * Splits `bytes[start, end)`, a line without its end.
   *
   * @returns The number of words, or {@link UNBALANCED}.
   */
  split(bytes: Uint8Array, start: number, end: number): number {
    if (this.offsets.length < end - start + 2) this.offsets = new Int32Array(end - start + 2);
    this.isUnescaped = false;
    if (!this.#splitPlain(bytes, start, end)) {
      this.isUnescaped = true;
      if (!this.#splitEscaped(bytes, start, end)) return UNBALANCED;
    }
    return this.#count;
  }

  /** Handles lines whose words are runs of the line's bytes; false: some word is not. */
  #splitPlain(bytes: Uint8Array, start: number, end: number): boolean {
    this.#count = 0;
    let position = skipSpace(bytes, start, end);
    while (position < end) {
      const wordStart = position;
      while (position < end && !endsWord(bytes[position]!)) {
        const byte = bytes[position]!;
        if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) return false;
        position += 1;
      }
      this.offsets[2 * this.#count] = wordStart - start;
      this.offsets[2 * this.#count + 1] = position - start;
      this.#count += 1;
      position = skipSpace(bytes, position, end);
    }
    return true;
  }

  /** Copies the words without quotes and escapes; false: quotes do not pair. */
  #splitEscaped(bytes: Uint8Array, start: number, end: number): boolean {
    this.#count = 0;
    this.words.length = 0;
    this.#position = skipSpace(bytes, start, end);
    while (this.#position < end) {
      this.offsets[2 * this.#count] = this.words.length;
      if (!this.#readWord(bytes, end)) return false;
      this.offsets[2 * this.#count + 1] = this.words.length;
      this.#count += 1;
      this.#position = skipSpace(bytes, this.#position, end);
    }
    return true;
  }

  #readWord(bytes: Uint8Array, end: number): boolean {
    while (this.#position < end && !endsWord(bytes[this.#position]!)) {
      const byte = bytes[this.#position++]!;
      if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
        return this.#readQuoted(bytes, end, byte);
      }
      this.words.push(byte);
    }
    return true;
  }

  /** Reads up to the closing quote, which must end the word. */
  #readQuoted(bytes: Uint8Array, end: number, quote: number): boolean {
    while (this.#position < end) {
      const byte = bytes[this.#position++]!;
      if (byte === quote) {
        const next = this.#position;
        return next >= end || isSpace(bytes[next]!);
      }
      if (byte !== BACKSLASH || this.#position >= end) {
        this.words.push(byte);
      } else if (quote === DOUBLE_QUOTE) {
        this.#readEscape(bytes, end);
      } else if (bytes[this.#position] === SINGLE_QUOTE) {
        this.words.push(SINGLE_QUOTE);
        this.#position += 1;
      } else {
        this.words.push(byte);
      }
    }
    return false;
  }

  /** Reads what follows a backslash within double quotes. */
  #readEscape(bytes: Uint8Array, end: number): void {
    const byte = bytes[this.#position++]!;
    if (byte === LETTER_X && this.#position + 2 <= end) {
      const high = hexDigit(bytes[this.#position]!);
      const low = hexDigit(bytes[this.#position + 1]!);
      if (high >= 0 && low >= 0) {
        this.words.push(high * 16 + low);
        this.#position += 2;
        return;
      }
    }
    this.words.push(escapes.get(byte) ?? byte);
  }
}

/** Letters with a meaning behind a backslash: n, r, t, b, a. */
const escapes = new Map([[0x6e, 0x0a], [0x72, 0x0d], [0x74, 0x09], [0x62, 0x08], [0x61, 0x07]]);

function skipSpace(bytes: Uint8Array, position: number, end: number): number {
  while (position < end && isSpace(bytes[position]!)) position += 1;
  return position;
}

/** C's `isspace`. */
function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
}

/** What ends a word outside quotes: not every space does. */
function endsWord(byte: number): boolean {
  return byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
