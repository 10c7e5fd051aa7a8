/**
 * How many clients each address has in all workers of a cluster, in memory that they share. An entry is of one address
 * and one worker, and only that worker writes it: what a worker counted that has died can be told, and is let go.
 *
 * @module
 */
import { highBits, lowBits, mixBits } from "./key_mix.ts";

/** Pairs of address and worker that are counted at once; of those beyond, each worker counts none. */
export const ADDRESS_ENTRIES: number = 65_536;
/** Entries in which one address is looked for. */
export const ADDRESS_WINDOW = 128;

/** Numbers of an entry: the address in two parts, the worker's number plus 1 (0: it is free), clients. */
const ENTRY_NUMBERS = 4;
const HIGH = 0;
const LOW = 1;
const OWNER = 2;
const COUNT = 3;

/** Makes the memory: 1 MiB, of which only what is used takes room. */
export function createAddressMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * ENTRY_NUMBERS * ADDRESS_ENTRIES);
}

/** The memory as one worker, or the supervisor, sees it. */
export class AddressRoom {
  readonly #numbers: Int32Array;
  readonly #owner: number;

  /** @param workerNumber Whose clients {@link entered} and {@link left} count. */
  constructor(memory: SharedArrayBuffer, workerNumber: number) {
    this.#numbers = new Int32Array(memory);
    this.#owner = workerNumber + 1;
  }

  /**
   * This worker has one client more of this address.
   *
   * @returns Whether it is counted: not where too many other addresses are.
   */
  entered(key: bigint): boolean {
    const numbers = this.#numbers;
    let at = this.#find(key, this.#owner);
    if (at < 0) {
      at = this.#claim(key);
      if (at < 0) return false;
      Atomics.store(numbers, at + HIGH, highBits(key));
      Atomics.store(numbers, at + LOW, lowBits(key));
    }
    Atomics.add(numbers, at + COUNT, 1);
    return true;
  }

  /** This worker has one client less of this address, of those that were counted. */
  left(key: bigint): void {
    const numbers = this.#numbers;
    const at = this.#find(key, this.#owner);
    if (at < 0) return;
    if (Atomics.sub(numbers, at + COUNT, 1) > 1) return;
    Atomics.store(numbers, at + COUNT, 0);
    Atomics.store(numbers, at + OWNER, 0);
  }

  /** Clients of this address in all workers. */
  countOf(key: bigint): number {
    const numbers = this.#numbers;
    const [high, low] = [highBits(key), lowBits(key)];
    const first = mixBits(key);
    let sum = 0;
    for (let step = 0; step < ADDRESS_WINDOW; step++) {
      const at = entryAt(first + step);
      if (numbers[at + HIGH] !== high || numbers[at + LOW] !== low) continue;
      if (Atomics.load(numbers, at + OWNER) !== 0) sum += Atomics.load(numbers, at + COUNT);
    }
    return sum;
  }

  /** This worker has no clients any more: it has ended, whatever it counted. */
  clear(): void {
    const numbers = this.#numbers;
    for (let at = 0; at < numbers.length; at += ENTRY_NUMBERS) {
      if (numbers[at + OWNER] !== this.#owner) continue;
      Atomics.store(numbers, at + COUNT, 0);
      Atomics.store(numbers, at + OWNER, 0);
    }
  }

  #find(key: bigint, owner: number): number {
    const numbers = this.#numbers;
    const [high, low] = [highBits(key), lowBits(key)];
    const first = mixBits(key);
    for (let step = 0; step < ADDRESS_WINDOW; step++) {
      const at = entryAt(first + step);
      if (numbers[at + OWNER] !== owner) continue;
      if (numbers[at + HIGH] === high && numbers[at + LOW] === low) return at;
    }
    return -1;
  }

  #claim(key: bigint): number {
    const first = mixBits(key);
    for (let step = 0; step < ADDRESS_WINDOW; step++) {
      const at = entryAt(first + step);
      if (Atomics.compareExchange(this.#numbers, at + OWNER, 0, this.#owner) === 0) return at;
    }
    return -1;
  }
}

function entryAt(index: number): number {
  return ENTRY_NUMBERS * (index & (ADDRESS_ENTRIES - 1));
}
