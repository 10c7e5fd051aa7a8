/**
 * Rates of many keys, counted by several workers whose clocks began at different times.
 *
 * @module
 */
import { createRateMemory, RATE_ENTRIES, RateTable } from "../../../src/observe/rate_table.ts";
import { assert, assertEquals } from "../../deps.ts";

const RATE = { perSecond: 10, burst: 5 };

/** A table whose time a test sets. */
class Table extends RateTable {
  timeMs: number;

  constructor(memory = createRateMemory()) {
    super(memory, () => this.timeMs);
    this.timeMs = 0;
  }
}

/** How many of `tries` requests are let through. */
function taken(table: Table, key: bigint, nowMs: number, tries = 20, rate = RATE): number {
  table.timeMs = nowMs;
  let count = 0;
  for (let index = 0; index < tries; index++) if (table.take(key, rate)) count += 1;
  return count;
}

Deno.test("after a rest there is a whole burst, then what the rate gives", () => {
  const table = new Table();
  assertEquals(taken(table, 7n, 1_000), 5);
  assertEquals(taken(table, 7n, 1_099), 0);
  assertEquals(taken(table, 7n, 1_100), 1);
  assertEquals(taken(table, 7n, 1_350), 2);
  assertEquals(taken(table, 7n, 3_000), 5);
  assertEquals(taken(table, 8n, 3_000), 5);
});

Deno.test("over a long time no more pass than the rate gives, however they come", () => {
  const table = new Table();
  const rate = { perSecond: 333, burst: 1 };
  let count = 0;
  for (; table.timeMs < 60_000; table.timeMs += 1) if (table.take(1n, rate)) count += 1;
  assert(count <= 333 * 60 + 1 && count >= 250 * 60, `${count}`);
  const many = { perSecond: 10_000_000, burst: 10_000_000 };
  assertEquals(taken(table, 2n, 60_000, 1_000, many), 1_000);
});

Deno.test("workers count together, whenever their clocks began", () => {
  const memory = createRateMemory();
  const [one, other] = [new Table(memory), new Table(memory)];
  assertEquals(taken(one, 7n, 5_000_000, 3), 3);
  // The other's clock has just begun.
  assertEquals(taken(other, 7n, 10), 2);
  assertEquals(taken(one, 7n, 5_000_050), 0);
  assertEquals(taken(other, 7n, 110), 1);
  assertEquals(taken(one, 7n, 5_000_100), 0);
  assertEquals(taken(one, 7n, 5_000_600), 5);
});

Deno.test("a worker that stood still behind its look at the clock refuses nothing for that", () => {
  const memory = createRateMemory();
  const other = new Table(memory);
  const rate = { perSecond: 1_000, burst: 100 };
  let looks = 0;
  const stopped = new RateTable(memory, () => {
    looks += 1;
    if (looks > 1) return 2_000;
    // For two seconds, in which the other one goes on.
    assertEquals(taken(other, 7n, 2_000, 10, rate), 10);
    return 0;
  });
  assertEquals(stopped.take(7n, rate), true);
  assertEquals(taken(other, 7n, 2_000, 200, rate), 89);
});

Deno.test("a slower rate does not make up for what a faster one gave", () => {
  const table = new Table();
  assertEquals(taken(table, 7n, 0, 100, { perSecond: 1, burst: 100 }), 100);
  // By the former rate it would be 100 s.
  assertEquals(taken(table, 7n, 500), 0);
  assertEquals(taken(table, 7n, 1_100), 5);
});

Deno.test("more keys than there are entries: the table stays as large, and a busy key is hardly forgotten", () => {
  const memory = createRateMemory();
  const table = new Table(memory);
  const busy = { perSecond: 1, burst: 1_000 };
  assertEquals(taken(table, 1n, 0, 2_000, busy), 1_000);
  table.timeMs = 1;
  for (let key = 2n; key < BigInt(RATE_ENTRIES * 3); key += 1n) {
    assert(table.take(key, { perSecond: 1_000, burst: 1 }));
  }
  assertEquals(taken(table, 1n, 1, 10, busy), 0);
});
