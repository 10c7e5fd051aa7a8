/**
 * How many clients all workers of a process have, and how many they may have: counted in memory that the workers
 * share, so that clients can never take the last descriptors from the connections to backends. Each cluster has such a
 * memory, too, for its own limit, and for the numbers of what its slow log has. While the process drains, also how many are not waiting for what others do: who waits is closed when those are gone, in all workers.
 *
 * @module
 */

/** Clients fewer than those at which descriptors ran out, where the limit was not known before. */
export const LEARNED_RESERVE = 16;

/** Where in the memory the highest number of clients stands; 0: it is not known. */
const MAX_AT = 0;
/** Where the count of the first worker stands; the others follow, and behind them those of busy clients. */
const COUNTS_AT = 1;
/** Behind all counts: the number given last to an entry of the slow log. */
const NUMBERS_BEHIND = 1;

/** Makes the memory for so many workers. */
export function createClientMemory(workerCount: number): SharedArrayBuffer {
  return new SharedArrayBuffer(
    Int32Array.BYTES_PER_ELEMENT * (COUNTS_AT + 2 * workerCount + NUMBERS_BEHIND),
  );
}

/** The memory as one worker, or the supervisor, sees it. */
export class ClientRoom {
  readonly #numbers: Int32Array;
  readonly #ownAt: number;
  /** Where the counts of busy clients begin. */
  readonly #busyAt: number;
  readonly #ownBusyAt: number;
  /** Where the number of the last entry of the slow log stands. */
  readonly #entryAt: number;

  /** @param workerNumber Whose clients {@link entered} and {@link left} count. */
  constructor(memory: SharedArrayBuffer, workerNumber: number) {
    this.#numbers = new Int32Array(memory);
    this.#ownAt = COUNTS_AT + workerNumber;
    this.#entryAt = this.#numbers.length - NUMBERS_BEHIND;
    this.#busyAt = COUNTS_AT + (this.#entryAt - COUNTS_AT) / 2;
    this.#ownBusyAt = this.#busyAt + workerNumber;
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
    return this.#sum(COUNTS_AT, this.#busyAt);
  }

  /** Clients of all workers that are not waiting for what others do; while the process drains. */
  get busyCount(): number {
    return this.#sum(this.#busyAt, this.#entryAt);
  }

  /** This worker has so many busy clients more, or less. */
  changeBusy(count: number): void {
    if (count !== 0) Atomics.add(this.#numbers, this.#ownBusyAt, count);
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
    Atomics.store(this.#numbers, this.#ownBusyAt, 0);
  }

  /** Descriptors have run out. Where the limit was not known, from now on it is. */
  ranOut(): void {
    if (this.clientsMax !== 0) return;
    this.clientsMax = Math.max(1, this.clientCount - LEARNED_RESERVE);
  }

  /** A number that no other entry of the slow log has, of any worker; later ones are greater. */
  nextEntryNumber(): number {
    return Atomics.add(this.#numbers, this.#entryAt, 1) + 1;
  }

  #sum(from: number, to: number): number {
    let sum = 0;
    for (let at = from; at < to; at++) sum += Atomics.load(this.#numbers, at);
    return sum;
  }
}
