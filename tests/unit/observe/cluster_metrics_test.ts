import { assertEquals } from "../../deps.ts";
import { ClusterMetrics } from "../../../src/observe/cluster_metrics.ts";
import { allFailures, failures } from "../../../src/failure.ts";

Deno.test("ClusterMetrics.snapshot() is plain data that later counting does not change", () => {
  const metrics = new ClusterMetrics("main");
  metrics.requests = 7;
  metrics.countFailure(failures.backendTimeout);
  metrics.countFailure(failures.backendTimeout);
  metrics.totalTimer.observe(40_000);
  const snapshot = metrics.snapshot([]);
  metrics.countFailure(failures.backendTimeout);
  metrics.totalTimer.observe(1);
  assertEquals(snapshot.cluster, "main");
  assertEquals(snapshot.requests, 7);
  assertEquals(snapshot.failures.length, allFailures.length);
  assertEquals(snapshot.failures[failures.backendTimeout.id], 2);
  assertEquals(snapshot.totalTimer, { counts: [0, 0, 1, 0, 0, 0], sum: 40_000 });
  assertEquals(structuredClone(snapshot), snapshot);
});
