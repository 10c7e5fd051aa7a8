/**
 * Which descriptors a thread has open, and which thread that is, in memory that others can read: when a thread is ended
 * from outside, nobody in it closes them, and its clients would wait for ever.
 *
 * @module
 */

/** Descriptors from this number on are not noted: far more than a process may have. */
export const DESCRIPTORS_MAX: number = 2 ** 20;

const BITS = 32;
/** Where the number of the thread stands; behind it a bit for each descriptor. */
const THREAD_AT = 0;
const BITS_AT = 1;

/** Makes the memory of a book. */
export function createDescriptorMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (BITS_AT + DESCRIPTORS_MAX / BITS));
}

/** The memory as the thread sees it, or somebody else. */
export class DescriptorBook {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** The kernel's number of the thread; 0 before it has begun. */
  get threadId(): number {
    return Atomics.load(this.#words, THREAD_AT);
  }

  set threadId(id: number) {
    Atomics.store(this.#words, THREAD_AT, id);
  }

  /** The thread has opened it. */
  note(descriptor: number): void {
    if (descriptor >= DESCRIPTORS_MAX) return;
    Atomics.or(this.#words, BITS_AT + (descriptor >>> 5), 1 << (descriptor & (BITS - 1)));
  }

  /** The thread is about to close it. */
  forget(descriptor: number): void {
    if (descriptor >= DESCRIPTORS_MAX) return;
    Atomics.and(this.#words, BITS_AT + (descriptor >>> 5), ~(1 << (descriptor & (BITS - 1))));
  }

  /** All that are open. */
  list(): number[] {
    const open: number[] = [];
    for (let at = BITS_AT; at < this.#words.length; at++) {
      const word = Atomics.load(this.#words, at);
      if (word === 0) continue;
      for (let bit = 0; bit < BITS; bit++) {
        if ((word & (1 << bit)) !== 0) open.push((at - BITS_AT) * BITS + bit);
      }
    }
    return open;
  }
}
