/**
 * Tokens for wrong passwords: so many at once, so many a second, shared with other workers by who waits where.
 *
 * @module
 */
import {
  DELAY_FIRST_MS,
  DELAY_MAX_MS,
  ENDED_MAX,
  FORGET_AFTER_MS,
  OPEN_WEIGHT,
  OTHERS_SILENT_MS,
  Suspect,
  WRONG_AT_ONCE,
  WRONG_PER_SECOND,
} from "../../../../src/redis/login/suspect.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

/** How many of `count` clients that wait get their turn within the second behind `fromMs`, at ticks. */
function servedInASecond(suspect: Suspect, fromMs: number): number {
  let served = 0;
  for (let nowMs = fromMs + 50; nowMs <= fromMs + 1000; nowMs += 50) {
    while (suspect.next(nowMs) !== null) served += 1;
  }
  return served;
}

/** A suspect whose tokens are gone, with so many clients that wait. */
function exhausted(waiting: number, nowMs: number): Suspect {
  const suspect = new Suspect(nowMs);
  suspect.takeLate(nowMs, WRONG_AT_ONCE);
  for (let count = 0; count < waiting; count++) suspect.wait(new LocalRigClient(), nowMs);
  return suspect;
}

Deno.test("some are judged at once, then so many a second, and after a rest some at once again", () => {
  const suspect = new Suspect(0);
  for (let count = 0; count < WRONG_AT_ONCE; count++) {
    assertEquals(suspect.mayJudgeNow(0), true);
    suspect.takeLate(0);
  }
  assertEquals(suspect.mayJudgeNow(0), false);
  assertEquals(suspect.mayJudgeNow(1000 / WRONG_PER_SECOND), true);
  assertEquals(servedInASecond(exhausted(1_000, 0), 0), WRONG_PER_SECOND);
  suspect.takeLate(60_000, WRONG_AT_ONCE);
  assertEquals(suspect.mayJudgeNow(60_000), false);
});

Deno.test("clients have their turns in the order in which they came; who leaves has none", () => {
  const suspect = exhausted(0, 0);
  const clients = [new LocalRigClient(), new LocalRigClient(), new LocalRigClient()];
  for (const client of clients) suspect.wait(client, 0);
  assertEquals(suspect.mayJudgeNow(60_000), false, "somebody waits");
  suspect.leave(clients[1]!, 60_000);
  assertEquals([suspect.next(60_000), suspect.next(60_000)], [clients[0]!, clients[2]!]);
  assertEquals(suspect.next(60_000), null);
});

Deno.test("who has sent its last waits behind all others, and not without bound", () => {
  const suspect = exhausted(0, 0);
  const clients = Array.from({ length: ENDED_MAX + 2 }, () => new LocalRigClient());
  for (const client of clients) suspect.wait(client, 0);
  const waits = clients.slice(0, -1).map((client) => suspect.end(client, 0));
  assertEquals(waits.filter((isWaiting) => !isWaiting).length, 1);
  assertEquals([waits[0], waits[ENDED_MAX]], [true, false]);
  suspect.leave(clients[ENDED_MAX]!, 0);
  assertEquals([suspect.next(60_000), suspect.next(60_000)], [clients.at(-1)!, clients[0]!]);
  assertEquals(suspect.end(clients[0]!, 60_000), true, "it does not wait any more");
});

Deno.test("a token that was not needed is there for the next", () => {
  const suspect = exhausted(2, 0);
  const oneMs = 1000 / WRONG_PER_SECOND;
  assertEquals([suspect.next(oneMs) !== null, suspect.next(oneMs)], [true, null]);
  suspect.giveBack();
  assertEquals(suspect.next(oneMs) !== null, true);
});

Deno.test("a worker's part is that of its clients among all that wait, as long as the others are heard of", () => {
  const suspect = exhausted(1_000, 0);
  let served = 0;
  for (let nowMs = 50; nowMs <= 1000; nowMs += 50) {
    suspect.othersWait("one", 1_000 * OPEN_WEIGHT, nowMs);
    suspect.othersWait("two", 2_000 * OPEN_WEIGHT, nowMs);
    while (suspect.next(nowMs) !== null) served += 1;
  }
  assertEquals(Math.abs(served - WRONG_PER_SECOND / 4) <= 2, true, `${served}`);
  suspect.othersWait("one", 0, 1000);
  const silentMs = 1000 + OTHERS_SILENT_MS;
  while (suspect.next(silentMs) !== null) continue;
  assertEquals(servedInASecond(suspect, silentMs), WRONG_PER_SECOND);
});

Deno.test("nobody goes ahead of those that wait in another worker", () => {
  const suspect = new Suspect(0);
  suspect.othersWait("other", 1, 0);
  assertEquals(suspect.mayJudgeNow(0), false);
  suspect.othersWait("other", 0, 0);
  assertEquals(suspect.mayJudgeNow(0), true);
});

Deno.test("what is told later doubles up to the longest; a right password or time ends that", () => {
  const suspect = new Suspect(0);
  const delays = Array.from({ length: 8 }, () => suspect.wrong(1000) - 1000);
  assertEquals(delays.slice(0, 3), [DELAY_FIRST_MS, 2 * DELAY_FIRST_MS, 4 * DELAY_FIRST_MS]);
  assertEquals(delays.at(-1), DELAY_MAX_MS);
  suspect.right();
  assertEquals(suspect.wrong(1000) - 1000, DELAY_FIRST_MS);
  const laterMs = 1000 + FORGET_AFTER_MS;
  assertEquals(suspect.wrong(laterMs) - laterMs, DELAY_FIRST_MS);
});
