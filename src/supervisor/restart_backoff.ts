/**
 * How long a worker that died stays down before it is replaced.
 *
 * @module
 */

/** First delay before a replacement, in milliseconds. */
export const RESTART_DELAY_FIRST_MS = 100;
/** Longest delay before a replacement, in milliseconds. */
export const RESTART_DELAY_LIMIT_MS = 5_000;
/** A worker that listened for this long, in milliseconds, is replaced after the first delay again. */
export const RESTART_FORGIVEN_AFTER_MS = 30_000;

/** Delays of one worker's replacements: doubling, bounded, forgiven after a long run. */
export class RestartBackoff {
  #nextMs = RESTART_DELAY_FIRST_MS;

  /**
   * Returns the delay in milliseconds.
   *
   * @param ranMs How long the worker that died had listened, in milliseconds.
   */
  next(ranMs: number): number {
    if (ranMs >= RESTART_FORGIVEN_AFTER_MS) this.#nextMs = RESTART_DELAY_FIRST_MS;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * 2, RESTART_DELAY_LIMIT_MS);
    return delayMs;
  }
}
