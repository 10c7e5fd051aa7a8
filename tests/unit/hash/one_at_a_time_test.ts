import { assertEquals } from "../../deps.ts";
import { oneAtATime } from "../../../src/hash/one_at_a_time.ts";
import { assertAgreesWithLibmemcached, assertAgreesWithNutcracker, hashText } from "./reference.ts";

Deno.test("one_at_a_time agrees with nutcracker and libmemcached", () => {
  assertAgreesWithNutcracker("one_at_a_time", oneAtATime);
  assertAgreesWithLibmemcached("one_at_a_time", oneAtATime);
});

Deno.test("one_at_a_time agrees with its author's published values", () => {
  assertEquals(hashText(oneAtATime, "a"), 0xca2e9442);
  assertEquals(hashText(oneAtATime, "The quick brown fox jumps over the lazy dog"), 0x519e91f5);
});
