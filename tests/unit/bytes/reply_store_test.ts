import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { ReplyStore } from "../../../src/bytes/reply_store.ts";
import { seededRandom } from "../../support/tools/seed.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function keep(store: ReplyStore, text: string) {
  const bytes = encoder.encode(`..${text}..`);
  const chunk = store.keep(bytes, 2, bytes.length - 2);
  const end = chunk.filled;
  return { chunk, start: end - (bytes.length - 4), end };
}

Deno.test("small replies share a chunk, which goes back when the last is let go", () => {
  const pool = new ChunkPool();
  const store = new ReplyStore(pool);
  const [first, second] = [keep(store, "first"), keep(store, "second")];
  assertStrictEquals(first.chunk, second.chunk);
  assertEquals(store.byteCount, 11);
  assertEquals(decoder.decode(first.chunk.bytes.subarray(first.start, first.end)), "first");
  assertEquals(decoder.decode(second.chunk.bytes.subarray(second.start, second.end)), "second");
  store.letGo(first.chunk, 5);
  assertEquals([store.byteCount, first.chunk.isFree], [6, false]);
  store.letGo(second.chunk, 6);
  assertEquals([store.byteCount, first.chunk.isFree], [0, true]);
});

Deno.test("a chunk that went back is not written to any more", () => {
  const pool = new ChunkPool();
  const store = new ReplyStore(pool);
  const { chunk } = keep(store, "first");
  store.letGo(chunk, 5);
  const taken = pool.take(10);
  assertStrictEquals(taken, chunk);
  assertEquals(keep(store, "second").chunk === taken, false);
});

Deno.test("a whole array is kept without a copy and never pooled", () => {
  const pool = new ChunkPool();
  const store = new ReplyStore(pool);
  const bytes = encoder.encode("..large..");
  const chunk = store.adopt(bytes, 2, 7);
  assertStrictEquals(chunk.bytes, bytes);
  assertEquals([chunk.filled, chunk.isPooled, store.byteCount], [7, false, 5]);
  assertEquals(keep(store, "other").chunk === chunk, false);
  store.letGo(chunk, 5);
  assertEquals([chunk.isFree, store.byteCount], [true, 5]);
});

Deno.test("any order of keeping and letting go keeps every reply whole", () => {
  const random = seededRandom("reply store");
  const store = new ReplyStore(new ChunkPool());
  const kept: { text: string; chunk: ReturnType<typeof keep> }[] = [];
  for (let step = 0; step < 3000; step++) {
    if (random.chance(0.55)) {
      const length = random.chance(0.05) ? random.below(400_000) : random.below(300);
      const text = `${step}`.padEnd(length, "x");
      kept.push({ text, chunk: keep(store, text) });
    } else if (kept.length > 0) {
      const [{ text, chunk: { chunk, start, end } }] = kept.splice(
        random.below(kept.length),
        1,
      ) as [
        { text: string; chunk: ReturnType<typeof keep> },
      ];
      assertEquals(decoder.decode(chunk.bytes.subarray(start, end)) === text, true);
      store.letGo(chunk, end - start);
    }
  }
  assertEquals(store.byteCount, kept.reduce((sum, { text }) => sum + text.length, 0));
});
