/**
 * The words of a request as a slow log shows them: few, and none of them long. The bounds and the wording are
 * Redis's.
 *
 * @module
 */

/** Words shown; where there are more, the last one says how many. */
export const WORDS_MAX = 32;
/** Bytes shown of a word; where it has more, it ends with how many. */
export const WORD_BYTES_MAX = 128;

const encoder = new TextEncoder();

/** Gathers words one after the other. */
export class ShortenedWords {
  /** Words so far, those that are not shown included. */
  count = 0;
  readonly #words: Uint8Array[] = [];

  /**
   * Takes the next word, whose `byteCount` bytes begin at `start`; `bytes` may end before it does. A word is copied.
   */
  add(bytes: Uint8Array, start: number, byteCount: number): void {
    this.count += 1;
    if (this.count > WORDS_MAX) return;
    const shown = bytes.slice(start, start + Math.min(byteCount, WORD_BYTES_MAX));
    const missing = byteCount - shown.length;
    this.#words.push(missing > 0 ? withNote(shown, `... (${missing} more bytes)`) : shown);
  }

  /** Takes a word that the proxy itself says. */
  addText(text: string): void {
    const bytes = encoder.encode(text);
    this.add(bytes, 0, bytes.length);
  }

  /**
   * The words.
   *
   * @param count Words that the request has, where not all were added.
   */
  end(count: number = this.count): Uint8Array[] {
    if (count <= WORDS_MAX && this.#words.length >= count) return this.#words;
    const shown = this.#words.slice(0, WORDS_MAX - 1);
    return [...shown, encoder.encode(`... (${count - shown.length} more arguments)`)];
  }
}

function withNote(bytes: Uint8Array, note: string): Uint8Array {
  const joined = new Uint8Array(bytes.length + note.length);
  joined.set(bytes);
  joined.set(encoder.encode(note), bytes.length);
  return joined;
}
