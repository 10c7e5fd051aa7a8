/**
 * Integers in words, as strictly as Redis reads them.
 *
 * @module
 */
import { readInteger } from "../../../../src/redis/core/integer.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("readInteger() takes what fits 64 bits with a sign", () => {
  assertEquals(readInteger("0"), 0n);
  assertEquals(readInteger("-17"), -17n);
  assertEquals(readInteger("9223372036854775807"), 9223372036854775807n);
  assertEquals(readInteger("-9223372036854775808"), -9223372036854775808n);
});

Deno.test("readInteger() refuses everything else", () => {
  for (const word of ["", "+1", "01", "-0", " 1", "1 ", "1.0", "1e3", "x", "9223372036854775808"]) {
    assertEquals([word, readInteger(word)], [word, null]);
  }
});
