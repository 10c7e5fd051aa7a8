/**
 * How late a worker's ticks came: as long as it looked at no socket. Over all time as a histogram, and the longest of
 * the last seconds.
 *
 * @module
 */
import { Histogram } from "../observe/histogram.ts";
import { workerRows } from "../observe/metric_table.ts";

/** The longest delay is that of the last one to two such times, milliseconds. */
export const RECENT_MS = 5_000;

/** One per worker. */
export class LoopDelay {
  readonly histogram: Histogram = new Histogram(workerRows.loopDelay.bounds);
  readonly #nowMs: () => number;
  #windowAtMs: number;
  #current = 0;
  #former = 0;

  /** @param nowMs Milliseconds on any scale that does not go back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#windowAtMs = nowMs();
  }

  /** A tick came so late, in milliseconds. */
  observe(lateMs: number): void {
    this.#turn();
    this.histogram.observe(lateMs / 1000);
    if (lateMs > this.#current) this.#current = lateMs;
  }

  /** The longest of late, milliseconds. */
  get longestMs(): number {
    this.#turn();
    return Math.max(this.#current, this.#former);
  }

  #turn(): void {
    const nowMs = this.#nowMs();
    const passedMs = nowMs - this.#windowAtMs;
    if (passedMs < RECENT_MS) return;
    this.#former = passedMs < 2 * RECENT_MS ? this.#current : 0;
    this.#current = 0;
    this.#windowAtMs = nowMs;
  }
}
