/**
 * When a figure of the benchmark counts, and which target it is held to.
 *
 * @module
 */
import type { RowRuns, RunResult } from "../../bench/measure.ts";
import { ALL_ROWS, type Row } from "../../bench/rows.ts";
import { targetOf } from "../../bench/targets.ts";
import { median, summarize } from "../../bench/verdict.ts";
import { assertEquals } from "../deps.ts";

function rowOf(id: string): Row {
  const row = ALL_ROWS.find((one) => one.id === id);
  if (row === undefined) throw new Error(`No row ${id}`);
  return row;
}

const plainRun: RunResult = {
  cpuUsPerRequest: 10,
  userUsPerRequest: 4,
  systemUsPerRequest: 6,
  cpuSeconds: 2,
  isTicked: false,
  backendUsPerRequest: 3,
  loadUsPerRequest: null,
  requestsPerSecond: 100_000,
  meanMs: 0.5,
  medianMs: 0.4,
  p99Ms: 1,
  counts: { hits: 200_000, misses: 0, sets: 0, errors: 0 },
  problems: [],
};

/** Runs of `id` whose reference is plain, and whose subject differs from it. */
function runsOf(id: string, ...subject: Partial<RunResult>[]): RowRuns {
  return {
    row: rowOf(id),
    requests: 200_000,
    reference: subject.map(() => plainRun),
    subject: subject.map((changes) => ({ ...plainRun, ...changes })),
    yardstick: [],
    failure: null,
  };
}

Deno.test("a median is the middle, or between the two in the middle", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([4, 1, 2, 100]), 3);
});

Deno.test("the ratio is of the medians, and its range of the single rounds", () => {
  const runs = runsOf(
    "redis/get/32/p32",
    { cpuUsPerRequest: 3 },
    { cpuUsPerRequest: 9 },
    { cpuUsPerRequest: 4 },
  );
  const summary = summarize(runs, "compare");
  assertEquals(summary.cpuRatio, 0.4);
  assertEquals(summary.cpuRatioRange, [0.3, 0.9]);
  assertEquals(summary.invalid, []);
  assertEquals([summary.isReached, summary.isGoalReached], [true, true]);
});

Deno.test("throughput and p99 are held to other limits without pipelining", () => {
  const slow = { requestsPerSecond: 90_000, p99Ms: 1.5 };
  assertEquals(summarize(runsOf("redis/get/32/p1", slow), "compare").invalid, []);
  assertEquals(summarize(runsOf("redis/get/32/p8", slow), "compare").invalid, [
    "throughput 0.90 < 0.95",
    "p99 1.50 > 1.2",
  ]);
  const slower = { requestsPerSecond: 84_000, p99Ms: 1.7 };
  assertEquals(summarize(runsOf("redis/get/32/p1", slower), "compare").invalid, [
    "throughput 0.84 < 0.85",
    "p99 1.70 > 1.6",
  ]);
});

Deno.test("throughput and p99 are held to the yardstick where it is not the reference", () => {
  const runs = runsOf("redis_cluster/get/32/p32", { requestsPerSecond: 60_000, p99Ms: 2 });
  const yardstick = [{ ...plainRun, requestsPerSecond: 50_000, p99Ms: 4 }];
  const summary = summarize({ ...runs, yardstick }, "compare");
  assertEquals(summary.throughputRatio, 1.2);
  assertEquals(summary.p99Ratio, 0.5);
  assertEquals(summary.cpuRatio, 1);
  assertEquals(summary.invalid, []);
});

Deno.test("a figure that does not count reaches no target", () => {
  const fast = { cpuUsPerRequest: 1, problems: ["backends counted 3 errors, not 0"] };
  const summary = summarize(runsOf("redis/get/32/p32", fast), "compare");
  assertEquals(summary.invalid, ["subject: backends counted 3 errors, not 0"]);
  assertEquals([summary.isReached, summary.isGoalReached], [false, false]);
});

Deno.test("different hit counts do not count", () => {
  const counts = { ...plainRun.counts, hits: 199_999 };
  assertEquals(summarize(runsOf("redis/get/32/p32", { counts }), "compare").invalid, [
    "hit counts differ",
  ]);
});

Deno.test("short CPU time counts only where it is known finer than in ticks", () => {
  const short = { cpuSeconds: 0.4 };
  assertEquals(summarize(runsOf("redis/get/32/p32", short), "compare").invalid, []);
  const ticked = { ...short, isTicked: true };
  assertEquals(summarize(runsOf("redis/get/32/p32", ticked), "compare").invalid, [
    "subject: 0.40 s of CPU are too few for 10 ms ticks",
  ]);
});

Deno.test("a row that could not be measured says why", () => {
  const runs = { ...runsOf("redis/get/32/p32"), failure: "redis-benchmark ended with code 1" };
  const summary = summarize(runs, "compare");
  assertEquals(summary.invalid, ["redis-benchmark ended with code 1"]);
  assertEquals(summary.isReached, false);
});

