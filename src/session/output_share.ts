/**
 * What clients leave untaken of their replies. Each may hold a little without asking; what all of them hold above
 * that is bounded together, since any number of clients may have asked for much before they read.
 *
 * @module
 */

/** Replies that a client may leave untaken without asking, bytes. */
export const OUTPUT_SOFT_BYTES = 1024 * 1024;

/** Who waits until others have taken some of theirs. */
export interface OutputWaiter {
  /** There is room again; called once for each wait. */
  outputTaken(): void;
}

/** What all clients of a cluster hold in one worker above {@link OUTPUT_SOFT_BYTES} each. */
export class OutputPool {
  heldBytes = 0;
  /** Most bytes at once; a reload may change it. */
  heldBytesMax: number;
  #waiters: OutputWaiter[] = [];

  constructor(heldBytesMax: number) {
    this.heldBytesMax = heldBytesMax;
  }

  /** Whether nobody may hold more. */
  get isFull(): boolean {
    return this.heldBytes >= this.heldBytesMax;
  }

  /** Somebody holds so many bytes more, or less. */
  change(byteCount: number): void {
    this.heldBytes += byteCount;
    if (byteCount > 0 || this.#waiters.length === 0 || this.isFull) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.outputTaken();
  }

  /** Has `waiter` hear when it is not full any more. */
  wait(waiter: OutputWaiter): void {
    if (!this.#waiters.includes(waiter)) this.#waiters.push(waiter);
  }
}

/** One client's part of it. */
export class OutputShare {
  /** Bytes above {@link OUTPUT_SOFT_BYTES}. */
  heldBytes = 0;
  readonly #pool: OutputPool;

  constructor(pool: OutputPool) {
    this.#pool = pool;
  }

  /** The client leaves `untakenBytes` untaken now. */
  set(untakenBytes: number): void {
    const heldBytes = Math.max(0, untakenBytes - OUTPUT_SOFT_BYTES);
    const change = heldBytes - this.heldBytes;
    if (change === 0) return;
    this.heldBytes = heldBytes;
    this.#pool.change(change);
  }
}
