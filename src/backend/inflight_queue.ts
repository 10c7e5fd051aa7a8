/**
 * What one backend connection owes, in order: one ring, three indices.
 *
 * ```text
 *        oldest            unsent             newest
 *          │ awaiting reply  │ not yet handed   │ free …
 *   ───────▼─────────────────▼──────────────────▼──────
 * ```
 *
 * @module
 */
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import { holds, SHOWN_MAX } from "../invariant.ts";

/** Slots of a new ring; a power of two, as every capacity. */
const FIRST_CAPACITY = 64;

/** Where indices start again; small integers are faster than doubles. */
const INDEX_MAX = 2 ** 30;

/** FIFO of exchanges. Indices only grow; their low bits are the position in the ring. */
export class InflightQueue {
  #ring: (Exchange | null)[] = new Array(FIRST_CAPACITY).fill(null);
  #mask = FIRST_CAPACITY - 1;
  #oldest: number;
  #unsent: number;
  #newest: number;
  /** What indices were lowered by. */
  #rebased = 0;

  /** @param firstIndex Where indices begin, 0 to 2^30 - 1; no call shows it. */
  constructor(firstIndex = 0) {
    this.#oldest = firstIndex;
    this.#unsent = firstIndex;
    this.#newest = firstIndex;
  }

  /** Exchanges in the queue. */
  get size(): number {
    return this.#newest - this.#oldest;
  }

  /** Exchanges whose bytes were handed to the socket. */
  get awaiting(): number {
    return this.#unsent - this.#oldest;
  }

  /** Exchanges whose bytes were not handed to the socket. */
  get unsent(): number {
    return this.#newest - this.#unsent;
  }

  /** Exchanges in the queue that may write. */
  get writes(): number {
    let count = 0;
    for (let index = this.#oldest; index < this.#newest; index++) {
      if (!this.#ring[index & this.#mask]!.isRead) count += 1;
    }
    return count;
  }

  /** Adds an exchange whose bytes were just appended to the send log. */
  push(exchange: Exchange): void {
    if (this.#newest - this.#oldest > this.#mask) this.#grow();
    if (this.#newest === INDEX_MAX) this.#rebase();
    this.#ring[this.#newest & this.#mask] = exchange;
    this.#newest += 1;
  }

  /** The exchange that the next reply answers, or null if none awaits one. */
  oldestAwaiting(): Exchange | null {
    return this.#oldest === this.#unsent ? null : this.#ring[this.#oldest & this.#mask]!;
  }

  /** The exchange `index` places behind the oldest. */
  at(index: number): Exchange {
    return this.#ring[(this.#oldest + index) & this.#mask]!;
  }

  /** Exchanges that have left it at its old end, ever. */
  get shiftedCount(): number {
    return this.#rebased + this.#oldest;
  }

  /** Removes the oldest awaiting exchange. */
  shift(): Exchange {
    const position = this.#oldest & this.#mask;
    const exchange = this.#ring[position]!;
    this.#ring[position] = null;
    this.#oldest += 1;
    return exchange;
  }

  /** Removes the newest unsent exchange. */
  pop(): Exchange {
    this.#newest -= 1;
    const position = this.#newest & this.#mask;
    const exchange = this.#ring[position]!;
    this.#ring[position] = null;
    return exchange;
  }

  /** The oldest exchange not handed to the socket, or null. */
  oldestUnsent(): Exchange | null {
    return this.#unsent === this.#newest ? null : this.#ring[this.#unsent & this.#mask]!;
  }

  /** Counts the oldest unsent exchange as handed to the socket. */
  markSent(): void {
    this.#unsent += 1;
  }

  /**
   * The invariants: indices in order, an exchange in every place between them and nowhere else, those before the unsent
   * ones handed to a socket, and none that was given back.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    holds(this.#oldest <= this.#unsent && this.#unsent <= this.#newest, "indices are in order");
    holds(this.size <= this.#ring.length, "the ring has room for the queue");
    const filled = this.#ring.filter((exchange) => exchange !== null).length;
    holds(filled === this.size, "only places between the indices are filled");
    for (let index = this.#oldest; index < this.#newest; index++) {
      const exchange = this.#ring[index & this.#mask]!;
      exchange.checkInvariants();
      holds(exchange.state !== ExchangeState.Free, "no exchange in the queue was given back");
      holds(
        exchange.isSent === index < this.#unsent,
        "what was handed over stands before the rest",
      );
    }
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    const shown: unknown[] = [];
    for (let index = this.#oldest; index < this.#newest && shown.length < SHOWN_MAX; index++) {
      shown.push(this.#ring[index & this.#mask]?.describeState() ?? null);
    }
    return {
      oldest: this.#oldest,
      unsent: this.#unsent,
      newest: this.#newest,
      capacity: this.#ring.length,
      exchanges: shown,
    };
  }

  /** Keeps the indices small integers however long the connection lives. */
  #rebase(): void {
    const whole = this.#oldest & ~this.#mask;
    this.#rebased += whole;
    this.#oldest -= whole;
    this.#unsent -= whole;
    this.#newest -= whole;
  }

  #grow(): void {
    const former = this.#ring;
    const formerMask = this.#mask;
    const ring: (Exchange | null)[] = new Array(former.length * 2).fill(null);
    const mask = ring.length - 1;
    for (let index = this.#oldest; index < this.#newest; index++) {
      ring[index & mask] = former[index & formerMask]!;
    }
    this.#ring = ring;
    this.#mask = mask;
  }
}
