/**
 * How many clients all workers of a process have, and how many they may have: counted in memory that the workers
 * share, so that clients can never take the last descriptors from the connections to backends.
 *
 * @module
 */

/** Clients fewer than those at which descriptors ran out, where the limit was not known before. */
export const LEARNED_RESERVE = 16;

/** Where in the memory the highest number of clients stands; 0: it is not known. */
const MAX_AT = 0;
/** Where the count of the first worker stands; the others follow. */
const COUNTS_AT = 1;

/** Makes the memory for so many workers. */
export function createClientMemory(workerCount: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (COUNTS_AT + workerCount));
}

/** The memory as one worker, or the supervisor, sees it. */
export class ClientRoom {
  readonly #numbers: Int32Array;
  readonly #ownAt: number;

  /** @param workerNumber Whose clients {@link entered} and {@link left} count. */
  constructor(memory: SharedArrayBuffer, workerNumber: number) {
    this.#numbers = new Int32Array(memory);
    this.#ownAt = COUNTS_AT + workerNumber;
  }

  /** Most clients of all workers together; 0 where no limit is known. */
  get clientsMax(): number {
    return Atomics.load(this.#numbers, MAX_AT);
  }

  set clientsMax(count: number) {
    Atomics.store(this.#numbers, MAX_AT, count);
  }

  /** Clients of all workers together. */
  get clientCount(): number {
    let sum = 0;
    for (let at = COUNTS_AT; at < this.#numbers.length; at++) {
      sum += Atomics.load(this.#numbers, at);
    }
    return sum;
  }

  /** Whether one more client may be accepted. */
  get isOpen(): boolean {
    const { clientsMax } = this;
    return clientsMax === 0 || this.clientCount < clientsMax;
  }

  /** This worker has one client more. */
  entered(): void {
    Atomics.add(this.#numbers, this.#ownAt, 1);
  }

  /** This worker has one client less. */
  left(): void {
    Atomics.sub(this.#numbers, this.#ownAt, 1);
  }

  /** This worker has no clients any more: it has ended, whatever it counted. */
  clear(): void {
    Atomics.store(this.#numbers, this.#ownAt, 0);
  }

  /** Descriptors have run out. Where the limit was not known, from now on it is. */
  ranOut(): void {
    if (this.clientsMax !== 0) return;
    this.clientsMax = Math.max(1, this.clientCount - LEARNED_RESERVE);
  }
}
