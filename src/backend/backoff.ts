/**
 * How long to leave a backend alone after failed connects.
 *
 * @module
 */

/** Delay after the first failure, milliseconds. */
export const BACKOFF_FIRST_MS = 100;
/** Longest delay, milliseconds. */
export const BACKOFF_LONGEST_MS = 2_000;

/**
 * The delay after `failuresInRow` failed connects (at least 1), milliseconds: doubling, and spread over the
 * upper half so that many workers do not knock at once.
 *
 * @param random A number in [0, 1).
 */
export function backoffDelayMs(failuresInRow: number, random: number): number {
  const doubled = BACKOFF_FIRST_MS * 2 ** Math.min(failuresInRow - 1, 16);
  return Math.min(doubled, BACKOFF_LONGEST_MS) * (0.5 + random / 2);
}
