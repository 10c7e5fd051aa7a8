/**
 * Byte chunks of three sizes and their recycling. Small ones keep thousands of clients with one short reply
 * each within the processor's cache, medium ones carry pipelines, large ones values: one chunk is one write,
 * so a log that fills its chunks asks for larger ones.
 *
 * @module
 */

/** Bytes in a small chunk. */
export const SMALL_CHUNK_BYTES = 2 * 1024;
/** Bytes in a medium chunk. */
export const MEDIUM_CHUNK_BYTES = 32 * 1024;
/** Bytes in a large chunk; a longer frame has a chunk of its own. */
export const LARGE_CHUNK_BYTES = 256 * 1024;
/** A frame above this many bytes is handed over with its array instead of being copied. */
export const HAND_OVER_BYTES = 64 * 1024;
/** Free chunks kept of each size, so that a burst's memory is given back. */
const SMALL_CHUNKS_KEPT = 4096;
const MEDIUM_CHUNKS_KEPT = 512;
const LARGE_CHUNKS_KEPT = 64;

/** A run of bytes with one writer at its end. Invariant: `written ≤ handed ≤ filled ≤ bytes.length`. */
export class Chunk {
  bytes: Uint8Array;
  /** Where the next byte is appended. */
  filled = 0;
  /** Up to here the bytes were given to a socket write. */
  handed = 0;
  /** Up to here the socket took them. */
  written = 0;
  /** Holders (exchanges that may be sent again, early replies) that still read these bytes. */
  holders = 0;
  /** Whether it is held until all exchanges whose bytes it has are over, though nothing is sent of it again. */
  isKept = false;
  /** Whether the pool made it in one of its sizes; adopted arrays are never pooled. */
  readonly isPooled: boolean;
  /** Whether a send log has this chunk in its list. */
  isLogged = false;
  /** Whether the pool may hand it out again; a second release is a programming error. */
  isFree = false;
  next: Chunk | null = null;

  constructor(bytes: Uint8Array, isPooled = false) {
    this.bytes = bytes;
    this.isPooled = isPooled;
  }
}

/** The chunks of one size that are free. */
class FreeList {
  readonly chunkBytes: number;
  readonly #kept: number;
  readonly #chunks: Chunk[] = [];
  /** Chunks that are free or in use. */
  #count = 0;

  constructor(chunkBytes: number, kept: number) {
    this.chunkBytes = chunkBytes;
    this.#kept = kept;
  }

  /** Chunks that were taken and have not come back. */
  get inUse(): number {
    return this.#count - this.#chunks.length;
  }

  /** Bytes of chunks that are free. */
  get freeBytes(): number {
    return this.#chunks.length * this.chunkBytes;
  }

  /** Keeps none of those that are free. */
  letGo(): void {
    this.#count -= this.#chunks.length;
    this.#chunks.length = 0;
  }

  take(): Chunk {
    const chunk = this.#chunks.pop();
    if (chunk === undefined) return this.#make();
    chunk.isFree = false;
    return chunk;
  }

  put(chunk: Chunk): void {
    if (this.#chunks.length < this.#kept) this.#chunks.push(chunk);
    else this.#count -= 1;
  }

  #make(): Chunk {
    this.#count += 1;
    return new Chunk(new Uint8Array(this.chunkBytes), true);
  }
}

/** One per cluster and worker. */
export class ChunkPool {
  readonly #small = new FreeList(SMALL_CHUNK_BYTES, SMALL_CHUNKS_KEPT);
  readonly #medium = new FreeList(MEDIUM_CHUNK_BYTES, MEDIUM_CHUNKS_KEPT);
  readonly #large = new FreeList(LARGE_CHUNK_BYTES, LARGE_CHUNKS_KEPT);

  /** Chunks of its sizes that were taken and have not come back. */
  get inUse(): number {
    return this.#small.inUse + this.#medium.inUse + this.#large.inUse;
  }

  /** Bytes of chunks that are free and kept to be taken again. */
  get freeBytes(): number {
    return this.#small.freeBytes + this.#medium.freeBytes + this.#large.freeBytes;
  }

  /** Keeps none of those that are free. */
  letGo(): void {
    for (const list of [this.#small, this.#medium, this.#large]) list.letGo();
  }

  /** Returns an empty chunk with room for at least `byteCount` bytes; a very long one is made to measure. */
  take(byteCount: number): Chunk {
    if (byteCount <= SMALL_CHUNK_BYTES) return this.#small.take();
    if (byteCount <= MEDIUM_CHUNK_BYTES) return this.#medium.take();
    if (byteCount <= LARGE_CHUNK_BYTES) return this.#large.take();
    return new Chunk(new Uint8Array(byteCount));
  }

  /**
   * Takes a chunk back.
   *
   * @throws {Error} If the chunk is free already or still held: a programming error that would let two
   * connections write into the same bytes.
   */
  release(chunk: Chunk): void {
    if (chunk.isFree || chunk.holders !== 0) {
      throw new Error("Cannot release chunk: it is free or still held");
    }
    chunk.isFree = true;
    chunk.isKept = false;
    chunk.isLogged = false;
    chunk.filled = 0;
    chunk.handed = 0;
    chunk.written = 0;
    chunk.next = null;
    const byteCount = chunk.bytes.length;
    if (!chunk.isPooled) chunk.bytes = EMPTY;
    else if (byteCount === SMALL_CHUNK_BYTES) this.#small.put(chunk);
    else if (byteCount === MEDIUM_CHUNK_BYTES) this.#medium.put(chunk);
    else this.#large.put(chunk);
  }
}

const EMPTY = new Uint8Array(0);
