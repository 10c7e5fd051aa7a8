/**
 * Chunks are recycled once, in their own size, and never while somebody holds them.
 *
 * @module
 */
import {
  Chunk,
  ChunkPool,
  LARGE_CHUNK_BYTES,
  MEDIUM_CHUNK_BYTES,
  SMALL_CHUNK_BYTES,
} from "../../../src/bytes/chunk_pool.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";

Deno.test("take() returns the smallest size with room, and exactly what is asked above the largest", () => {
  const pool = new ChunkPool();
  assertEquals(pool.take(1).bytes.length, SMALL_CHUNK_BYTES);
  assertEquals(pool.take(SMALL_CHUNK_BYTES).bytes.length, SMALL_CHUNK_BYTES);
  assertEquals(pool.take(SMALL_CHUNK_BYTES + 1).bytes.length, MEDIUM_CHUNK_BYTES);
  assertEquals(pool.take(MEDIUM_CHUNK_BYTES + 1).bytes.length, LARGE_CHUNK_BYTES);
  assertEquals(pool.take(LARGE_CHUNK_BYTES + 1).bytes.length, LARGE_CHUNK_BYTES + 1);
});

Deno.test("release() makes a chunk available again, empty", () => {
  const pool = new ChunkPool();
  const chunk = pool.take(10);
  chunk.filled = 7;
  chunk.handed = 6;
  chunk.written = 5;
  pool.release(chunk);
  const again = pool.take(10);
  assertStrictEquals(again, chunk);
  assertEquals([again.filled, again.handed, again.written, again.isFree], [0, 0, 0, false]);
});

Deno.test("release() keeps the sizes apart", () => {
  const pool = new ChunkPool();
  const chunks = [1, MEDIUM_CHUNK_BYTES, LARGE_CHUNK_BYTES].map((size) => pool.take(size));
  for (const chunk of chunks) pool.release(chunk);
  assertStrictEquals(pool.take(LARGE_CHUNK_BYTES), chunks[2]);
  assertStrictEquals(pool.take(MEDIUM_CHUNK_BYTES), chunks[1]);
  assertStrictEquals(pool.take(1), chunks[0]);
});

Deno.test("release() throws on a chunk that is free or held", () => {
  const pool = new ChunkPool();
  const chunk = pool.take(10);
  chunk.holders = 1;
  assertThrows(() => pool.release(chunk), Error, "free or still held");
  chunk.holders = 0;
  pool.release(chunk);
  assertThrows(() => pool.release(chunk), Error, "free or still held");
});

Deno.test("release() never pools an array it did not make, whatever its size", () => {
  const pool = new ChunkPool();
  const adopted = new Chunk(new Uint8Array(SMALL_CHUNK_BYTES));
  const bytes = adopted.bytes;
  pool.release(adopted);
  assertEquals(adopted.bytes.length, 0);
  assertEquals(pool.take(10).bytes === bytes, false);
});

Deno.test("what is in use is what was taken and has not come back, also where more come back than are kept", () => {
  const pool = new ChunkPool();
  const chunks = Array.from({ length: 100 }, () => pool.take(LARGE_CHUNK_BYTES));
  chunks.push(pool.take(1), pool.take(MEDIUM_CHUNK_BYTES));
  assertEquals(pool.inUse, 102);
  const kept = pool.take(1);
  for (const chunk of chunks) pool.release(chunk);
  assertEquals(pool.inUse, 1);
  pool.release(kept);
  assertEquals(pool.inUse, 0);
});

Deno.test("letGo() keeps no chunk that is free, and those in use come back", () => {
  const pool = new ChunkPool();
  const chunks = [1, MEDIUM_CHUNK_BYTES, LARGE_CHUNK_BYTES, 1].map((size) => pool.take(size));
  const used = chunks.pop()!;
  for (const chunk of chunks) pool.release(chunk);
  const bytes = SMALL_CHUNK_BYTES + MEDIUM_CHUNK_BYTES + LARGE_CHUNK_BYTES;
  assertEquals([pool.freeBytes, pool.inUse], [bytes, 1]);
  pool.letGo();
  assertEquals([pool.freeBytes, pool.inUse], [0, 1]);
  pool.release(used);
  assertEquals([pool.freeBytes, pool.inUse], [SMALL_CHUNK_BYTES, 0]);
});
