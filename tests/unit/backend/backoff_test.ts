import {
  Backoff,
  BACKOFF_FIRST_MS,
  BACKOFF_LONGEST_MS,
  BACKOFF_WAITED_FOR_MS,
  backoffDelayMs,
} from "../../../src/backend/backoff.ts";
import { failures } from "../../../src/failure.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

Deno.test("the delay doubles up to its longest, and chance spreads it over the upper half", () => {
  assertEquals([BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS], [100, 2000]);
  const bounds = [1, 2, 3, 4, 5, 6, 7].map((failures) => [
    backoffDelayMs(failures, 0),
    backoffDelayMs(failures, 1),
  ]);
  assertEquals(bounds, [
    [50, 100],
    [100, 200],
    [200, 400],
    [400, 800],
    [800, 1600],
    [1000, 2000],
    [1000, 2000],
  ]);
});

Deno.test("where requests wait for the backend the longest delay is shorter", () => {
  const backoff = new Backoff();
  for (let failure = 0; failure < 20; failure++) {
    const delayMs = backoff.failed(failures.connectRefused, 0, BACKOFF_WAITED_FOR_MS);
    assertEquals(delayMs <= BACKOFF_WAITED_FOR_MS, true, `${delayMs}`);
  }
});

Deno.test("the delay stays at its longest after any number of failures", () => {
  assertEquals(backoffDelayMs(1_000_000_000, 0.5), 1500);
});

Deno.test("a back-off runs from each failure, grows, and begins anew after an answer", () => {
  const backoff = new Backoff();
  assertEquals(backoff.isOver(0, -Infinity), true);
  for (const longestMs of [100, 200, 400]) {
    const delayMs = backoff.failed(failures.connectRefused, 1000);
    assertEquals(delayMs >= longestMs / 2 && delayMs <= longestMs, true, `${delayMs}`);
    assertEquals([999, 1000].map((ms) => backoff.isOver(ms + delayMs, 999)), [false, true]);
  }
  assertStrictEquals(backoff.lastFailure, failures.connectRefused);
  backoff.reset();
  assertEquals(backoff.failed(failures.connectTimeout, 0) <= 100, true);
  assertStrictEquals(backoff.lastFailure, failures.connectTimeout);
});

Deno.test("a back-off is over when the backend is known to serve again", () => {
  const backoff = new Backoff();
  backoff.failed(failures.connectRefused, 1000);
  assertEquals(backoff.isOver(1001, 999), false);
  assertEquals(backoff.isOver(1001, 1000), true);
  backoff.failed(failures.connectRefused, 1002);
  assertEquals(backoff.isOver(1003, 1000), false);
});
