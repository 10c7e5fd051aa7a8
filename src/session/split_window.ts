/**
 * How much split requests may have under way in one cluster of one worker. Other clients' requests wait behind their
 * fragments, at the backends and here, so fragments in flight are bounded; and each fragment is kept until all of its
 * request are answered, so memory is.
 *
 * @module
 */
import type { Exchange, FragmentWindow } from "../request/exchange.ts";

/** Fragments of split requests that may be in flight; a few milliseconds of work for backends and worker. */
export const FRAGMENTS_IN_FLIGHT_MAX = 2_048;
/** Bytes that split requests may take until they are answered, values left out; a longer one has them alone. */
export const SPLIT_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes that one fragment takes, its part of the reply's chunk included. */
const FRAGMENT_BYTES = 256;
/** Bytes that one key takes: which fragment it is in, its mark, its place in the list, and where it stands. */
const KEY_BYTES = 24;

/** Who waits for room. */
export interface WindowWaiter {
  /** There may be room again; called once for each wait. */
  windowOpened(): void;
}

/** One per cluster and worker. */
export class SplitWindow implements FragmentWindow {
  /** Fragments in flight, those included that nobody waits for any more. */
  inFlight = 0;
  /** Bytes taken by split requests. */
  takenBytes = 0;
  #waiters: WindowWaiter[] = [];

  /** Whether no further fragment may be sent now. */
  get isFull(): boolean {
    return this.inFlight >= FRAGMENTS_IN_FLIGHT_MAX;
  }

  /** Counts an exchange that is about to be sent. */
  enter(exchange: Exchange): void {
    exchange.window = this;
    this.inFlight += 1;
  }

  left(): void {
    this.inFlight -= 1;
    if (this.#waiters.length > 0 && this.inFlight <= FRAGMENTS_IN_FLIGHT_MAX / 2) this.#wake();
  }

  /** Takes `byteCount` bytes, unless others have too much of them. */
  take(byteCount: number): boolean {
    if (this.takenBytes > 0 && this.takenBytes + byteCount > SPLIT_BYTES_MAX) return false;
    this.takenBytes += byteCount;
    return true;
  }

  /** Gives bytes back. */
  giveBack(byteCount: number): void {
    this.takenBytes -= byteCount;
    if (this.#waiters.length > 0) this.#wake();
  }

  /** Has `waiter` hear when there may be room. */
  wait(waiter: WindowWaiter): void {
    if (!this.#waiters.includes(waiter)) this.#waiters.push(waiter);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.windowOpened();
  }
}

/** Bytes that a split request takes at the most: `placeCount` is the number of places there are. */
export function splitBytes(keyCount: number, placeCount: number): number {
  return keyCount * KEY_BYTES + Math.min(keyCount, placeCount) * FRAGMENT_BYTES;
}
