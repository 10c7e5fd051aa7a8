/**
 * What the buffers of all workers of a process take, in memory that the workers share: `max_memory_bytes` is one limit
 * for all of them.
 *
 * @module
 */

/** Where the limit stands, in KiB; 0: there is none. */
const LIMIT_AT = 0;
/** Where it stands whether the whole process takes more than the limit. */
const SHORT_AT = 1;
/** Where the first worker's numbers stand: what its buffers take, the fattest holder of them, what nobody has; in KiB. */
const WORKERS_AT = 2;
const WORKER_NUMBERS = 3;
const KIB = 1024;

/** Makes the memory for so many workers. */
export function createMemoryRoom(workerCount: number): SharedArrayBuffer {
  const numbers = WORKERS_AT + WORKER_NUMBERS * workerCount;
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * numbers);
}

/** The memory as one worker, or the supervisor, sees it. Sizes are bytes, kept in KiB. */
export class MemoryRoom {
  readonly #numbers: Int32Array;
  readonly #ownAt: number;

  /** @param workerNumber Whose buffers {@link MemoryRoom.holds} tells of. */
  constructor(memory: SharedArrayBuffer, workerNumber: number) {
    this.#numbers = new Int32Array(memory);
    this.#ownAt = WORKERS_AT + WORKER_NUMBERS * workerNumber;
  }

  /** Most that the buffers of all workers may take; 0: any amount. */
  get limitBytes(): number {
    return Atomics.load(this.#numbers, LIMIT_AT) * KIB;
  }

  set limitBytes(byteCount: number) {
    Atomics.store(this.#numbers, LIMIT_AT, Math.ceil(byteCount / KIB));
  }

  /** Whether the process takes more than the limit, as the system counts. */
  get isShort(): boolean {
    return Atomics.load(this.#numbers, SHORT_AT) !== 0;
  }

  set isShort(isShort: boolean) {
    Atomics.store(this.#numbers, SHORT_AT, isShort ? 1 : 0);
  }

  /** The buffers of this worker take so much; the fattest holder of them, and what nobody has, so much of it. */
  holds(heldBytes: number, fattestBytes: number, spareBytes = 0): void {
    Atomics.store(this.#numbers, this.#ownAt, Math.ceil(heldBytes / KIB));
    Atomics.store(this.#numbers, this.#ownAt + 1, Math.ceil(fattestBytes / KIB));
    Atomics.store(this.#numbers, this.#ownAt + 2, Math.ceil(spareBytes / KIB));
  }

  /** What the buffers of all workers take. */
  get heldBytes(): number {
    return this.#sum(0);
  }

  /** What of it nobody has, and is kept to be used again. */
  get spareBytes(): number {
    return this.#sum(2);
  }

  #sum(number: number): number {
    let sum = 0;
    for (let at = WORKERS_AT + number; at < this.#numbers.length; at += WORKER_NUMBERS) {
      sum += Atomics.load(this.#numbers, at);
    }
    return sum * KIB;
  }

  /** What the fattest holder of the other workers takes. */
  get fattestElsewhereBytes(): number {
    let most = 0;
    for (let at = WORKERS_AT; at < this.#numbers.length; at += WORKER_NUMBERS) {
      if (at !== this.#ownAt) most = Math.max(most, Atomics.load(this.#numbers, at + 1));
    }
    return most * KIB;
  }

  /** This worker has no buffers any more: it has ended, whatever it told. */
  clear(): void {
    this.holds(0, 0);
  }
}
