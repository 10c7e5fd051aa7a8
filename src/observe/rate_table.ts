/**
 * Who may ask for how much now, in memory that the workers of a cluster share: a rate limit by address, user or
 * cluster counts what comes to any of them.
 *
 * Each key has one number: the time from which on its bucket is full again. A request moves it on by what one costs, and
 * is too much where that is further ahead than the whole bucket is worth (the generic cell rate algorithm). A key whose
 * time has come needs no entry, so entries free themselves.
 *
 * @module
 */
import { sharedNowMs } from "../clock.ts";
import { mixBits } from "./key_mix.ts";

/** Keys that may have entries at once; beyond them the one that is nearest to a full bucket is forgotten. */
export const RATE_ENTRIES: number = 32_768;
/** Entries in which one key is looked for. */
export const RATE_WINDOW = 16;

/** Numbers of an entry: its key, and when its bucket is full again. */
const ENTRY_NUMBERS = 2;
/** The first entry's place is the clock's. */
const CLOCK_AT = 0;
const NS_PER_MS = 1e6;
const NO_KEY = 0n;

/** Makes the memory: 512 KiB, of which only what is used takes room. */
export function createRateMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(
    BigInt64Array.BYTES_PER_ELEMENT * ENTRY_NUMBERS * (RATE_ENTRIES + 1),
  );
}

/** What a key may have. */
export interface Rate {
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Requests at once after a rest; at least 1. */
  readonly burst: number;
}

/** The memory as one worker sees it. */
export class RateTable {
  readonly #cells: BigInt64Array;
  readonly #nowMs: () => number;
  /** How far the clock that workers share is ahead of this worker's. */
  #offsetNs = 0n;

  /**
   * @param nowMs Milliseconds on a scale that all threads share. Where one thread's is ahead of another's, both count by
   * it as soon as they meet; what that thread is ahead then passes beyond the rate, once.
   */
  constructor(memory: SharedArrayBuffer, nowMs: () => number = sharedNowMs) {
    this.#cells = new BigInt64Array(memory);
    this.#nowMs = nowMs;
  }

  /**
   * Takes one request of `key`; false where it has had as many as it may.
   *
   * @param key Not 0.
   */
  take(key: bigint, rate: Rate): boolean {
    const cells = this.#cells;
    const costNs = BigInt(Math.ceil(1000 * NS_PER_MS / rate.perSecond));
    const wholeNs = costNs * BigInt(rate.burst);
    const at = this.#find(key) + 1;
    for (;;) {
      const fullNs = Atomics.load(cells, at);
      // Read behind that: a thread that has stood still in between would take what others had meanwhile for too much.
      const nowNs = this.#sharedNow();
      if (fullNs > nowNs + wholeNs) {
        // By a former, slower rate; by this one the bucket is empty, and no more.
        Atomics.compareExchange(cells, at, fullNs, nowNs + wholeNs);
        return false;
      }
      const nextNs = (fullNs < nowNs ? nowNs : fullNs) + costNs;
      if (nextNs - nowNs > wholeNs) return false;
      if (Atomics.compareExchange(cells, at, fullNs, nextNs) === fullNs) return true;
    }
  }

  /** Where the entry of `key` is; takes one for it that nobody needs, or that is needed the least. */
  #find(key: bigint): number {
    const cells = this.#cells;
    const first = mixBits(key);
    for (;;) {
      let chosen = -1;
      let chosenNs = 0n;
      for (let step = 0; step < RATE_WINDOW; step++) {
        const at = ENTRY_NUMBERS * (1 + ((first + step) & (RATE_ENTRIES - 1)));
        const owner = Atomics.load(cells, at);
        if (owner === key) return at;
        const fullNs = owner === NO_KEY ? 0n : Atomics.load(cells, at + 1);
        if (chosen < 0 || fullNs < chosenNs) [chosen, chosenNs] = [at, fullNs];
        if (owner === NO_KEY) break;
      }
      const former = Atomics.load(cells, chosen);
      if (Atomics.compareExchange(cells, chosen, former, key) !== former) continue;
      // Its former key's debts are not this one's.
      const nowNs = this.#sharedNow();
      if (chosenNs > nowNs) Atomics.compareExchange(cells, chosen + 1, chosenNs, nowNs);
      return chosen;
    }
  }

  /**
   * Workers' clocks may differ: whoever is behind goes on by what another has seen. Its own is read
   * behind that, and not taken from the turn: else it would be found behind by as long as this turn has taken, and the
   * time that all share would gain by it.
   */
  #sharedNow(): bigint {
    const seenNs = Atomics.load(this.#cells, CLOCK_AT);
    const nowNs = BigInt(Math.round(this.#nowMs() * NS_PER_MS)) + this.#offsetNs;
    if (seenNs > nowNs) {
      this.#offsetNs += seenNs - nowNs;
      return seenNs;
    }
    if (seenNs < nowNs) Atomics.store(this.#cells, CLOCK_AT, nowNs);
    return nowNs;
  }
}
