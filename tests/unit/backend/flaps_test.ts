import {
  FLAP_HOLD_FIRST_MS,
  FLAP_HOLD_LONGEST_MS,
  FLAP_WINDOW_MS,
  Flaps,
} from "../../../src/backend/flaps.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("who fails once may return at once", () => {
  const flaps = new Flaps();
  flaps.left(1_000);
  assertEquals([flaps.holdMs, flaps.mayReturnAtMs], [0, 1_000]);
});

Deno.test("who fails soon after each return stays away twice as long each time, up to a limit", () => {
  const flaps = new Flaps();
  const holds: number[] = [];
  let nowMs = 0;
  for (let round = 0; round < 8; round++) {
    flaps.left(nowMs);
    holds.push(flaps.holdMs);
    assertEquals(flaps.mayReturnAtMs, nowMs + flaps.holdMs);
    nowMs += flaps.holdMs;
    flaps.returned(nowMs);
    nowMs += FLAP_WINDOW_MS - 1;
  }
  const first = FLAP_HOLD_FIRST_MS;
  const doubled = [first, 2 * first, 4 * first, 8 * first, 16 * first];
  assertEquals(holds, [0, ...doubled, FLAP_HOLD_LONGEST_MS, FLAP_HOLD_LONGEST_MS]);
});

Deno.test("who was back for a while begins anew", () => {
  const flaps = new Flaps();
  flaps.left(0);
  flaps.returned(10);
  flaps.left(20);
  assertEquals(flaps.holdMs, FLAP_HOLD_FIRST_MS);
  flaps.returned(1_000);
  flaps.left(1_000 + FLAP_WINDOW_MS);
  assertEquals(flaps.holdMs, 0);
});

Deno.test("how long it stays away at the most is its owner's to say", () => {
  const flaps = new Flaps(700);
  flaps.left(0);
  for (const holdMs of [500, 700, 700]) {
    flaps.returned(1_000);
    flaps.left(2_000);
    assertEquals(flaps.holdMs, holdMs);
  }
});
