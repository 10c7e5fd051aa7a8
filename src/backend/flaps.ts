/**
 * A server that leaves and comes back again and again is kept away longer each time: its short good moments would cost
 * everybody the bad ones.
 *
 * @module
 */

/** Within this time behind its return another failure makes it a server that comes and goes; milliseconds. */
export const FLAP_WINDOW_MS = 60_000;
/** How long a server stays away at least that failed a second time, milliseconds; doubled for each further time. */
export const FLAP_HOLD_FIRST_MS = 500;
/** Longest time that it has to stay away although it answers, milliseconds. */
export const FLAP_HOLD_LONGEST_MS = 15_000;

/** The comings and goings of one server. */
export class Flaps {
  /** How often it left soon after it had returned, in a row. */
  #count = 0;
  #leftAtMs = -Infinity;
  #returnedAtMs = -Infinity;
  readonly #longestMs: number;

  /** @param longestMs Longest time that it has to stay away although it answers, milliseconds. */
  constructor(longestMs: number = FLAP_HOLD_LONGEST_MS) {
    this.#longestMs = longestMs;
  }

  /** How long it has to stay away this time, milliseconds; 0: it may return as soon as it answers. */
  get holdMs(): number {
    if (this.#count === 0) return 0;
    return Math.min(FLAP_HOLD_FIRST_MS * 2 ** Math.min(this.#count - 1, 16), this.#longestMs);
  }

  /** It is left alone from now on. */
  left(nowMs: number): void {
    this.#count = nowMs - this.#returnedAtMs < FLAP_WINDOW_MS ? this.#count + 1 : 0;
    this.#leftAtMs = nowMs;
  }

  /** When it may return if it answers, milliseconds. */
  get mayReturnAtMs(): number {
    return this.#leftAtMs + this.holdMs;
  }

  /** It is used again. */
  returned(nowMs: number): void {
    this.#returnedAtMs = nowMs;
  }
}
