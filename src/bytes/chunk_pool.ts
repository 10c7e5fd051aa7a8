/**
 * Fixed-size byte chunks and their recycling. Two sizes: small ones keep thousands of clients with one short
 * reply each within the processor's cache, large ones carry pipelines and values.
 *
 * @module
 */

/** Bytes in a small chunk. */
export const SMALL_CHUNK_BYTES = 2 * 1024;
/** Bytes in a large chunk; a longer frame has a chunk of its own. */
export const LARGE_CHUNK_BYTES = 64 * 1024;
/** Free chunks kept of each size, so that a burst's memory is given back. */
const SMALL_CHUNKS_KEPT = 4096;
const LARGE_CHUNKS_KEPT = 128;

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
  /** Whether the pool made it in one of its two sizes; adopted arrays are never pooled. */
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

/** One per worker. */
export class ChunkPool {
  #small: Chunk[] = [];
  #large: Chunk[] = [];

  /** Returns an empty chunk with room for at least `byteCount` bytes; above 64 KiB it is made to measure. */
  take(byteCount: number): Chunk {
    if (byteCount > LARGE_CHUNK_BYTES) return new Chunk(new Uint8Array(byteCount));
    const isSmall = byteCount <= SMALL_CHUNK_BYTES;
    const chunk = (isSmall ? this.#small : this.#large).pop();
    if (chunk === undefined) {
      return new Chunk(new Uint8Array(isSmall ? SMALL_CHUNK_BYTES : LARGE_CHUNK_BYTES), true);
    }
    chunk.isFree = false;
    return chunk;
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
    chunk.isLogged = false;
    chunk.filled = 0;
    chunk.handed = 0;
    chunk.written = 0;
    chunk.next = null;
    if (!chunk.isPooled) {
      chunk.bytes = EMPTY;
    } else if (chunk.bytes.length === SMALL_CHUNK_BYTES) {
      if (this.#small.length < SMALL_CHUNKS_KEPT) this.#small.push(chunk);
    } else if (this.#large.length < LARGE_CHUNKS_KEPT) {
      this.#large.push(chunk);
    }
  }
}

const EMPTY = new Uint8Array(0);
