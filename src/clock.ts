/**
 * The worker's clock: it is read once per turn, and one coarse tick drives every timeout. The tick runs only while
 * something is watched, so an idle worker has no timer.
 *
 * A process does not always run: it is stopped, a container has used up its share, a turn takes long. What lay in
 * the sockets meanwhile was not read, and is not the other side's lateness. Two rules see to that:
 *
 * - A tick that comes late gives the lateness back: from one tick to the next, {@link Clock.nowMs} goes forward by
 *   {@link STEP_MAX_MS} at most.
 * - A tick judges by the time of the tick before it: what had arrived by then has been read since.
 *
 * @module
 */

/** How often deadlines are looked at, in milliseconds. */
export const TICK_INTERVAL_MS = 50;
/** Most that deadlines come nearer from one tick to the next, milliseconds. */
export const STEP_MAX_MS: number = 2 * TICK_INTERVAL_MS;

/** Something with a deadline. */
export interface Watched {
  /** True while it is on a clock's list; only {@link Clock} writes it. */
  isWatched: boolean;
  /**
   * Looks at its deadlines.
   *
   * @param nowMs The time to judge by, on the scale of {@link Clock.nowMs} and a tick behind it.
   * @returns Whether it wants the next tick as well.
   */
  onTick(nowMs: number): boolean;
}

/** One per worker. Times are milliseconds with fractions, from an arbitrary start; they never go back. */
export class Clock {
  /** The time of this turn, for deadlines: what a late tick has given back is left out. */
  nowMs: number;
  /** The time of this turn, for what is told to people: nothing is left out. */
  realMs: number;
  /** Hears of each tick how late it came, in milliseconds. */
  onLate: ((lateMs: number) => void) | null = null;
  #watched: Watched[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;
  #isStopped = false;
  /** Both times at the last tick. */
  #tickMs: number;
  #tickRealMs: number;
  /** Infinite while nothing is watched: then nobody is judged, and no tick could be late. */
  #stepMaxMs = Infinity;

  constructor() {
    this.realMs = performance.now();
    this.nowMs = this.realMs;
    this.#tickMs = this.nowMs;
    this.#tickRealMs = this.realMs;
  }

  /** Reads the system's monotonic clock; called at the start of each turn. */
  readNow(): void {
    const realMs = performance.now();
    const stepMs = realMs - this.#tickRealMs;
    this.realMs = realMs;
    this.nowMs = this.#tickMs + (stepMs < this.#stepMaxMs ? stepMs : this.#stepMaxMs);
  }

  /** Puts `item` on the list for the next tick, once. */
  watch(item: Watched): void {
    if (item.isWatched || this.#isStopped) return;
    item.isWatched = true;
    this.#watched.push(item);
    if (this.#timer === null) this.#startTicking();
  }

  /** Stops the tick for good; what was watched is forgotten. */
  stop(): void {
    this.#isStopped = true;
    this.#watched = [];
    this.#stopTicking();
  }

  #startTicking(): void {
    this.#beginStep();
    this.#stepMaxMs = STEP_MAX_MS;
    this.#timer = setInterval(() => this.#tick(), TICK_INTERVAL_MS);
  }

  #stopTicking(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stepMaxMs = Infinity;
  }

  #beginStep(): void {
    this.readNow();
    this.#tickMs = this.nowMs;
    this.#tickRealMs = this.realMs;
  }

  #tick(): void {
    const judgedMs = this.#tickMs;
    const dueMs = this.#tickRealMs + TICK_INTERVAL_MS;
    this.#beginStep();
    this.onLate?.(Math.max(0, this.realMs - dueMs));
    const due = this.#watched;
    this.#watched = [];
    for (let index = 0; index < due.length; index++) {
      const item = due[index]!;
      item.isWatched = false;
      if (item.onTick(judgedMs)) this.watch(item);
    }
    if (this.#watched.length === 0) this.#stopTicking();
  }
}

/**
 * The time on one scale for all threads of the process, milliseconds. `performance.now()` alone begins anew in each
 * thread. Threads that start before and behind a change of the system's clock differ by that.
 */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Calls back once, when its time is over; time in which the process stood still does not count. */
export class Deadline implements Watched {
  isWatched = false;
  readonly #endMs: number;
  #passed: (() => void) | null;

  constructor(clock: Clock, delayMs: number, passed: () => void) {
    // Who sets it on a message or a timer may find the clock where the last turn left it, long ago.
    clock.readNow();
    this.#endMs = clock.nowMs + delayMs;
    this.#passed = passed;
    clock.watch(this);
  }

  /** Nothing is called any more. */
  cancel(): void {
    this.#passed = null;
  }

  onTick(nowMs: number): boolean {
    const passed = this.#passed;
    if (passed === null) return false;
    if (nowMs < this.#endMs) return true;
    this.#passed = null;
    passed();
    return false;
  }
}
