import { DELAY_WINDOW_MS, WriteDelay } from "../../../../src/net/deno/write_delay.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("the longest write of late counts, for one window and the next", () => {
  const delay = new WriteDelay();
  assertEquals(delay.longestMs(0), 0);
  delay.count(5, 10);
  delay.count(700, 20);
  delay.count(3, 30);
  assertEquals(delay.longestMs(40), 700);
  const next = DELAY_WINDOW_MS + 10;
  delay.count(20, next);
  assertEquals(delay.longestMs(next), 700);
  assertEquals(delay.longestMs(next + DELAY_WINDOW_MS), 20);
  assertEquals(delay.longestMs(next + 2 * DELAY_WINDOW_MS), 0);
});

Deno.test("what is long ago does not count, however long nobody asked", () => {
  const delay = new WriteDelay();
  delay.count(900, 0);
  assertEquals(delay.longestMs(10 * DELAY_WINDOW_MS), 0);
});
