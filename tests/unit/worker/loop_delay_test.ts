import { LoopDelay, RECENT_MS } from "../../../src/worker/loop_delay.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("all delays are counted, in seconds", () => {
  const delay = new LoopDelay(() => 0);
  for (const lateMs of [0, 0, 30, 700]) delay.observe(lateMs);
  const { counts, sum } = delay.histogram;
  assertEquals([counts[0], counts.reduce((one, other) => one + other), sum], [2, 4, 0.73]);
});

Deno.test("the longest is that of the last seconds", () => {
  let nowMs = 0;
  const delay = new LoopDelay(() => nowMs);
  delay.observe(300);
  delay.observe(2);
  assertEquals(delay.longestMs, 300);
  nowMs += RECENT_MS;
  delay.observe(5);
  assertEquals(delay.longestMs, 300);
  nowMs += RECENT_MS;
  assertEquals(delay.longestMs, 5);
  nowMs += 3 * RECENT_MS;
  assertEquals(delay.longestMs, 0);
});
