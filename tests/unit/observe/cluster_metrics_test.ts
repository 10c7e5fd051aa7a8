import { assertEquals } from "../../deps.ts";
import { ClusterMetrics } from "../../../src/observe/cluster_metrics.ts";
import { allFailures, failures } from "../../../src/failure.ts";

Deno.test("ClusterMetrics.snapshot() is plain data that later counting does not change", () => {
  const metrics = new ClusterMetrics("main");
  for (const flags of [0, 1, 1, 5, 2, 10]) metrics.countRequest({ flags });
  metrics.countRequest(null);
  metrics.countFailed({ flags: 1 });
  metrics.countFailed(null);
  metrics.otherErrors += 1;
  metrics.countFailure(failures.backendTimeout);
  metrics.countFailure(failures.backendTimeout);
  metrics.totalTimer.observe(40_000);
  const snapshot = metrics.snapshot([]);
  metrics.countFailure(failures.backendTimeout);
  metrics.totalTimer.observe(1);
  assertEquals(snapshot.cluster, "main");
  metrics.countFailed(null);
  assertEquals([snapshot.requests, snapshot.errorReplies], [7, 3]);
  assertEquals([snapshot.requestsByKind, snapshot.failedByKind], [[1, 3, 2, 1], [0, 1, 0, 1]]);
  assertEquals(snapshot.failures.length, allFailures.length);
  assertEquals(snapshot.failures[failures.backendTimeout.id], 2);
  assertEquals(snapshot.totalTimer, { counts: [0, 0, 1, 0, 0, 0], sum: 40_000 });
  assertEquals(structuredClone(snapshot), snapshot);
});

Deno.test("the fields of ClusterMetrics are not looked up by name at each use", async () => {
  const module = import.meta.resolve("../../../src/observe/cluster_metrics.ts");
  const code = `import { ClusterMetrics } from ${JSON.stringify(module)};
console.log(new Function("object", "return %HasFastProperties(object)")(new ClusterMetrics("a")));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--no-check", "--v8-flags=--allow-natives-syntax", code],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "true\n", new TextDecoder().decode(stderr));
});
