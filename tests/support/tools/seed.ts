/**
 * Random numbers that can be had again: every random test prints its seed, and `ASTER_TEST_SEED` sets it.
 *
 * @module
 */

/** Name of the environment variable that sets the seed of all random tests. */
export const SEED_VARIABLE = "ASTER_TEST_SEED";

/** Name of the environment variable that multiplies the counts of random tests; `deno task fuzz` sets it. */
export const SCALE_VARIABLE = "ASTER_TEST_SCALE";

const RANGE = 0x1_0000_0000;

/** A small seeded generator (xorshift with a Weyl sequence); the same seed gives the same numbers. */
export class Random {
  readonly seed: number;
  #state: number;
  #weyl = 0;

  /** @param seed 0 to 2^32 - 1. */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = (Math.imul(this.seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0) || 1;
  }

  /** The next number, 0 to 2^32 - 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    this.#weyl = (this.#weyl + 0x6d2b79f5) | 0;
    let mixed = (state + this.#weyl) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    return (mixed ^ (mixed >>> 13)) >>> 0;
  }

  /** A whole number from 0 up to, but without, `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / RANGE) * limit);
  }

  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() / RANGE < probability;
  }

  /** One of the choices. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    if (choices.length === 0) throw new RangeError("Cannot pick from nothing");
    return choices[this.below(choices.length)]!;
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const made = new Uint8Array(length);
    for (let index = 0; index < length; index++) made[index] = this.next() >>> 24;
    return made;
  }

  /** A copy of `items` in random order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const made = [...items];
    for (let index = made.length - 1; index > 0; index--) {
      const other = this.below(index + 1);
      [made[index], made[other]] = [made[other]!, made[index]!];
    }
    return made;
  }
}

/**
 * A generator for one random test. Prints how to run the test again with the same numbers.
 *
 * @param what Name of the test, for the print.
 */
export function seededRandom(what: string): Random {
  const given = Deno.env.get(SEED_VARIABLE);
  const seed = given === undefined || given === ""
    ? crypto.getRandomValues(new Uint32Array(1))[0]!
    : Number.parseInt(given, 10);
  if (!Number.isInteger(seed) || seed < 0 || seed >= RANGE) {
    throw new RangeError(`Cannot use ${SEED_VARIABLE} "${given}": 0 to 2^32 - 1 expected`);
  }
  console.log(`${what}: ${SEED_VARIABLE}=${seed}`);
  return new Random(seed);
}

/**
 * How many cases a random test tries: `count` in the test suite, many times that in a long run.
 *
 * @param count Cases that fit the test suite, at most a few seconds' worth.
 */
export function scaled(count: number): number {
  const scale = Number(Deno.env.get(SCALE_VARIABLE) ?? 1);
  if (!(scale > 0)) throw new RangeError(`Cannot scale by ${SCALE_VARIABLE}: more than 0 expected`);
  return Math.max(1, Math.round(count * scale));
}
