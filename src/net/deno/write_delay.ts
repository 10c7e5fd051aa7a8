/**
 * How late Deno comes round to writes at present. Deno does so many operations each time its loop goes round and
 * leaves the others waiting, so with thousands of busy clients a write may take a second that its client would
 * have taken at once: such a client must not be mistaken for one that takes nothing.
 *
 * @module
 */

/** Delays are those of the current window and the one before it; length of a window, milliseconds. */
export const DELAY_WINDOW_MS = 1_000;

/** One per engine. */
export class WriteDelay {
  #windowEndMs = -Infinity;
  #currentMs = 0;
  #formerMs = 0;

  /** Counts a write that took `durationMs` milliseconds until its client had it. */
  count(durationMs: number, nowMs: number): void {
    if (nowMs >= this.#windowEndMs) this.#turn(nowMs);
    if (durationMs > this.#currentMs) this.#currentMs = durationMs;
  }

  /** The longest that a write took of late, milliseconds. */
  longestMs(nowMs: number): number {
    if (nowMs >= this.#windowEndMs) this.#turn(nowMs);
    return Math.max(this.#currentMs, this.#formerMs);
  }

  #turn(nowMs: number): void {
    const isNext = nowMs < this.#windowEndMs + DELAY_WINDOW_MS;
    this.#formerMs = isNext ? this.#currentMs : 0;
    this.#currentMs = 0;
    this.#windowEndMs = nowMs + DELAY_WINDOW_MS;
  }
}
