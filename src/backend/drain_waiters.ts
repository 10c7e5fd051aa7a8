/**
 * Who waits until a backend connection's send log has drained.
 *
 * @module
 */

/** Someone held back by a full send log. */
export interface DrainWaiter {
  /** Called once when the log has drained, or is gone. */
  backendDrained(): void;
}

/** The waiters of one connection. */
export class DrainWaiters {
  #waiters: DrainWaiter[] = [];

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  add(waiter: DrainWaiter): void {
    this.#waiters.push(waiter);
  }

  /** Calls everyone, once. */
  wake(): void {
    if (this.isEmpty) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.backendDrained();
  }
}
