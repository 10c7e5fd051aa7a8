/**
 * Bytes that came from one connection and are not parsed yet. Invariant:
 * `consumed ≤ received ≤ bytes.length`; parsers see `[consumed, received)`.
 *
 * The array is chosen when a read is about to start: small while little arrives, so that idle clients cost
 * little; larger while reads fill it; as large as the frame that is being received, in steps that follow what
 * has arrived. A frame above 64 KiB is handed over with its array instead of being copied.
 *
 * @module
 */

/** First size, in bytes: what an idle connection costs. */
export const READ_SMALL_BYTES = 512;
/** Size after a read that filled the small one. */
export const READ_MEDIUM_BYTES = 16 * 1024;
/** Size after a read that filled the medium one. */
export const READ_LARGE_BYTES = 64 * 1024;
/** Size after a read that filled the large one. */
export const READ_HUGE_BYTES = 256 * 1024;
/** A frame's array grows by this factor over what has arrived, or to what the frame declares if that is less. */
const GROWTH_FACTOR = 4;
/** A frame that declares this much more than that gets it all at once, and no second copy for the rest. */
const GROWTH_SLACK = 1.25;
/** A frame of many elements declares no more than its next one: growing by less than this would never end, */
const SMALL_GROWTH = 1.125;
/** and becomes this. */
const LEAST_GROWTH = 1.5;
/** A read that uses less than this share of the array is a small one. */
const SHRINK_FACTOR = 8;
/** Small reads in a row after which the next array is a size smaller. */
const SMALL_READS_TO_SHRINK = 4;
/** Free arrays kept of each pooled size. */
const ARRAYS_KEPT = 256;
const SMALL_ARRAYS_KEPT = 4096;
const HUGE_ARRAYS_KEPT = 32;

/** One connection's unparsed bytes. */
export class ReceiveBuffer {
  bytes: Uint8Array = EMPTY;
  /** Start of the first byte not consumed. */
  consumed = 0;
  /** End of what was received. */
  received = 0;
  /** Size wanted for the next empty array. */
  #wanted: number;
  /** Reads in a row that used little of the array. */
  #smallReads = 0;
  /** Whether a read has the room behind `received`. */
  #isLent = false;
  /** An array that was abandoned in the midst of being parsed: whoever reads next gets it behind that. */
  #left: Uint8Array = EMPTY;
  readonly #arrays: ArrayPool;
  readonly #sizeMin: number;
  readonly #sizeMax: number;

  /**
   * @param sizeMin Smallest array for reads, in bytes.
   * @param sizeMax Largest array for reads, in bytes; only a frame that is longer gets a larger one.
   */
  constructor(arrays: ArrayPool, sizeMin = READ_SMALL_BYTES, sizeMax = READ_HUGE_BYTES) {
    this.#arrays = arrays;
    this.#sizeMin = sizeMin;
    this.#sizeMax = sizeMax;
    this.#wanted = sizeMin;
  }

  /** Bytes received and not consumed. */
  get pending(): number {
    return this.received - this.consumed;
  }

  /** Bytes that can be received before the array has to change. */
  get roomBytes(): number {
    return this.bytes.length - this.received;
  }

