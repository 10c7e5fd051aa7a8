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

/** A dialer's place while it does not wait. */
export const NOT_WAITING = -1;
/** Places that were left, ahead of those who wait, beyond which these move up. */
export const LEFT_PLACES_MAX = 1_024;

/** Who begins attempts to connect. */
export interface Dialer {
  /** Its place while it waits, else {@link NOT_WAITING}; only {@link DialPace} writes it. */
  waitsAt: number;
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
  /** In the order in which they came; null: it wants to connect no more. No `Set`: see `member_list.ts`. */
  readonly #queue: (Dialer | null)[] = [];
  /** Where those begin that wait. */
  #first = 0;
  #waitingCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.nowMs;
  }

  /** Attempts that wait for their turn. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Has `dialer` begin an attempt, now or when its turn comes. */
  request(dialer: Dialer): void {
    this.#refill(this.#clock.nowMs);
    if (this.#waitingCount === 0 && this.#allowance >= 1) {
      this.#allowance -= 1;
      return dialer.beginDial();
    }
    if (dialer.waitsAt === NOT_WAITING) {
      dialer.waitsAt = this.#queue.length;
      this.#queue.push(dialer);
      this.#waitingCount += 1;
    }
    this.#clock.watch(this);
  }

  /** It wants to connect no more. */
  forget(dialer: Dialer): void {
    if (dialer.waitsAt === NOT_WAITING) return;
    this.#queue[dialer.waitsAt] = null;
    dialer.waitsAt = NOT_WAITING;
    this.#waitingCount -= 1;
  }

  onTick(): boolean {
    this.#refill(this.#clock.nowMs);
    for (; this.#first < this.#queue.length; this.#first++) {
      const dialer = this.#queue[this.#first]!;
      if (dialer === null) continue;
      if (this.#allowance < 1) break;
      this.#allowance -= 1;
      this.forget(dialer);
      dialer.beginDial();
    }
    this.#moveUp();
    return this.#waitingCount > 0;
  }

  #moveUp(): void {
    if (this.#waitingCount > 0 && this.#first <= LEFT_PLACES_MAX) return;
    const waiting = this.#queue.slice(this.#first).filter((dialer) => dialer !== null);
    this.#queue.length = 0;
    this.#first = 0;
    for (const dialer of waiting) {
      dialer.waitsAt = this.#queue.length;
      this.#queue.push(dialer);
    }
  }

  #refill(nowMs: number): void {
    const more = (nowMs - this.#countedAtMs) * DIALS_PER_SECOND / 1000;
    this.#allowance = Math.min(DIALS_AT_ONCE_MAX, this.#allowance + more);
    this.#countedAtMs = nowMs;
  }
}
