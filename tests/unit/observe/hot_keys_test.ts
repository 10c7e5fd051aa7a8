/**
 * The sketch of hot keys: right within what it says, on a load of the kind that caches have.
 */
import {
  type HotKey,
  HotKeys,
  mergeHotKeys,
  SAMPLES_PER_SECOND,
  SpaceSaving,
  totalOf,
  WINDOW_MS,
} from "../../../src/observe/hot_keys.ts";
import { assert, assertEquals } from "../../deps.ts";
import { Random } from "../../support/tools/seed.ts";

const KEYS = 20_000;

/** Fractions from 0 to below 1, the same in every run: a sample is off by more than it says one time in some hundred. */
function fractions(): () => number {
  const random = new Random(1);
  return () => random.next() / 2 ** 32;
}

/** Draws keys by Zipf's law: key `n` comes a share of 1/n as often as the first. */
function zipf(random: () => number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= KEYS; rank++) sums.push(sum += 1 / rank);
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Shows keys to a sketch, as requests of one key each do. */
class Sampling {
  #until: number;
  readonly #keys: HotKeys;

  constructor(keys: HotKeys) {
    this.#keys = keys;
    this.#until = keys.gap();
  }

  /** Returns whether the key was sampled. */
  see(key: string): boolean {
    this.#until -= 1;
    if (this.#until > 0) return false;
    this.#keys.count(key);
    this.#until = this.#keys.gap();
    return true;
  }
}

function assertWithinErrors(found: readonly HotKey[], truth: readonly number[]): void {
  for (const entry of found) {
    if (entry.key === null) continue;
    const { key, hits, error } = entry;
    const off = Math.abs(hits - truth[Number(key)]!);
    assert(off <= error, `${key}: ${hits} ± ${error}, truly ${truth[Number(key)]}`);
  }
}

Deno.test("of a Zipf load every estimate is within its error, and the hottest keys are found", () => {
  const random = fractions();
  const draw = zipf(random);
  for (const sampleEvery of [1, 8]) {
    const keys = new HotKeys({ sampleEvery, capacity: 512 }, () => 1_000, random);
    const sampling = new Sampling(keys);
    const truth = new Array<number>(KEYS).fill(0);
    for (let count = 0; count < 400_000; count++) {
      const key = draw();
      truth[key]! += 1;
      sampling.see(String(key));
    }
    const entries = keys.entries();
    // Without sampling the bound is certain.
    if (sampleEvery === 1) assertWithinErrors(entries, truth);
    else assertWithinErrors(entries.slice(0, 30), truth);
    assertEquals(entries.slice(0, 3).map(({ key }) => key), ["0", "1", "2"]);
    const top = new Set(entries.slice(0, 20).map(({ key }) => Number(key)));
    for (let rank = 0; rank < 10; rank++) assert(top.has(rank), `${rank} is not among the first`);
    // The stated errors of the hottest say something.
    const [first] = mergeHotKeys([entries], 1);
    assert(first!.error < first!.hits / 4, JSON.stringify(first));
  }
});

Deno.test("however busy a worker is, about so many keys a second are sampled, and errors are as told", () => {
  const random = fractions();
  const draw = zipf(random);
  let nowMs = 0;
  const keys = new HotKeys({ sampleEvery: 32, capacity: 512 }, () => nowMs, random);
  const sampling = new Sampling(keys);
  const truth = new Array<number>(KEYS).fill(0);
  let sampled = 0;
  const sampledWithin = (seconds: number, perSecond: number) => {
    const before = sampled;
    for (let count = 0; count < perSecond * seconds; count++) {
      nowMs += 1000 / perSecond;
      const key = draw();
      truth[key]! += 1;
      if (sampling.see(String(key))) sampled += 1;
    }
    return (sampled - before) / seconds;
  };
  const rates = [
    sampledWithin(2, 1_000_000),
    // One of 32, which is less.
    sampledWithin(5, 20_000),
    sampledWithin(3, 300_000),
    sampledWithin(10, 100),
  ];
  // At first it has yet to see how many come.
  assert(rates[0]! < 1.5 * SAMPLES_PER_SECOND && rates[0]! > SAMPLES_PER_SECOND / 2, `${rates}`);
  assert(Math.abs(rates[1]! - 20_000 / 32) < 100, `${rates}`);
  assert(Math.abs(rates[2]! - SAMPLES_PER_SECOND) < SAMPLES_PER_SECOND / 2, `${rates}`);
  const entries = keys.entries();
  assertWithinErrors(entries.slice(0, 30), truth);
  assertEquals(entries.slice(0, 2).map(({ key }) => key), ["0", "1"]);
  const all = truth.reduce((sum, count) => sum + count);
  assert(Math.abs(totalOf([entries]) - all) < all / 20, `${totalOf([entries])} of ${all}`);
});

Deno.test("two workers' keys are those of one, within the errors of both", () => {
  const random = fractions();
  const draw = zipf(random);
  const workers = [1, 2].map(() => new HotKeys({ sampleEvery: 1, capacity: 128 }, () => 0, random));
  const samplings = workers.map((keys) => new Sampling(keys));
  const truth = new Array<number>(KEYS).fill(0);
  for (let count = 0; count < 100_000; count++) {
    const key = draw();
    truth[key]! += 1;
    samplings[count % 2]!.see(String(key));
  }
  const merged = mergeHotKeys(workers.map((worker) => worker.entries()), 200);
  assertWithinErrors(merged, truth);
  assertEquals(merged[0]!.key, "0");
});

Deno.test("a sketch with room for all counts exactly", () => {
  const sketch = new SpaceSaving(4);
  for (const key of ["a", "b", "a", "c", "a", "b"]) sketch.add(key);
  const found = [...sketch.counters()].map(({ key, count, surplus }) => [key, count, surplus]);
  assertEquals(found.sort(), [["a", 3, 0], ["b", 2, 0], ["c", 1, 0]]);
  assertEquals(sketch.least, 0);
});

Deno.test("a key without room takes over the least, and says what it took over", () => {
  const sketch = new SpaceSaving(2);
  for (const key of ["a", "a", "b", "c"]) sketch.add(key);
  const found = [...sketch.counters()].map(({ key, count, surplus }) => [key, count, surplus]);
  assertEquals(found.sort(), [["a", 2, 0], ["c", 2, 1]]);
  assertEquals(sketch.least, 2);
});

Deno.test("counts are those of the window before and the one that runs", () => {
  let nowMs = 10 * WINDOW_MS + 1_000;
  const keys = new HotKeys({ sampleEvery: 1, capacity: 8 }, () => nowMs);
  const sampling = new Sampling(keys);
  const hits = () => Object.fromEntries(keys.entries().map(({ key, hits }) => [key, hits]));
  for (let count = 0; count < 5; count++) sampling.see("old");
  assertEquals(keys.seconds, 0);
  nowMs += WINDOW_MS;
  sampling.see("new");
  assertEquals(hits(), { old: 5, new: 1, null: 0 });
  assertEquals(keys.seconds, 60);
  nowMs += WINDOW_MS;
  assertEquals(hits(), { new: 1, null: 0 });
  nowMs += 5 * WINDOW_MS;
  assertEquals(hits(), { null: 0 });
  sampling.see("new");
  keys.reset();
  assertEquals(hits(), { null: 0 });
});

Deno.test("keys that come in turns are sampled alike", () => {
  const random = fractions();
  const keys = new HotKeys({ sampleEvery: 4, capacity: 8 }, () => 0, random);
  const sampling = new Sampling(keys);
  for (let count = 0; count < 40_000; count++) sampling.see(String(count % 4));
  for (const { key, hits, error } of mergeHotKeys([keys.entries()], 8)) {
    assert(Math.abs(hits - 10_000) <= error, `${key}: ${hits} ± ${error}`);
  }
});