  /**
   * Makes room for the next read at `bytes[received …]`; the room is the socket's until the read settles.
   *
   * @param frameBytes What the incomplete frame at `consumed` is known to need in all, 0 if unknown.
   */
  prepare(frameBytes: number): void {
    this.#isLent = true;
    const pending = this.received - this.consumed;
    if (pending === 0) {
      this.consumed = 0;
      this.received = 0;
      if (this.bytes.length !== this.#wanted) this.#replace(this.#wanted);
      return;
    }
    // A frame that comes in many small reads must not be copied with each of them.
    if (this.bytes.length - this.received >= READ_LARGE_BYTES) return;
    const goal = Math.max(frameBytes, pending + 1, this.#wanted);
    const grown = Math.max(this.#wanted, READ_LARGE_BYTES, pending * GROWTH_FACTOR);
    const needed = goal <= grown * GROWTH_SLACK ? goal : grown;
    if (this.bytes.length - this.consumed >= needed && this.bytes.length > this.received) return;
    if (this.bytes.length >= needed && pending < needed) this.#compact();
    else if (needed > pending * SMALL_GROWTH) this.#replace(needed);
    else this.#replace(Math.ceil(pending * LEAST_GROWTH));
  }

  /** `byteCount` bytes arrived in the room of the last {@link ReceiveBuffer.prepare}. */
  commit(byteCount: number): void {
    this.#isLent = false;
    const filled = this.received + byteCount === this.bytes.length;
    this.received += byteCount;
    if (filled) {
      this.#smallReads = 0;
      this.#wanted = Math.min(largerThan(this.#wanted), this.#sizeMax);
    } else if (byteCount * SHRINK_FACTOR < this.#wanted) {
      this.#smallReads += 1;
      if (this.#smallReads === SMALL_READS_TO_SHRINK) {
        this.#smallReads = 0;
        this.#wanted = Math.max(smallerThan(this.#wanted), this.#sizeMin);
      }
    } else {
      this.#smallReads = 0;
    }
  }

  /** Everything before `position` is parsed. */
  consume(position: number): void {
    this.consumed = position;
  }

  /**
   * Gives the array to the caller and keeps what stands behind `end` in another one. Nothing of the array
   * may be read through this buffer afterwards. While a read has room in the array the caller gets a copy.
   */
  handOver(end: number): Uint8Array {
    if (this.#isLent) {
      this.consumed = end;
      return this.bytes.slice(0, end);
    }
    const given = this.bytes;
    const rest = this.received - end;
    const bytes = rest === 0 ? EMPTY : this.#arrays.take(Math.max(rest, this.#wanted));
    if (rest > 0) bytes.set(given.subarray(end, this.received));
    this.bytes = bytes;
    this.consumed = 0;
    this.received = rest;
    return given;
  }

  /**
   * Forgets everything. The array is left to a read that may still be pending: then it is not recycled. Else it is at
   * the next {@link ReceiveBuffer.rest}, as who is parsing it may look at it until then.
   */
  abandon(): void {
    if (!this.#isLent) this.#left = this.bytes;
    this.bytes = EMPTY;
    this.consumed = 0;
    this.received = 0;
    this.#isLent = false;
    this.#wanted = this.#sizeMin;
  }

  /**
   * No read has room now. An empty array goes to whoever reads next; the beginning of a frame whose rest may
   * take its time does not keep a large one.
   */
  rest(): void {
    this.#isLent = false;
    if (this.#left !== EMPTY) {
      this.#arrays.release(this.#left);
      this.#left = EMPTY;
    }
    const pending = this.received - this.consumed;
    if (pending === 0) {
      this.#arrays.release(this.bytes);
      this.bytes = EMPTY;
      this.consumed = 0;
      this.received = 0;
    } else if (
      pending * SHRINK_FACTOR <= this.bytes.length && this.bytes.length <= READ_HUGE_BYTES
    ) {
      const size = pending <= READ_SMALL_BYTES ? READ_SMALL_BYTES : READ_MEDIUM_BYTES;
      if (pending <= size && size < this.bytes.length) this.#replace(size);
    }
  }

  #compact(): void {
    this.bytes.copyWithin(0, this.consumed, this.received);
    this.received -= this.consumed;
    this.consumed = 0;
  }

  #replace(size: number): void {
    const next = this.#arrays.take(size);
    const pending = this.received - this.consumed;
    if (pending > 0) next.set(this.bytes.subarray(this.consumed, this.received));
    this.#arrays.release(this.bytes);
    this.bytes = next;
    this.consumed = 0;
    this.received = pending;
  }
}

/** Recycles the arrays of receive buffers; one per worker. */
export class ArrayPool {
  readonly #small: Uint8Array[] = [];
  readonly #medium: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];
  readonly #huge: Uint8Array[] = [];
  #grownBytes = 0;

  /** Bytes of arrays above {@link READ_HUGE_BYTES} that were made so far: frames that a buffer grew for. */
  get grownBytes(): number {
    return this.#grownBytes;
  }

  /** Bytes of arrays that are free and kept to be taken again. */
  get freeBytes(): number {
    return this.#small.length * READ_SMALL_BYTES + this.#medium.length * READ_MEDIUM_BYTES +
      this.#large.length * READ_LARGE_BYTES + this.#huge.length * READ_HUGE_BYTES;
  }

  /** Keeps none of those that are free. */
  letGo(): void {
    for (const list of [this.#small, this.#medium, this.#large, this.#huge]) list.length = 0;
  }

  /** Returns an array of exactly `size` bytes; its content is arbitrary. */
  take(size: number): Uint8Array {
    if (size === READ_SMALL_BYTES) return this.#small.pop() ?? new Uint8Array(size);
    if (size === READ_MEDIUM_BYTES) return this.#medium.pop() ?? new Uint8Array(size);
    if (size === READ_LARGE_BYTES) return this.#large.pop() ?? new Uint8Array(size);
    if (size === READ_HUGE_BYTES) return this.#huge.pop() ?? new Uint8Array(size);
    if (size > READ_HUGE_BYTES) this.#grownBytes += size;
    return new Uint8Array(size);
  }

  /** Takes an array back if its size is one of the pooled ones. */
  release(bytes: Uint8Array): void {
    if (bytes.length === READ_SMALL_BYTES) {
      if (this.#small.length < SMALL_ARRAYS_KEPT) this.#small.push(bytes);
    } else if (bytes.length === READ_MEDIUM_BYTES) {
      if (this.#medium.length < ARRAYS_KEPT) this.#medium.push(bytes);
    } else if (bytes.length === READ_LARGE_BYTES) {
      if (this.#large.length < ARRAYS_KEPT) this.#large.push(bytes);
    } else if (bytes.length === READ_HUGE_BYTES) {
      if (this.#huge.length < HUGE_ARRAYS_KEPT) this.#huge.push(bytes);
    }
  }
}

function smallerThan(size: number): number {
  if (size === READ_HUGE_BYTES) return READ_LARGE_BYTES;
  return size === READ_LARGE_BYTES ? READ_MEDIUM_BYTES : READ_SMALL_BYTES;
}

function largerThan(size: number): number {
  if (size === READ_SMALL_BYTES) return READ_MEDIUM_BYTES;
  return size === READ_MEDIUM_BYTES ? READ_LARGE_BYTES : READ_HUGE_BYTES;
}

const EMPTY = new Uint8Array(0);
