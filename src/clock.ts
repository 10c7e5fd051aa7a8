/**
 * The worker's clock: `now` is read once per turn, and one coarse tick drives every timeout. The tick runs
 * only while something is watched, so an idle worker has no timer.
 *
 * @module
 */

/** How often deadlines are looked at, in milliseconds. */
export const TICK_INTERVAL_MS = 50;

/** Something with a deadline. */
export interface Watched {
  /** True while it is on a clock's list; only {@link Clock} writes it. */
  isWatched: boolean;
  /**
   * Looks at its deadlines.
   *
   * @param nowMs Milliseconds on the clock's own scale.
   * @returns Whether it wants the next tick as well.
   */
  onTick(nowMs: number): boolean;
}

/** One per worker. Times are milliseconds with fractions, from an arbitrary start; they never go back. */
export class Clock {
  /** The time of this turn. */
  nowMs: number;
  #watched: Watched[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;
  #isStopped = false;

  constructor() {
    this.nowMs = performance.now();
  }

  /** Reads the system's monotonic clock; called at the start of each turn. */
  readNow(): void {
    this.nowMs = performance.now();
  }

  /** Puts `item` on the list for the next tick, once. */
  watch(item: Watched): void {
    if (item.isWatched || this.#isStopped) return;
    item.isWatched = true;
    this.#watched.push(item);
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#tick(), TICK_INTERVAL_MS);
    }
  }

  /** Stops the tick for good; what was watched is forgotten. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#watched = [];
  }

  #tick(): void {
    this.readNow();
    const due = this.#watched;
    this.#watched = [];
    for (let index = 0; index < due.length; index++) {
      const item = due[index]!;
      item.isWatched = false;
      if (item.onTick(this.nowMs)) this.watch(item);
    }
    if (this.#watched.length === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }
}
