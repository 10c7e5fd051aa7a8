/**
 * How fast one worker connects to backends: some at once, and then so many a second, whatever becomes of them. A
 * thousand servers that are all wanted at the same moment, or are pinged, are connected to one after the other, and
 * the worker's clients have their turns in between. Servers that do not answer hold up nobody: what is counted are
 * attempts, not those under way.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";

/** Attempts that may begin at the same moment. */
export const DIALS_AT_ONCE_MAX = 100;
/** Attempts a second beyond them. */
export const DIALS_PER_SECOND = 1_000;

/** Who begins attempts to connect. */
export interface Dialer {
  /** Its turn has come. */
  beginDial(): void;
}

/** One per worker. */
export class DialPace implements Watched {
  isWatched = false;
  readonly #clock: Clock;
  /** Attempts that may begin now. */
  #allowance = DIALS_AT_ONCE_MAX;
  #countedAtMs: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<Dialer>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.nowMs;
  }

  /** Attempts that wait for their turn. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Has `dialer` begin an attempt, now or when its turn comes. */
  request(dialer: Dialer): void {
    this.#refill(this.#clock.nowMs);
    if (this.#waiting.size === 0 && this.#allowance >= 1) {
      this.#allowance -= 1;
      return dialer.beginDial();
    }
    this.#waiting.add(dialer);
    this.#clock.watch(this);
  }

  /** It wants to connect no more. */
  forget(dialer: Dialer): void {
    this.#waiting.delete(dialer);
  }

  onTick(): boolean {
    this.#refill(this.#clock.nowMs);
    for (const dialer of this.#waiting) {
      if (this.#allowance < 1) break;
      this.#allowance -= 1;
      this.#waiting.delete(dialer);
      dialer.beginDial();
    }
    return this.#waiting.size > 0;
  }

  #refill(nowMs: number): void {
    const more = (nowMs - this.#countedAtMs) * DIALS_PER_SECOND / 1000;
    this.#allowance = Math.min(DIALS_AT_ONCE_MAX, this.#allowance + more);
    this.#countedAtMs = nowMs;
  }
}
