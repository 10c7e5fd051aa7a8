/**
 * Bytes that depend on their place, so that a lost, doubled or moved one is seen.
 *
 * @module
 */

/** Bytes `[start, start + byteCount)` of the pattern of `seed`. */
export function patternBytes(seed: number, start: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) bytes[index] = byteAt(seed, start + index);
  return bytes;
}

/** Compares a stream with the pattern of a seed. */
export class PatternCheck {
  /** Bytes compared so far. */
  byteCount = 0;
  /** Place of the first byte that is another one, or null. */
  firstWrong: number | null = null;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Compares the next bytes. */
  readonly take = (bytes: Uint8Array): void => {
    for (let index = 0; index < bytes.length; index++) {
      if (bytes[index] !== byteAt(this.#seed, this.byteCount + index)) {
        this.firstWrong ??= this.byteCount + index;
      }
    }
    this.byteCount += bytes.length;
  };
}

function byteAt(seed: number, place: number): number {
  return (seed + place * 7 + (place >>> 8) * 13 + (place >>> 16)) & 0xff;
}
