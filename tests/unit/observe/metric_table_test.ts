import {
  backendCounts,
  backendFailureRow,
  backendHealthRow,
  backendResultRow,
  buildRow,
  clusterCounts,
  clusterHistograms,
  durationHistograms,
  failureRow,
  frontCommandRow,
  type MetricRow,
  probeDurationRow,
  probeRow,
  processCounts,
  sharedSessionsRow,
  workerRows,
} from "../../../src/observe/metric_table.ts";
import { DURATION_BOUNDS_MS } from "../../../src/observe/durations.ts";
import { assert, assertEquals } from "../../deps.ts";

const rows: readonly MetricRow[] = [
  ...[sharedSessionsRow, failureRow, backendFailureRow, backendHealthRow, buildRow],
  ...[backendResultRow, probeRow, probeDurationRow, frontCommandRow],
  ...[
    ...[clusterCounts, clusterHistograms, backendCounts, processCounts],
    ...[durationHistograms, workerRows],
  ].flatMap((table) => Object.values(table)),
];

Deno.test("every metric has a name of its own, or labels, and a sentence that says what it is", () => {
  const names = rows.map(({ name, fixedLabels }) =>
    `${name} ${JSON.stringify(fixedLabels ?? null)}`
  );
  assertEquals(new Set(names).size, names.length);
  const helps = new Set(rows.map(({ name, kind, help }) => `${name} ${kind} ${help}`));
  assertEquals(helps.size, new Set(rows.map(({ name }) => name)).size, "one name is one metric");
  for (const { name, help } of rows) {
    assert(/^aster_[a-z_]+$/.test(name), name);
    assert(/^[A-Z0-9].*\.$/.test(help), help);
  }
});

Deno.test("what only grows is called a total, but for names of aster 1.x", () => {
  const kept = ["aster_front_connection_incr", "aster_thread_count", "aster_global_error"];
  const counters = rows.filter(({ kind, name }) => kind === "counter" && !kept.includes(name));
  assertEquals(counters.filter(({ name }) => !name.endsWith("_total")), []);
  assertEquals(rows.filter(({ kind, name }) => kind !== "counter" && name.endsWith("_total")), []);
});

Deno.test("buckets ascend", () => {
  for (
    const { bounds } of [
      ...Object.values(clusterHistograms),
      ...Object.values(durationHistograms),
      workerRows.loopDelay,
      probeDurationRow,
    ]
  ) {
    assertEquals(bounds.toSorted((one, other) => one - other), [...bounds]);
  }
});

Deno.test("the buckets of probes are among those that are counted, so that none is split", () => {
  const counted = DURATION_BOUNDS_MS.map((bound) => bound * 1_000);
  assertEquals(probeDurationRow.bounds.filter((bound) => !counted.includes(bound)), []);
});
