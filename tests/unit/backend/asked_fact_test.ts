/**
 * What servers know is asked for on demand and believed for a while; who asks before the first answer waits for it.
 *
 * @module
 */
import {
  AskedFact,
  REFRESH_INTERVAL_MS,
  RETRY_INTERVAL_MS,
} from "../../../src/backend/asked_fact.ts";
import { assertEquals } from "../../deps.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";

Deno.test("who wants a fact before the first answer waits for it; later nobody waits", () => {
  const fact = new AskedFact(new ManualClock(), "unknown");
  const heard: string[] = [];
  fact.tell((value) => heard.push(`before: ${value}`));
  fact.begin();
  fact.tell((value) => heard.push(`meanwhile: ${value}`));
  assertEquals([fact.isAwaited, heard], [true, ["before: unknown"]]);
  fact.learn("known");
  fact.begin();
  fact.tell((value) => heard.push(`again: ${value}`));
  assertEquals([fact.isAwaited, fact.value], [false, "known"]);
  assertEquals(heard, ["before: unknown", "meanwhile: known", "again: known"]);
});

Deno.test("a fact is due again after a minute, one that nobody told sooner, and never while it is asked for", () => {
  const clock = new ManualClock();
  const fact = new AskedFact(clock, 0);
  assertEquals(fact.isDue, true);
  fact.begin();
  clock.nowMs += REFRESH_INTERVAL_MS;
  assertEquals(fact.isDue, false);
  fact.learn(null);
  assertEquals([fact.isDue, fact.value], [true, 0]);
  fact.begin();
  fact.learn(null);
  clock.nowMs += RETRY_INTERVAL_MS - 1;
  assertEquals(fact.isDue, false);
  clock.nowMs += 1;
  assertEquals(fact.isDue, true);
  fact.begin();
  fact.learn(1);
  clock.nowMs += REFRESH_INTERVAL_MS - 1;
  assertEquals(fact.isDue, false);
  clock.nowMs += 1;
  assertEquals(fact.isDue, true);
});

Deno.test("where there was nobody to ask it is due at once; what was known stays", () => {
  const fact = new AskedFact<number | null>(new ManualClock(), null);
  fact.begin();
  fact.learn(null, true);
  assertEquals(fact.isDue, true);
  fact.begin();
  fact.learn(7);
  fact.begin();
  fact.learn(null);
  assertEquals(fact.value, 7);
});
