import { Exchange } from "../../../src/request/exchange.ts";
import {
  FRAGMENTS_IN_FLIGHT_MAX,
  SPLIT_BYTES_MAX,
  splitBytes,
  SplitWindow,
} from "../../../src/session/split_window.ts";
import { assert, assertEquals } from "../../deps.ts";

/** Waits for room, and notes how often it was called. */
class Waiter {
  count = 0;

  windowOpened(): void {
    this.count += 1;
  }
}

Deno.test("it is full with so many fragments, and opens when half of them are over", () => {
  const window = new SplitWindow();
  const waiter = new Waiter();
  for (let index = 0; index < FRAGMENTS_IN_FLIGHT_MAX; index++) {
    assertEquals(window.isFull, false);
    window.enter(new Exchange());
  }
  assertEquals(window.isFull, true);
  window.wait(waiter);
  window.wait(waiter);
  for (let left = FRAGMENTS_IN_FLIGHT_MAX; left > FRAGMENTS_IN_FLIGHT_MAX / 2; left--) {
    assertEquals(waiter.count, 0);
    window.left();
  }
  assertEquals([waiter.count, window.isFull], [1, false]);
  window.left();
  assertEquals(waiter.count, 1);
});

Deno.test("memory is taken as far as it goes, by one request alone in any case", () => {
  const window = new SplitWindow();
  const waiter = new Waiter();
  assertEquals(window.take(2 * SPLIT_BYTES_MAX), true);
  assertEquals(window.take(1), false);
  window.wait(waiter);
  window.giveBack(2 * SPLIT_BYTES_MAX);
  assertEquals(waiter.count, 1);
  assertEquals([window.take(SPLIT_BYTES_MAX - 1), window.take(1), window.take(1)], [
    true,
    true,
    false,
  ]);
});

Deno.test("a request over all slots takes a small part of the memory", () => {
  const slots = 16_384;
  const byteCount = splitBytes(slots, slots);
  assert(byteCount * 8 < SPLIT_BYTES_MAX, `${byteCount}`);
  // Many keys in few places take less than as many fragments.
  assert(splitBytes(100_000, 4) < byteCount);
});
