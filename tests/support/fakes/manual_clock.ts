/**
 * A clock that a test moves: nothing passes but by {@link ManualClock.advance}.
 *
 * @module
 */
import { Clock, type Watched } from "../../../src/clock.ts";

/** Starts at 1,000,000 ms and ticks only when it is moved. */
export class ManualClock extends Clock {
  /** Called when what a tick has caused is over. */
  afterTick: (() => void) | null = null;
  #items: Watched[] = [];

  constructor() {
    super();
    this.nowMs = 1_000_000;
    this.realMs = this.nowMs;
  }

  /** Objects that wait for the next tick. */
  get watchedCount(): number {
    return this.#items.length;
  }

  override readNow(): void {}

  override watch(item: Watched): void {
    if (item.isWatched) return;
    item.isWatched = true;
    this.#items.push(item);
  }

  override stop(): void {
    this.#items = [];
  }

  /** The process stands still for so long, and nothing of it counts against anybody: the next tick is a late one. */
  standStill(milliseconds: number): void {
    this.realMs += milliseconds;
  }

  /** Lets `milliseconds` pass, then ticks once. */
  advance(milliseconds: number): void {
    this.nowMs += milliseconds;
    this.realMs += milliseconds;
    const due = this.#items;
    this.#items = [];
    for (const item of due) {
      item.isWatched = false;
      if (item.onTick(this.nowMs)) this.watch(item);
    }
    this.afterTick?.();
  }
}
