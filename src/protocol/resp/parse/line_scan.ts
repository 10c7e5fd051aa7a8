/**
 * Looks for a line's end without looking twice at what an earlier call has seen.
 *
 * @module
 */

/** The line has no end yet. */
export const NOT_FOUND = -1;
/** The line is above its limit, ended or not. */
export const TOO_LONG = -2;

/**
 * This much of a line is looked at in every call, in bytes. A request of few words is parsed again from its
 * start, so lines that are whole come before the unfinished one; they are counts and shorter than this.
 */
const HEAD_BYTES = 32;

/** One parser's unfinished line. */
export class LineScan {
  /** Bytes of the unfinished line that hold no end; 0 when there is none, or when it is short. */
  #seen = 0;

  /**
   * The position of `terminator` in the line that begins at `lineStart`, or {@link NOT_FOUND} or
   * {@link TOO_LONG}.
   *
   * @param limitBytes Most bytes before the terminator.
   */
  find(
    bytes: Uint8Array,
    lineStart: number,
    end: number,
    terminator: number,
    limitBytes: number,
  ): number {
    const headEnd = Math.min(end, lineStart + HEAD_BYTES);
    let position = seek(bytes, lineStart, headEnd, terminator);
    if (position === headEnd) {
      position = seek(bytes, Math.max(headEnd, lineStart + this.#seen), end, terminator);
      this.#seen = position < end ? 0 : end - lineStart;
    }
    if (position - lineStart > limitBytes) return TOO_LONG;
    return position < end ? position : NOT_FOUND;
  }

  /** Forgets the unfinished line. */
  reset(): void {
    this.#seen = 0;
  }
}

function seek(bytes: Uint8Array, position: number, end: number, terminator: number): number {
  while (position < end && bytes[position] !== terminator) position += 1;
  return position;
}
