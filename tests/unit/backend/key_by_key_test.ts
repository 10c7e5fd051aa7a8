/**
 * Which requests may be sent key by key; what becomes of them is in `slot_redirects_test.ts`.
 *
 * @module
 */
import { createRespProtocol } from "../../../src/protocol/resp/mod.ts";
import { dividableFrame, SINGLE_KEYS_MAX } from "../../../src/backend/key_by_key.ts";
import { assertEquals } from "../../deps.ts";

const protocol = createRespProtocol();

function keysOf(...words: string[]): number | null {
  const text = words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
  const bytes = new TextEncoder().encode(`*${words.length}\r\n${text}`);
  return dividableFrame({ protocol }, bytes)?.keyCount ?? null;
}

Deno.test("what is split over servers may be sent key by key", () => {
  for (const name of ["MGET", "DEL", "UNLINK", "EXISTS", "TOUCH"]) {
    assertEquals(keysOf(name, "a", "b", "c"), 3, name);
  }
  assertEquals(keysOf("MSET", "a", "1", "b", "2"), 2);
});

Deno.test("what is one act, has one key, or very many, may not", () => {
  assertEquals(keysOf("MSETNX", "a", "1", "b", "2"), null);
  assertEquals(keysOf("SINTER", "a", "b"), null);
  assertEquals(keysOf("RENAME", "a", "b"), null);
  assertEquals(keysOf("MGET", "a"), null);
  assertEquals(keysOf("GET", "a"), null);
  const keys = Array.from({ length: SINGLE_KEYS_MAX + 1 }, () => "a");
  assertEquals(keysOf("MGET", ...keys), null);
  assertEquals(keysOf("MGET", ...keys.slice(1)), SINGLE_KEYS_MAX);
});
