/**
 * Waits grow with wrong passwords from one address, and end.
 *
 * @module
 */
import {
  ADDRESSES_MAX,
  DELAY_FIRST_MS,
  DELAY_MAX_MS,
  FORGET_AFTER_MS,
  Penalties,
} from "../../../../src/redis/login/penalties.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("waits double up to the longest, whatever the port", () => {
  const penalties = new Penalties();
  assertEquals(penalties.endMs("10.0.0.1:1"), 0);
  const waits = Array.from(
    { length: 8 },
    (_, port) => penalties.add(`10.0.0.1:${port}`, 1000) - 1000,
  );
  assertEquals(waits.slice(0, 3), [DELAY_FIRST_MS, 2 * DELAY_FIRST_MS, 4 * DELAY_FIRST_MS]);
  assertEquals(waits.at(-1), DELAY_MAX_MS);
  assertEquals(penalties.endMs("10.0.0.1:99"), 1000 + DELAY_MAX_MS);
  assertEquals(penalties.endMs("10.0.0.2:1"), 0);
});

Deno.test("a right password, or time, makes it forgotten", () => {
  const penalties = new Penalties();
  penalties.add("[::1]:1", 0);
  penalties.add("[::1]:1", 0);
  penalties.forgive("[::1]:2");
  assertEquals(penalties.endMs("[::1]:1"), 0);
  const endMs = penalties.add("[::1]:1", 0);
  assertEquals(
    penalties.add("[::1]:1", endMs + FORGET_AFTER_MS),
    endMs + FORGET_AFTER_MS + DELAY_FIRST_MS,
  );
});

Deno.test("no more addresses are remembered than there is room for", () => {
  const penalties = new Penalties();
  for (let number = 0; number <= ADDRESSES_MAX; number++) penalties.add(`h${number}:1`, 0);
  assertEquals([penalties.endMs("h0:1"), penalties.endMs("h1:1")], [0, DELAY_FIRST_MS]);
});
