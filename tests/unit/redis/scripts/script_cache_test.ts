/**
 * Bodies are kept as long as they fit, those used last longest.
 *
 * @module
 */
import { ScriptCache } from "../../../../src/redis/scripts/script_cache.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("what was needed last stays, what does not fit is not kept", () => {
  const cache = new ScriptCache(10);
  cache.add("a", new Uint8Array(4));
  cache.add("b", new Uint8Array(4));
  assertEquals(cache.use("a")?.length, 4);
  cache.add("c", new Uint8Array(6));
  assertEquals([cache.has("a"), cache.has("b"), cache.has("c"), cache.byteCount], [
    true,
    false,
    true,
    10,
  ]);
  cache.add("d", new Uint8Array(11));
  cache.add("c", new Uint8Array(6));
  assertEquals([cache.has("d"), cache.byteCount], [false, 10]);
  cache.clear();
  assertEquals([cache.use("a"), cache.byteCount], [undefined, 0]);
});

Deno.test("a cache of no bytes keeps nothing", () => {
  const cache = new ScriptCache(0);
  cache.add("a", new Uint8Array(1));
  assertEquals(cache.has("a"), false);
});
