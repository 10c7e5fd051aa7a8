/**
 * Replies that came before their turn: kept in pooled chunks until the client's earlier replies are out.
 *
 * @module
 */
import { Chunk, type ChunkPool } from "./chunk_pool.ts";
import { copyBytes } from "./copy.ts";

/** One per session; holds nothing while replies come in order. */
export class ReplyStore {
  /** Bytes kept now. */
  byteCount = 0;
  /** Chunk that takes the next reply. */
  #newest: Chunk | null = null;
  readonly #pool: ChunkPool;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Copies a reply; it ends at `filled` of the returned chunk. Give it back with {@link ReplyStore.letGo}. */
  keep(bytes: Uint8Array, start: number, end: number): Chunk {
    const byteCount = end - start;
    let chunk = this.#newest;
    if (chunk === null || chunk.filled + byteCount > chunk.bytes.length) {
      chunk = this.#pool.take(byteCount);
      this.#newest = chunk;
    }
    copyBytes(bytes, start, end, chunk.bytes, chunk.filled);
    chunk.filled += byteCount;
    chunk.holders += 1;
    this.byteCount += byteCount;
    return chunk;
  }

  /** Keeps a whole array without copying. */
  adopt(bytes: Uint8Array, start: number, end: number): Chunk {
    const chunk = new Chunk(bytes);
    chunk.filled = end;
    chunk.holders = 1;
    this.byteCount += end - start;
    return chunk;
  }

  /** `byteCount` kept bytes of `chunk` are not needed any more. */
  letGo(chunk: Chunk, byteCount: number): void {
    this.byteCount -= byteCount;
    chunk.holders -= 1;
    if (chunk.holders !== 0) return;
    if (chunk === this.#newest) this.#newest = null;
    this.#pool.release(chunk);
  }
}
