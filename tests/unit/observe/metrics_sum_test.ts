import { assertEquals } from "../../deps.ts";
import {
  CLUSTER_COUNTS,
  CLUSTER_HISTOGRAMS,
  clusterCounts,
} from "../../../src/observe/metric_table.ts";
import { MetricsSum } from "../../../src/observe/metrics_sum.ts";
import { backend, snapshot } from "../supervisor/snapshots.ts";

Deno.test("kinds of requests are added up, and those of the dead are kept", () => {
  const sum = new MetricsSum();
  const part = (numbers: number[]) =>
    snapshot("a", { requestsByKind: numbers, failedByKind: [0, 1, 0, 0] });
  sum.retire([part([1, 2, 3, 4])]);
  const [total] = sum.total([[part([10, 0, 0, 0])], [part([0, 20, 0, 0])]]);
  assertEquals(total!.requestsByKind, [11, 22, 3, 4]);
  assertEquals(total!.failedByKind, [0, 3, 0, 0]);
});

Deno.test("MetricsSum.total() adds workers up by cluster and backend", () => {
  const first = [
    snapshot("a", {
      requests: 3,
      clientsConnected: 1,
      failures: [1, 2],
      totalTimer: { counts: [1, 0], sum: 5 },
      backends: [
        backend("x:1", { requests: 3, inFlight: 1 }),
        backend("y:1", { isHealthy: false }),
      ],
    }),
    snapshot("b", { requests: 9 }),
  ];
  const second = [
    snapshot("a", {
      requests: 4,
      clientsConnected: 2,
      failures: [10, 20],
      totalTimer: { counts: [2, 7], sum: 50 },
      backends: [backend("y:1", { requests: 4 })],
    }),
  ];
  const unchanged = structuredClone(first);
  const totals = new MetricsSum().total([first, null, second]);
  assertEquals(totals.map(({ cluster, requests }) => [cluster, requests]), [["a", 7], ["b", 9]]);
  assertEquals(totals[0]!.clientsConnected, 3);
  assertEquals(totals[0]!.failures, [11, 22]);
  assertEquals(totals[0]!.totalTimer, { counts: [3, 7], sum: 55 });
  assertEquals(totals[0]!.backends, [
    backend("x:1", { requests: 3, inFlight: 1 }),
    backend("y:1", { requests: 4, isHealthy: false }),
  ]);
  assertEquals(first, unchanged);
});

Deno.test("MetricsSum.total() shows one backend for two servers with one address", () => {
  const backends = () => [
    backend("x:1", { requests: 1, connections: 1 }),
    backend("x:1", { requests: 2, connections: 1, isHealthy: false }),
  ];
  const sum = new MetricsSum();
  for (const workers of [[[snapshot("a", { backends: backends() })]], []]) {
    const [total] = sum.total([...workers, [snapshot("a", { backends: backends() })]]);
    const count = workers.length + 1;
    assertEquals(total!.backends, [
      backend("x:1", { requests: 3 * count, connections: 2 * count, isHealthy: false }),
    ]);
  }
  sum.retire([snapshot("a", { backends: backends() })]);
  assertEquals(sum.total([])[0]!.backends, [backend("x:1", { requests: 3, isHealthy: false })]);
});

Deno.test("a retired worker's counters stay and its gauges go", () => {
  const sum = new MetricsSum();
  sum.retire([
    snapshot("a", {
      requests: 5,
      clientsAccepted: 2,
      clientsConnected: 2,
      failures: [1],
      backends: [
        backend("x:1", {
          requests: 5,
          inFlight: 1,
          queuedBytes: 9,
          connections: 1,
          isHealthy: false,
        }),
        backend("gone:1", { failures: 2, connections: 1 }),
      ],
    }),
  ]);
  sum.retire(null);
  sum.retire([snapshot("a", { requests: 1 })]);
  const live = [snapshot("a", { requests: 1, backends: [backend("x:1", { connections: 1 })] })];
  for (let scrape = 0; scrape < 2; scrape++) {
    const [total] = sum.total([live]);
    assertEquals(total!.requests, 7);
    assertEquals(total!.clientsAccepted, 2);
    assertEquals(total!.clientsConnected, 0);
    assertEquals(total!.backends, [
      backend("x:1", { requests: 5, connections: 1, isHealthy: true }),
      backend("gone:1", { failures: 2, isHealthy: false }),
    ]);
  }
});

Deno.test("every count of the table is added up, and outlives its worker only if it is a counter", () => {
  const ones = Object.fromEntries(CLUSTER_COUNTS.map((field) => [field, 1]));
  const histograms = Object.fromEntries(
    CLUSTER_HISTOGRAMS.map((field) => [field, { counts: [1], sum: 1 }]),
  );
  const worker = () => [snapshot("a", { ...ones, ...histograms })];
  const sum = new MetricsSum();
  sum.retire(worker());
  const [total] = sum.total([worker(), worker()]);
  for (const field of CLUSTER_COUNTS) {
    assertEquals(total![field], clusterCounts[field].kind === "counter" ? 3 : 2, field);
  }
  for (const field of CLUSTER_HISTOGRAMS) assertEquals(total![field], { counts: [3], sum: 3 });
});
