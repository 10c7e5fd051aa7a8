/**
 * What waits to be written to one connection, and, for backends, what may have to be sent again:
 *
 * ```text
 *   oldest ─► [ written | handed to a write | filled ] ─► [ filled ] ─► [ filled | room ] ◄─ newest
 * ```
 *
 * Appending goes on behind the bytes being written. A frame never crosses a chunk, so that an exchange
 * knows its bytes by chunk, start and end and can be sent elsewhere by one copy. A chunk goes back to the
 * pool when it is written and nobody holds it.
 *
 * @module
 */
import {
  Chunk,
  type ChunkPool,
  LARGE_CHUNK_BYTES,
  MEDIUM_CHUNK_BYTES,
  SMALL_CHUNK_BYTES,
} from "./chunk_pool.ts";
import { copyBytes } from "./copy.ts";

/** Told when bytes become part of a write: from then on they may have reached the other side. */
export interface HandOverListener {
  /** Bytes of `chunk` before `position` were handed to the socket. */
  handedOver(chunk: Chunk, position: number): void;
}

/** The bytes to be written to one connection, in order. */
export class SendLog {
  /** Chunk that takes the next bytes; null when the log is empty. */
  newest: Chunk | null = null;
  /** Bytes appended and not yet taken by the socket. */
  unwrittenBytes = 0;
  /** Bytes that the socket took since the log was made. */
  writtenBytes = 0;
  listener: HandOverListener | null = null;
  /** First chunk not wholly written. */
  #oldest: Chunk | null = null;
  /** Size wanted for the next chunk: follows what batches need. */
  #wantedBytes = SMALL_CHUNK_BYTES;
  readonly #pool: ChunkPool;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /**
   * Makes room for `byteCount` contiguous bytes. Write them at `chunk.bytes[chunk.filled]` and call
   * {@link SendLog.commit}; nothing else may be appended between the two.
   */
  reserve(byteCount: number): Chunk {
    const newest = this.newest;
    if (newest === null || newest.filled + byteCount > newest.bytes.length) {
      return this.#grow(byteCount);
    }
    // What is all written but held stays as it is: a fresh chunk is likelier to be in the cache.
    const isWritten = newest.written === newest.filled && newest.filled > 0;
    return isWritten ? this.#grow(byteCount) : newest;
  }

  /** Counts `byteCount` bytes that were written into the chunk of the last {@link SendLog.reserve}. */
  commit(byteCount: number): void {
    this.newest!.filled += byteCount;
    this.unwrittenBytes += byteCount;
  }

  /** Appends one frame (or part of a reply) by copying; returns the chunk that has it, at its end. */
  append(source: Uint8Array, start: number, end: number): Chunk {
    const byteCount = end - start;
    const chunk = this.reserve(byteCount);
    copyBytes(source, start, end, chunk.bytes, chunk.filled);
    chunk.filled += byteCount;
    this.unwrittenBytes += byteCount;
    return chunk;
  }

  /** Appends a whole chunk without copying: the log owns it from now on. Holders keep it readable. */
  adopt(bytes: Uint8Array, start: number, end: number): Chunk {
    const chunk = new Chunk(bytes);
    chunk.filled = end;
    chunk.handed = start;
    chunk.written = start;
    this.#link(chunk);
    this.unwrittenBytes += end - start;
    return chunk;
  }

  /** Takes over all chunks of `other`, of which nothing was handed to a write. */
  join(other: SendLog): void {
    for (let chunk = other.#oldest; chunk !== null;) {
      const next: Chunk | null = chunk.next;
      chunk.next = null;
      this.#link(chunk);
      chunk = next;
    }
    this.unwrittenBytes += other.unwrittenBytes;
    other.#oldest = null;
    other.newest = null;
    other.unwrittenBytes = 0;
  }

  /** Unwritten bytes of the chunk being written: the reply being delivered, where one reply is large. */
  get oldestUnwrittenBytes(): number {
    return this.#oldest === null ? 0 : this.#oldest.filled - this.#oldest.written;
  }

  /** Whether anything can be handed to a write now; asked between writes. */
  hasUnhanded(): boolean {
    const oldest = this.#oldest;
    return oldest !== null && oldest.handed < oldest.filled;
  }

  /**
   * Returns the next bytes to write, all of one chunk, and counts them as handed over; null when there are
   * none. The view is valid until {@link SendLog.wrote} has counted all of it.
   */
  handOver(): Uint8Array | null {
    const chunk = this.handOverChunk();
    return chunk === null ? null : chunk.bytes.subarray(chunk.written, chunk.filled);
  }