Deno.test("every row is held to the target of its kind", () => {
  const limit = (id: string) => targetOf(rowOf(id), "compare")?.ratioMax ?? null;
  assertEquals(limit("redis/get/32/p32"), 0.50);
  assertEquals(limit("memcache/get/1024/p32"), 0.50);
  assertEquals(limit("redis/mget/32/p1"), 1.30);
  assertEquals(limit("redis/set/16384/p1"), 1.1);
  assertEquals(limit("redis/set/16384/p32"), 1.1);
  assertEquals(limit("redis_cluster/get/32/p32"), 1.15);
  assertEquals(limit("redis_cluster/mget/32/p1"), null);
  assertEquals(limit("redis/get/32/p8"), null);
});

Deno.test("a calibration fails on either side of 1", () => {
  const ofRatio = (cpuUsPerRequest: number) =>
    summarize(runsOf("redis/get/32/p32", { cpuUsPerRequest }), "calibrate").isReached;
  assertEquals([9.6, 9.8, 10.2, 10.4].map(ofRatio), [false, true, true, false]);
});

Deno.test("epoll's rows have targets of their own, the same at every number of clients", () => {
  for (const clients of ["", "/c500", "/c2000", "/c10000"]) {
    const limits = (shape: string) => {
      const target = targetOf(rowOf(`epoll:redis/get/${shape}${clients}`), "compare");
      return target && [target.ratioMax, target.goal];
    };
    assertEquals(limits("32/p1"), [0.95, 0.70]);
    assertEquals(limits("32/p8"), null);
    assertEquals(limits("32/p32"), [0.40, 0.28]);
    assertEquals(limits("1024/p1"), [0.75, 0.60]);
    assertEquals(limits("1024/p8"), null);
    assertEquals(limits("1024/p32"), [0.75, 0.60]);
    assertEquals(limits("16384/p1"), [1.1, 1.0]);
    assertEquals(limits("16384/p32"), [1.1, 1.0]);
  }
  assertEquals(targetOf(rowOf("redis/get/32/p1/c2000"), "compare")?.ratioMax, 1.30);
  assertEquals(targetOf(rowOf("epoll:redis_cluster/get/32/p1"), "compare")?.ratioMax, 1.15);
  assertEquals(targetOf(rowOf("epoll:redis/mget/32/p1"), "compare"), null);
  const memcache = (shape: string) => {
    const target = targetOf(rowOf(`epoll:memcache/${shape}`), "compare");
    return target && [target.ratioMax, target.goal];
  };
  assertEquals(memcache("get/32/p32"), [0.50, 0.40]);
  assertEquals(memcache("get/32/p1"), [1.20, 1.10]);
  assertEquals(memcache("mget/32/p1"), [0.60, null]);
  assertEquals(memcache("mget/32/p32"), [0.60, null]);
  assertEquals(targetOf(rowOf("epoll:redis/get/32/p1"), "self")?.ratioMax, 1.03);
});

Deno.test("epoll's throughput and p99 are held to the same limits at every pipeline", () => {
  const slow = { requestsPerSecond: 94_000, p99Ms: 1.2 };
  for (const id of ["epoll:redis/get/32/p1", "epoll:redis/get/32/p32/c2000"]) {
    assertEquals(summarize(runsOf(id, slow), "compare").invalid, [
      "throughput 0.94 < 0.95",
      "p99 1.20 > 1.15",
    ]);
  }
});

Deno.test("epoll's p99 has a goal, Deno's has none", () => {
  const reached = (id: string, p99Ms: number) =>
    summarize(runsOf(id, { p99Ms }), "compare").isP99GoalReached;
  assertEquals(reached("epoll:redis/get/32/p1/c500", 1), true);
  assertEquals(reached("epoll:redis/get/32/p1/c500", 1.1), false);
  assertEquals(reached("redis/get/32/p1", 1), null);
});

Deno.test("a p99 that the generator cannot tell from a greater one does not count", () => {
  const runs = runsOf("epoll:redis/get/32/p32/c10000", { p99Ms: 3000.319 });
  const reference = [{ ...plainRun, p99Ms: 3000.319 }];
  assertEquals(summarize({ ...runs, reference }, "compare").invalid, [
    "p99 is beyond the 3 s that the generator tells apart",
  ]);
});

Deno.test("a lone client is held to its latency, the mean and the median of it", () => {
  const summaryOf = (changes: Partial<RunResult>) =>
    summarize(runsOf("epoll:redis/get/32/p1/c1", changes), "compare");
  const slower = { cpuUsPerRequest: 30, requestsPerSecond: 92_000, meanMs: 0.54, medianMs: 0.43 };
  assertEquals(summaryOf(slower).invalid, []);
  assertEquals(summaryOf(slower).isReached, true);
  assertEquals(summaryOf({ ...slower, meanMs: 0.56 }).isReached, false);
  assertEquals(summaryOf({ ...slower, medianMs: 0.45 }).isReached, false);
  assertEquals(summaryOf({ p99Ms: 1.2 }).invalid, ["p99 1.20 > 1.15"]);
});

Deno.test("the generator's share of a core is shown where it is known", () => {
  const share = (loadUsPerRequest: number | null) =>
    summarize(runsOf("epoll:redis/get/32/p1/c500", { loadUsPerRequest }), "compare")
      .subject?.loadShare;
  assertEquals(share(8)?.toFixed(2), "0.80");
  assertEquals(share(null), null);
});
