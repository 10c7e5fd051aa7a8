/**
 * Which rows and checks the benchmark has, and which of them a run takes.
 *
 * @module
 */
import { selectChecks } from "../../bench/checks.ts";
import { whyImpossible } from "../../bench/machine_limits.ts";
import { ALL_ROWS, ENGINES, groupRows, type Row, selectRows } from "../../bench/rows.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";

const GIGABYTE = 1e9;

function idsOf(pattern: RegExp | null, isQuick = false, engines = ENGINES): string[] {
  return selectRows({ engines, only: pattern, isQuick }).map((row) => row.id);
}

function rowOf(id: string): Row {
  const row = ALL_ROWS.find((one) => one.id === id);
  if (row === undefined) throw new Error(`No row ${id}`);
  return row;
}

Deno.test("row ids are unique and say what the row is", () => {
  assertEquals(new Set(ALL_ROWS.map((row) => row.id)).size, ALL_ROWS.length);
  for (const { id, engine, suite, operation, valueBytes, pipeline, clients } of ALL_ROWS) {
    const name = `${suite}/${operation}/${valueBytes}/p${pipeline}`;
    const prefix = engine === "deno" ? "" : "epoll:";
    assertEquals(id, prefix + name + (clients === 50 ? "" : `/c${clients}`));
  }
});

Deno.test("reads through epoll are measured in every combination", () => {
  for (const clients of ["", "/c500", "/c2000", "/c10000"]) {
    for (const bytes of [32, 1024, 16384]) {
      for (const pipeline of [1, 8, 32]) rowOf(`epoll:redis/get/${bytes}/p${pipeline}${clients}`);
    }
  }
});

Deno.test("other loads through epoll are measured at few clients", () => {
  for (const id of ["redis/mget/32/p1", "memcache/get/1024/p32", "redis_cluster/set/32/p32"]) {
    assertEquals(rowOf(`epoll:${id}`).isQuick, false);
  }
});

Deno.test("slots are measured beside a ring at few clients and at many, on either engine", () => {
  for (const engine of ["", "epoll:"]) {
    for (const clients of ["", "/c500"]) {
      for (const pipeline of [1, 8, 32]) {
        rowOf(`${engine}redis_cluster/get/32/p${pipeline}${clients}`);
      }
    }
  }
});

Deno.test("Deno's sockets are measured at more clients in the simplest shape only", () => {
  const many = ALL_ROWS.filter((row) =>
    row.engine === "deno" && row.suite !== "redis_cluster" && row.clients !== 50
  );
  assertEquals(many.map((row) => row.id), [
    "redis/get/32/p1/c500",
    "redis/set/32/p1/c500",
    "redis/get/32/p1/c2000",
    "redis/set/32/p1/c2000",
  ]);
});

Deno.test("rows are chosen by pattern, and by engine besides", () => {
  assertEquals(idsOf(/^redis\/get\/32\/p1$/), ["redis/get/32/p1"]);
  assertEquals(idsOf(/redis\/get\/32\/p1$/), ["redis/get/32/p1", "epoll:redis/get/32/p1"]);
  assertEquals(idsOf(/get\/32\/p1\/c2000$/, false, ["epoll"]), ["epoll:redis/get/32/p1/c2000"]);
  assertEquals(idsOf(null).length, ALL_ROWS.length);
});

Deno.test("a quick run has few rows of either engine, and the most clients", () => {
  const quick = idsOf(null, true);
  assert(quick.includes("redis/get/32/p1") && !quick.includes("redis/get/32/p1/c500"));
  assertEquals(quick.filter((id) => id.startsWith("epoll:")), [
    "epoll:redis/get/32/p1/c1",
    "epoll:redis/get/32/p1",
    "epoll:redis/get/32/p32",
    "epoll:redis/get/1024/p1",
    "epoll:redis/get/16384/p1",
    "epoll:redis/get/32/p1/c2000",
    "epoll:redis/get/32/p1/c10000",
  ]);
});

Deno.test("each engine, suite and number of clients has processes of its own", () => {
  const groups = groupRows(ALL_ROWS).map(({ engine, suite, clients, rows }) => {
    assert(rows.every((row) => row.engine === engine && row.suite === suite));
    assert(rows.every((row) => row.clients === clients));
    return `${engine} ${suite} ${clients}`;
  });
  assertEquals(groups, [
    "deno redis 50",
    "deno redis 500",
    "deno redis 2000",
    "deno memcache 50",
    "deno redis_cluster 50",
    "deno redis_cluster 500",
    "epoll redis 1",
    "epoll redis 50",
    "epoll memcache 50",
    "epoll redis_cluster 50",
    "epoll redis 500",
    "epoll redis 2000",
    "epoll redis 10000",
    "epoll redis_cluster 500",
  ]);
  assertEquals(groupRows(ALL_ROWS).flatMap(({ rows }) => rows), [...ALL_ROWS]);
});

Deno.test("a row that the machine cannot hold is left out with the reason", () => {
  const limits = { openFiles: 20_000, availableBytes: 24 * GIGABYTE };
  const most = rowOf("epoll:redis/get/32/p1/c10000");
  assertEquals(whyImpossible(most, limits), null);
  assertEquals(
    whyImpossible(most, { ...limits, openFiles: 4096 }),
    "10240 open files are needed, the hard limit is 4096",
  );
  const largest = whyImpossible(rowOf("epoll:redis/get/16384/p32/c10000"), limits);
  assertMatch(largest ?? "", /^requests in flight may take 21.0 GB/);
  const usual = rowOf("redis/get/16384/p32");
  assertEquals(whyImpossible(usual, { openFiles: 100, availableBytes: 0 }), null);
});

Deno.test("memory is checked with both engines, idleness only with epoll", () => {
  const ids = (only: RegExp | null, engines = ENGINES) =>
    selectChecks(engines, only).map((check) => check.id);
  assertEquals(ids(null), [
    "memory/idle",
    "memory/large",
    "memory/unread",
    "epoll:memory/idle",
    "epoll:memory/large",
    "epoll:memory/unread",
    "epoll:idle/cpu",
    "epoll:idle/first",
  ]);
  assertEquals(ids(/^memory\/large/), ["memory/large"]);
  assertEquals(ids(/idle/, ["epoll"]), ["epoll:memory/idle", "epoll:idle/cpu", "epoll:idle/first"]);
});
