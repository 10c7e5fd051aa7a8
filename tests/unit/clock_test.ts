import {
  Clock,
  Deadline,
  sharedNowMs,
  STEP_MAX_MS,
  TICK_INTERVAL_MS,
  type Watched,
} from "../../src/clock.ts";
import { assert, assertEquals } from "../deps.ts";

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

/** Stands in for the system's monotonic clock: a test moves it. */
class FakeTime implements Disposable {
  nowMs = 0;
  readonly #now = performance.now;

  constructor() {
    performance.now = () => this.nowMs;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
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

/** Keeps what it is told to judge by. */
class Judge implements Watched {
  isWatched = false;
  readonly toldMs: number[] = [];

  onTick(nowMs: number): boolean {
    this.toldMs.push(nowMs);
    return true;
  }
}

Deno.test("the clock goes forward when it is read, and as far as it likes while nothing is watched", () => {
  using time = new FakeTime();
  const clock = new Clock();
  time.nowMs += 10_000;
  assertEquals([clock.nowMs, clock.realMs], [0, 0]);
  clock.readNow();
  assertEquals([clock.nowMs, clock.realMs], [10_000, 10_000]);
});

Deno.test("a tick reads the clock and judges by the time of the tick before: what came until then was read since", () => {
  using intervals = new FakeIntervals();
  using time = new FakeTime();
  const clock = new Clock();
  const judge = new Judge();
  time.nowMs = 7;
  clock.watch(judge);
  for (const nowMs of [57, 110, 160]) {
    time.nowMs = nowMs;
    intervals.fire();
    assertEquals(clock.nowMs, nowMs);
  }
  assertEquals(judge.toldMs, [7, 57, 110]);
});

Deno.test("a late tick gives the lateness back, whoever reads the clock first; real time goes on", () => {
  using intervals = new FakeIntervals();
  using time = new FakeTime();
  const clock = new Clock();
  const judge = new Judge();
  clock.watch(judge);
  time.nowMs = 50;
  intervals.fire();
  time.nowMs = 2_650;
  clock.readNow();
  assertEquals([clock.nowMs, clock.realMs], [50 + STEP_MAX_MS, 2_650]);
  time.nowMs = 2_660;
  intervals.fire();
  assertEquals([clock.nowMs, clock.realMs], [50 + STEP_MAX_MS, 2_660]);
  time.nowMs = 2_710;
  intervals.fire();
  assertEquals([clock.nowMs, clock.realMs], [100 + STEP_MAX_MS, 2_710]);
  assertEquals(judge.toldMs, [0, 50, 50 + STEP_MAX_MS]);
});

Deno.test("time in which nothing was watched is not given back to who is watched next", () => {
  using intervals = new FakeIntervals();
  using time = new FakeTime();
  const clock = new Clock();
  clock.watch(new Item(1));
  time.nowMs = 50;
  intervals.fire();
  time.nowMs = 5_000;
  const judge = new Judge();
  clock.watch(judge);
  time.nowMs = 5_050;
  intervals.fire();
  assertEquals([judge.toldMs, clock.nowMs], [[5_000], 5_050]);
});

Deno.test("a deadline passes once, after ticks on time for as long as it was set, unless it is cancelled", () => {
  using intervals = new FakeIntervals();
  using time = new FakeTime();
  const clock = new Clock();
  const passed: string[] = [];
  // The clock stands where the last turn left it; the deadline counts from now.
  time.nowMs = 1_000;
  new Deadline(clock, 200, () => passed.push("first"));
  const cancelled = new Deadline(clock, 200, () => passed.push("second"));
  const ticks: number[] = [];
  for (const nowMs of [1_050, 3_650, 3_700, 3_750, 3_800]) {
    time.nowMs = nowMs;
    intervals.fire();
    ticks.push(passed.length);
    if (nowMs === 3_700) cancelled.cancel();
  }
  assertEquals([ticks, passed], [[0, 0, 0, 1, 1], ["first"]]);
  assertEquals(intervals.running.size, 0);
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

Deno.test("threads that start at different times share one scale of time", async () => {
  const clock = JSON.stringify(new URL("../../src/clock.ts", import.meta.url).href);
  const program = `import { sharedNowMs } from ${clock}; self.postMessage(sharedNowMs());`;
  const beganMs = sharedNowMs();
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(program)}`, {
    type: "module",
  });
  const told = await new Promise<number>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.terminate();
  // The beginnings of both are told by the system's clock, to some microseconds.
  assert(told >= beganMs - 1 && told <= sharedNowMs() + 1, `${told} since ${beganMs}`);
});