  /** The same without a view: the bytes to write are `[chunk.written, chunk.filled)`. */
  handOverChunk(): Chunk | null {
    const chunk = this.#oldest;
    if (chunk === null || chunk.written === chunk.filled) return null;
    chunk.handed = chunk.filled;
    if (this.listener !== null) this.listener.handedOver(chunk, chunk.filled);
    return chunk;
  }

  /** The socket took `byteCount` of the bytes handed over. */
  wrote(byteCount: number): void {
    const chunk = this.#oldest!;
    chunk.written += byteCount;
    this.writtenBytes += byteCount;
    this.unwrittenBytes -= byteCount;
    if (chunk.written !== chunk.filled) return;
    if (chunk.next === null && chunk.filled <= SMALL_CHUNK_BYTES) {
      this.#wantedBytes = SMALL_CHUNK_BYTES;
    }
    if (chunk.next !== null || chunk.holders === 0) this.#unlinkOldest(chunk);
  }

  /** One holder less; the chunk goes back to the pool if it was the last and the log is done with it. */
  letGo(chunk: Chunk): void {
    chunk.holders -= 1;
    if (chunk.holders !== 0) return;
    if (!chunk.isLogged) this.#pool.release(chunk);
    else if (
      chunk === this.#oldest && chunk.written === chunk.filled && chunk.handed === chunk.filled
    ) {
      this.#unlinkOldest(chunk);
    }
  }

  /** Forgets bytes that were handed over and everything before them: that connection is gone. */
  dropHanded(): void {
    for (let chunk = this.#oldest; chunk !== null; chunk = this.#oldest) {
      this.unwrittenBytes -= chunk.handed - chunk.written;
      chunk.written = chunk.handed;
      if (chunk.written !== chunk.filled) return;
      this.#unlinkOldest(chunk);
    }
  }

  /** Forgets bytes that were not handed over: nobody shall send them. */
  dropUnhanded(): void {
    const oldest = this.#oldest;
    if (oldest === null) return;
    for (let chunk = oldest.next; chunk !== null;) {
      const next: Chunk | null = chunk.next;
      this.unwrittenBytes -= chunk.filled - chunk.written;
      this.#forget(chunk);
      chunk = next;
    }
    oldest.next = null;
    this.newest = oldest;
    this.unwrittenBytes -= oldest.filled - oldest.handed;
    oldest.filled = oldest.handed;
    if (oldest.written === oldest.filled) this.#unlinkOldest(oldest);
  }

  /**
   * Keeps the chunk being written from being recycled while a closed socket's write may still read it; null
   * if there is none. Give it back with {@link SendLog.letGo} when the write has settled.
   */
  pinOldest(): Chunk | null {
    if (this.#oldest !== null) this.#oldest.holders += 1;
    return this.#oldest;
  }

  /** Forgets everything. Chunks that are held stay readable for their holders. */
  clear(): void {
    for (let chunk = this.#oldest; chunk !== null; chunk = this.#oldest) this.#unlinkOldest(chunk);
    this.unwrittenBytes = 0;
  }

  #unlinkOldest(chunk: Chunk): void {
    this.#oldest = chunk.next;
    if (this.#oldest === null) this.newest = null;
    this.#forget(chunk);
  }

  #forget(chunk: Chunk): void {
    chunk.next = null;
    chunk.isLogged = false;
    if (chunk.holders === 0) this.#pool.release(chunk);
  }

  #grow(byteCount: number): Chunk {
    // A second chunk means a second write: the next batch shall find room in one.
    const newest = this.newest;
    const isSecond = newest !== null && newest.written !== newest.filled;
    if (isSecond && this.#wantedBytes < LARGE_CHUNK_BYTES) {
      this.#wantedBytes = this.#wantedBytes === SMALL_CHUNK_BYTES
        ? MEDIUM_CHUNK_BYTES
        : LARGE_CHUNK_BYTES;
    }
    const chunk = this.#pool.take(Math.max(byteCount, this.#wantedBytes));
    this.#link(chunk);
    return chunk;
  }

  #link(chunk: Chunk): void {
    // A chunk that is written but held may stay at the head of the list only while it is the newest.
    const newest = this.newest;
    if (newest !== null && newest.written === newest.filled) this.#unlinkOldest(newest);
    chunk.isLogged = true;
    if (this.newest === null) this.#oldest = chunk;
    else this.newest.next = chunk;
    this.newest = chunk;
  }
}
