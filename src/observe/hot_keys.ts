/**
 * The keys that are asked for most, of one cluster in one worker: a bounded sketch of sampled keys. The sketch is
 * Space-Saving: as many counters as it has room for; a key without one takes over the least, count included, so that
 * no count is too small, and each is too large by at most what it took over.
 *
 * @module
 */

/** Length of a window, milliseconds. What is told covers the window before and the one that runs. */
export const WINDOW_MS = 60_000;
/** Bytes of a key that are kept; longer ones count together if they begin alike. */
export const KEY_BYTES_MAX = 256;

/** A key and how often it was asked for, as one worker knows it. */
export interface HotKey {
  /** A character for each byte; null: the entry says of keys that are not there how often they may have been. */
  readonly key: string | null;
  /** Times, as estimated. */
  readonly hits: number;
  /** By how many {@link hits} may be wrong. */
  readonly error: number;
}

interface Counter {
  key: string;
  count: number;
  /** By how many it may be too large. */
  surplus: number;
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

  /** Counts a key once. */
  add(key: string): void {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count += 1;
      this.#sink(known);
    } else if (this.#heap.length < this.#capacity) {
      const counter = { key, count: 1, surplus: 0, at: this.#heap.length };
      this.#byKey.set(key, counter);
      this.#heap.push(counter);
      this.#rise(counter);
    } else {
      const least = this.#heap[0]!;
      this.#byKey.delete(least.key);
      this.#byKey.set(key, least);
      least.key = key;
      least.surplus = least.count;
      least.count += 1;
      this.#sink(least);
    }
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

/** How keys are sampled. */
export interface HotKeyOptions {
  /** One key of so many is counted, on average; 1: every one. */
  readonly sampleEvery: number;
  /** Keys that a window has room for. */
  readonly capacity: number;
}

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
  /** Keys until the next one that is counted. */
  #until = 1;

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
  }

  /** So many keys come; returns the position of the first that is to be counted, or -1. */
  next(keyCount: number): number {
    this.#until -= keyCount;
    if (this.#until > 0) return -1;
    return keyCount - 1 + this.#until;
  }

  /** Counts the key that {@link next} has named; returns how many keys behind it the next one stands. */
  count(key: string): number {
    this.#turn();
    this.#current.add(key);
    // Gaps of one length would meet the same of several keys that come in turns.
    const gap = 1 + Math.floor(this.#random() * (2 * this.#options.sampleEvery - 1));
    this.#until += gap;
    return gap;
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
    this.#turn();
    const { sampleEvery } = this.#options;
    const least = this.#current.least + this.#former.least;
    const sums = new Map<string, { count: number; surplus: number }>();
    for (const sketch of [this.#current, this.#former]) {
      for (const { key, count, surplus } of sketch.counters()) {
        // In a window that does not have it it may have come as often as the least there.
        const sum = sums.get(key) ?? { count: 0, surplus: least };
        sums.set(key, {
          count: sum.count + count,
          surplus: sum.surplus + surplus - sketch.least,
        });
      }
    }
    const keys = [...sums].map(([key, { count, surplus }]) => ({
      key,
      hits: count * sampleEvery,
      error: errorOf(count, surplus, sampleEvery),
    }));
    keys.sort((one, other) => other.hits - one.hits || (one.key < other.key ? -1 : 1));
    return [...keys, { key: null, hits: least * sampleEvery, error: 0 }];
  }

  #turn(): void {
    const window = Math.floor(this.#nowMs() / WINDOW_MS);
    if (window === this.#window) return;
    const isNext = window === this.#window + 1;
    this.#former = isNext ? this.#current : new SpaceSaving(this.#options.capacity);
    this.#current = new SpaceSaving(this.#options.capacity);
    this.#window = window;
  }
}

/** What a counter took over, and three times the standard deviation of a sample of so many. */
function errorOf(count: number, surplus: number, sampleEvery: number): number {
  const spread = sampleEvery === 1 ? 0 : Math.ceil(3 * Math.sqrt(count));
  return (surplus + spread) * sampleEvery;
}

/** The keys of several workers as those of one, the most asked for first. */
export function mergeHotKeys(
  parts: readonly (readonly HotKey[])[],
  count: number,
): (HotKey & { key: string })[] {
  const leasts = parts.map((part) => part.find(({ key }) => key === null)?.hits ?? 0);
  const allLeast = leasts.reduce((sum, least) => sum + least, 0);
  const sums = new Map<string, { hits: number; error: number }>();
  for (const [index, part] of parts.entries()) {
    for (const { key, hits, error } of part) {
      if (key === null) continue;
      const sum = sums.get(key) ?? { hits: 0, error: allLeast };
      sums.set(key, { hits: sum.hits + hits, error: sum.error + error - leasts[index]! });
    }
  }
  return [...sums].map(([key, sum]) => ({ key, ...sum }))
    .sort((one, other) => other.hits - one.hits || (one.key < other.key ? -1 : 1))
    .slice(0, count);
}
