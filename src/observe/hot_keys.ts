/**
 * The keys that are asked for most, of one cluster in one worker: a bounded sketch of sampled keys. The sketch is
 * Space-Saving: as many counters as it has room for; a key without one takes over the least, count included, so that
 * no count is too small, and each is too large by at most what it took over.
 *
 * A sampled key stands for as many as were sampled one of when it came. So the busier a worker is the fewer of its keys
 * can be sampled, and counting costs a busy one no more than one that has little to do.
 *
 * @module
 */

/** Length of a window, milliseconds. What is told covers the window before and the one that runs. */
export const WINDOW_MS = 60_000;
/** Bytes of a key that are kept; longer ones count together if they begin alike. */
export const KEY_BYTES_MAX = 256;

/**
 * Keys sampled in a second at most, roughly: each takes about a microsecond, and in a window so many tell a key that is
 * one of a hundred within some hundredths.
 */
export const SAMPLES_PER_SECOND = 2_000;
/** How often it is looked at how many keys come, milliseconds. */
export const PACE_MS = 50;
/** Of more keys than so many never only one is sampled. */
const INTERVAL_MAX = 4_096;

/** A key and how often it was asked for, as one worker knows it. */
export interface CountedKey {
  /** A character for each byte. */
  readonly key: string;
  /** Times, as estimated. */
  readonly hits: number;
  /** By how many {@link hits} may be wrong. */
  readonly error: number;
  /** `host:port` of the server that has it, where that was looked up. */
  readonly backend?: string;
}

/** What a worker says of the keys that it does not name. */
export interface OtherKeys {
  readonly key: null;
  /** Times that each of them may have been asked for at most, as estimated. */
  readonly hits: number;
  /** Times that all keys were asked for, as estimated. */
  readonly total: number;
}

/** An entry of one worker's list. */
export type HotKey = CountedKey | OtherKeys;

interface Counter {
  key: string;
  /** What the sampled keys stand for. */
  count: number;
  /** By how many it may be too large. */
  surplus: number;
  /** The variance of {@link count} because of sampling. */
  variance: number;
  /** Where it stands in the heap. */
  at: number;
}

/** Counts the keys of one window. */
export class SpaceSaving {
  readonly #capacity: number;
  readonly #byKey = new Map<string, Counter>();
  /** A heap: the least is first. */
  readonly #heap: Counter[] = [];

  /** @param capacity Keys at once, 1 or more. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Most that a key which is not there can have been counted. */
  get least(): number {
    return this.#heap.length < this.#capacity ? 0 : this.#heap[0]!.count;
  }

  /** The counters, in no order. */
  counters(): Iterable<Readonly<Counter>> {
    return this.#heap;
  }

  /** What all keys together were counted. */
  total = 0;

  /** Counts a key, which stands for `weight` of them. */
  add(key: string, weight = 1): void {
    this.total += weight;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#grow(known, weight);
    } else if (this.#heap.length < this.#capacity) {
      const at = this.#heap.length;
      const counter = { key, count: weight, surplus: 0, variance: varianceOf(weight), at };
      this.#byKey.set(key, counter);
      this.#heap.push(counter);
      this.#rise(counter);
    } else {
      const least = this.#heap[0]!;
      this.#byKey.delete(least.key);
      this.#byKey.set(key, least);
      least.key = key;
      least.surplus = least.count;
      this.#grow(least, weight);
    }
  }

  #grow(counter: Counter, weight: number): void {
    counter.count += weight;
    counter.variance += varianceOf(weight);
    this.#sink(counter);
  }

  /** Moves a counter down that has become greater. */
  #sink(counter: Counter): void {
    const heap = this.#heap;
    for (;;) {
      const left = 2 * counter.at + 1;
      let next = counter.at;
      for (let child = left; child <= left + 1 && child < heap.length; child++) {
        if (heap[child]!.count < heap[next]!.count) next = child;
      }
      if (next === counter.at) return;
      this.#swap(counter, heap[next]!);
    }
  }

  #rise(counter: Counter): void {
    while (counter.at > 0) {
      const parent = this.#heap[(counter.at - 1) >> 1]!;
      if (parent.count <= counter.count) return;
      this.#swap(counter, parent);
    }
  }

  #swap(one: Counter, other: Counter): void {
    const at = one.at;
    one.at = other.at;
    other.at = at;
    this.#heap[one.at] = one;
    this.#heap[other.at] = other;
  }
}

/** How far off a sampled key is that stands for `weight`; none is that stands for itself only. */
function varianceOf(weight: number): number {
  return weight * (weight - 1);
}

/** How keys are sampled. */
export interface HotKeyOptions {
  /**
   * One key of so many is counted, on average, and fewer where more than {@link SAMPLES_PER_SECOND} would be; 1: every
   * one, whatever their number.
   */
  readonly sampleEvery: number;
  /** Keys that a window has room for. */
  readonly capacity: number;
}

/** Standard deviations that the told error has of the sample's. */
const DEVIATIONS = 3;

/** The hot keys of one cluster in one worker. */
export class HotKeys {
  readonly #options: HotKeyOptions;
  readonly #nowMs: () => number;
  readonly #random: () => number;
  /** Number of the window that runs, counted from 1970: all workers change windows at the same time. */
  #window: number;
  #current: SpaceSaving;
  #former: SpaceSaving;
  /** When counting began, milliseconds since 1970. */
  #sinceMs: number;
  /** How many keys one that is sampled stands for. */
  #interval: number;
  /** Since when keys are counted to see how many come, and how many have. */
  #pacedAtMs: number;
  #paced = 0;

