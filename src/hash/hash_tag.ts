/**
 * Hash tags: the part of a key that decides its place, so that related keys can be kept together.
 *
 * @module
 */

/**
 * A tag of two delimiters, such as `{}`. The tag of a key lies between the first opening delimiter and the
 * first closing one after it; a key without both, or with nothing between them, counts as a whole. This is
 * the rule of twemproxy and, with `{}`, of Redis Cluster.
 *
 * One object serves one owner's keys in turn: `find` leaves the range in `start` and `end`.
 */
export class HashTag {
  /** Where the deciding part of the last key starts. */
  start = 0;
  /** Where it ends, not included. */
  end = 0;
  readonly #open: number;
  readonly #close: number;

  /**
   * @param delimiters the opening and the closing delimiter, which may be the same.
   * @throws RangeError unless they are exactly two ASCII characters.
   */
  constructor(delimiters: string) {
    if (!isHashTag(delimiters)) {
      throw new RangeError(`Cannot use hash tag "${delimiters}": not two ASCII characters`);
    }
    this.#open = delimiters.charCodeAt(0);
    this.#close = delimiters.charCodeAt(1);
  }

  /** Finds the part that decides the place of the key `bytes[start..end)`; tells whether it is a tag. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    this.start = start;
    this.end = end;
    let open = start;
    while (open < end && bytes[open] !== this.#open) open++;
    let close = open + 1;
    while (close < end && bytes[close] !== this.#close) close++;
    if (close >= end || close === open + 1) return false;
    this.start = open + 1;
    this.end = close;
    return true;
  }
}

/** Whether `delimiters` can be a hash tag: exactly two ASCII characters, which are one byte each in a key. */
export function isHashTag(delimiters: string): boolean {
  return delimiters.length === 2 && delimiters.charCodeAt(0) < 0x80 &&
    delimiters.charCodeAt(1) < 0x80;
}
