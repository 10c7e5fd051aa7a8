import {
  backendCounts,
  backendFailureRow,
  backendHealthRow,
  buildRow,
  clusterCounts,
  clusterHistograms,
  durationHistograms,
  failureRow,
  processCounts,
  workerRows,
} from "../../../src/observe/metric_table.ts";
import { assert, assertEquals } from "../../deps.ts";

const rows = [
  ...[failureRow, backendFailureRow, backendHealthRow, buildRow],
  ...[
    ...[clusterCounts, clusterHistograms, backendCounts, processCounts],
    ...[durationHistograms, workerRows],
  ].flatMap((table) => Object.values(table)),
];

Deno.test("every metric has a name of its own, and a sentence that says what it is", () => {
  const names = rows.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
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
    ]
  ) {
    assertEquals(bounds.toSorted((one, other) => one - other), [...bounds]);
  }
});