  /**
   * @param nowMs Milliseconds since 1970.
   * @param random From 0 to below 1.
   */
  constructor(
    options: HotKeyOptions,
    nowMs: () => number = Date.now,
    random: () => number = Math.random,
  ) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#random = random;
    this.#sinceMs = nowMs();
    this.#window = Math.floor(this.#sinceMs / WINDOW_MS);
    this.#current = new SpaceSaving(options.capacity);
    this.#former = new SpaceSaving(options.capacity);
    this.#interval = options.sampleEvery;
    this.#pacedAtMs = this.#sinceMs;
  }

  /** Counts a key that was sampled. */
  count(key: string): void {
    const nowMs = this.#nowMs();
    this.#turn(nowMs);
    this.#current.add(key, this.#interval);
    this.#paced += this.#interval;
    if (nowMs - this.#pacedAtMs >= PACE_MS) this.#pace(nowMs);
  }

  /**
   * Keys to the next one that is to be sampled, which is at least the very next: random, as gaps of one length would meet
   * the same of several keys that come in turns.
   */
  gap(): number {
    return 1 + Math.floor(this.#random() * (2 * this.#interval - 1));
  }

  /** Samples as many as is enough at the pace at which they came. */
  #pace(nowMs: number): void {
    const { sampleEvery } = this.#options;
    const perSecond = this.#paced * 1000 / (nowMs - this.#pacedAtMs);
    this.#pacedAtMs = nowMs;
    this.#paced = 0;
    if (sampleEvery === 1) return;
    const wanted = Math.ceil(perSecond / SAMPLES_PER_SECOND);
    this.#interval = Math.max(sampleEvery, Math.min(INTERVAL_MAX, wanted));
  }

  /** Forgets all counts. */
  reset(): void {
    const { capacity } = this.#options;
    this.#current = new SpaceSaving(capacity);
    this.#former = new SpaceSaving(capacity);
    this.#sinceMs = this.#nowMs();
  }

  /** Seconds that the counts cover. */
  get seconds(): number {
    const nowMs = this.#nowMs();
    const beginMs = (Math.floor(nowMs / WINDOW_MS) - 1) * WINDOW_MS;
    return Math.max(0, nowMs - Math.max(beginMs, this.#sinceMs)) / 1000;
  }

  /** The keys, the most asked for first, and behind them the entry of those that are not there. */
  entries(): HotKey[] {
    this.#turn(this.#nowMs());
    const least = this.#current.least + this.#former.least;
    const sums = new Map<string, { hits: number; surplus: number; variance: number }>();
    for (const sketch of [this.#current, this.#former]) {
      for (const { key, count, surplus, variance } of sketch.counters()) {
        // In a window that does not have it it may have come as often as the least there.
        const sum = sums.get(key) ?? { hits: 0, surplus: least, variance: 0 };
        sums.set(key, {
          hits: sum.hits + count,
          surplus: sum.surplus + surplus - sketch.least,
          variance: sum.variance + variance,
        });
      }
    }
    const keys = [...sums].map(([key, { hits, surplus, variance }]) => ({
      ...{ key, hits, error: surplus + Math.ceil(DEVIATIONS * Math.sqrt(variance)) },
    }));
    keys.sort((one, other) => other.hits - one.hits || (one.key < other.key ? -1 : 1));
    return [...keys, { key: null, hits: least, total: this.#current.total + this.#former.total }];
  }

  #turn(nowMs: number): void {
    const window = Math.floor(nowMs / WINDOW_MS);
    if (window === this.#window) return;
    const isNext = window === this.#window + 1;
    this.#former = isNext ? this.#current : new SpaceSaving(this.#options.capacity);
    this.#current = new SpaceSaving(this.#options.capacity);
    this.#window = window;
  }
}

/** The keys of several workers as those of one, the most asked for first. */
export function mergeHotKeys(
  parts: readonly (readonly HotKey[])[],
  count: number,
): Required<CountedKey>[] {
  const leasts = parts.map((part) => othersOf(part)?.hits ?? 0);
  const allLeast = leasts.reduce((sum, least) => sum + least, 0);
  const sums = new Map<string, { hits: number; error: number; backend: string }>();
  for (const [index, part] of parts.entries()) {
    for (const entry of part) {
      if (entry.key === null) continue;
      const { key, hits, error, backend = "" } = entry;
      const sum = sums.get(key) ?? { hits: 0, error: allLeast, backend: "" };
      sums.set(key, {
        hits: sum.hits + hits,
        error: sum.error + error - leasts[index]!,
        backend: sum.backend || backend,
      });
    }
  }
  return [...sums].map(([key, sum]) => ({ key, ...sum }))
    .sort((one, other) => other.hits - one.hits || (one.key < other.key ? -1 : 1))
    .slice(0, count);
}

/** Times that all keys of several workers were asked for. */
export function totalOf(parts: readonly (readonly HotKey[])[]): number {
  return parts.reduce((sum, part) => sum + (othersOf(part)?.total ?? 0), 0);
}

function othersOf(part: readonly HotKey[]): OtherKeys | undefined {
  return part.find((entry): entry is OtherKeys => entry.key === null);
}
