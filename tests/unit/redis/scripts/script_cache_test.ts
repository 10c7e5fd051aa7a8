/**
 * Bodies are kept as long as they fit, those used last longest.
 *
 * @module
 */
import { SCRIPT_BYTES, ScriptCache } from "../../../../src/redis/scripts/script_cache.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("what was needed last stays, what does not fit is not kept", () => {
  const cache = new ScriptCache(10 + 2 * SCRIPT_BYTES);
  cache.add("a", new Uint8Array(4));
  cache.add("b", new Uint8Array(4));
  assertEquals(cache.use("a")?.length, 4);
  cache.add("c", new Uint8Array(6));
  assertEquals([cache.has("a"), cache.has("b"), cache.has("c"), cache.byteCount], [
    true,
    false,
    true,
    10 + 2 * SCRIPT_BYTES,
  ]);
  cache.add("d", new Uint8Array(11 + SCRIPT_BYTES));
  cache.add("c", new Uint8Array(6));
  assertEquals([cache.has("d"), cache.byteCount], [false, 10 + 2 * SCRIPT_BYTES]);
  cache.clear();
  assertEquals([cache.use("a"), cache.byteCount], [undefined, 0]);
});

Deno.test("a cache of no bytes keeps nothing", () => {
  const cache = new ScriptCache(0);
  cache.add("a", new Uint8Array(1));
  assertEquals(cache.has("a"), false);
});

Deno.test("what a script takes counts, however short it is", () => {
  const cache = new ScriptCache(100 * SCRIPT_BYTES);
  for (let script = 0; script < 1_000; script++) cache.add(`${script}`, new Uint8Array(0));
  assertEquals([cache.has("899"), cache.has("900"), cache.has("999")], [false, true, true]);
});
