import { Clock, TICK_INTERVAL_MS, type Watched } from "../../src/clock.ts";
import { assertEquals } from "../deps.ts";

/** Stands in for the runtime's intervals: a test lets them fire. */
class FakeIntervals implements Disposable {
  readonly running = new Map<number, () => void>();
  readonly periodsMs: number[] = [];
  readonly #setInterval = globalThis.setInterval;
  readonly #clearInterval = globalThis.clearInterval;
  #last = 0;

  constructor() {
    globalThis.setInterval = ((callback: () => void, periodMs: number) => {
      this.#last += 1;
      this.running.set(this.#last, callback);
      this.periodsMs.push(periodMs);
      return this.#last;
    }) as unknown as typeof setInterval;
    globalThis.clearInterval = ((timer: number) => {
      this.running.delete(timer);
    }) as unknown as typeof clearInterval;
  }

  fire(): void {
    for (const callback of [...this.running.values()]) callback();
  }

  [Symbol.dispose](): void {
    globalThis.setInterval = this.#setInterval;
    globalThis.clearInterval = this.#clearInterval;
  }
}

/** Wants as many ticks as it is told. */
class Item implements Watched {
  isWatched = false;
  ticks = 0;
  readonly #wanted: number;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  onTick(_nowMs: number): boolean {
    this.ticks += 1;
    return this.ticks < this.#wanted;
  }
}

Deno.test("there is no timer unless something is watched", () => {
  using intervals = new FakeIntervals();
  const clock = new Clock();
  assertEquals(intervals.running.size, 0);
  const item = new Item(2);
  clock.watch(item);
  clock.watch(item);
  assertEquals([intervals.running.size, intervals.periodsMs], [1, [TICK_INTERVAL_MS]]);
  intervals.fire();
  assertEquals([item.ticks, item.isWatched, intervals.running.size], [1, true, 1]);
  intervals.fire();
  assertEquals([item.ticks, item.isWatched, intervals.running.size], [2, false, 0]);
});

Deno.test("something watched again after its last tick ticks again", () => {
  using intervals = new FakeIntervals();
  const clock = new Clock();
  const item = new Item(1);
  clock.watch(item);
  intervals.fire();
  clock.watch(item);
  assertEquals(intervals.running.size, 1);
  intervals.fire();
  assertEquals([item.ticks, intervals.running.size], [2, 0]);
});

Deno.test("what is watched during a tick waits for the next one", () => {
  using intervals = new FakeIntervals();
  const clock = new Clock();
  const late = new Item(1);
  const first: Watched = {
    isWatched: false,
    onTick: () => {
      clock.watch(late);
      return false;
    },
  };
  clock.watch(first);
  intervals.fire();
  assertEquals([late.ticks, intervals.running.size], [0, 1]);
  intervals.fire();
  assertEquals([late.ticks, intervals.running.size], [1, 0]);
});

Deno.test("the clock goes forward when it is read, and a tick reads it", () => {
  using intervals = new FakeIntervals();
  const clock = new Clock();
  const startMs = clock.nowMs;
  while (performance.now() - startMs < 2);
  assertEquals(clock.nowMs, startMs);
  let toldMs = 0;
  clock.watch({
    isWatched: false,
    onTick: (nowMs) => {
      toldMs = nowMs;
      return false;
    },
  });
  intervals.fire();
  assertEquals([toldMs >= startMs + 2, toldMs === clock.nowMs], [true, true]);
  const tickMs = clock.nowMs;
  while (performance.now() === tickMs);
  clock.readNow();
  assertEquals(clock.nowMs > tickMs, true);
});

Deno.test("stop() ends the tick for good, also in the middle of one", () => {
  using intervals = new FakeIntervals();
  const clock = new Clock();
  const item = new Item(10);
  clock.watch({
    isWatched: false,
    onTick: () => {
      clock.stop();
      return true;
    },
  });
  clock.watch(item);
  intervals.fire();
  assertEquals(intervals.running.size, 0);
  clock.watch(new Item(10));
  assertEquals(intervals.running.size, 0);
});
