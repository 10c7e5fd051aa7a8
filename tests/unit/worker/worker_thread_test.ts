import { assertEquals, assertMatch } from "../../deps.ts";
import type { SupervisorMessage, WorkerMessage } from "../../../src/worker/messages.ts";
import { withFreePorts } from "../../support/free_port.ts";
import { clusterConfig } from "../supervisor/cluster_configs.ts";

Deno.test("a thread reports the error that nothing caught, with its counts, and ends", async () => {
  await withFreePorts(1, async ([port]) => {
    const url = new URL("../../proxy/crashing_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const received: WorkerMessage[] = [];
    const failed = Promise.withResolvers<void>();
    worker.onerror = (event) => {
      event.preventDefault();
      failed.reject(new Error(`not reported as a message: ${event.message}`));
    };
    worker.onmessage = async ({ data }: MessageEvent<WorkerMessage>) => {
      received.push(data);
      if (data.kind === "listening") (await Deno.connect({ port: port! })).close();
      if (data.kind === "failed") failed.resolve();
    };
    worker.postMessage(
      {
        kind: "start",
        workerNumber: 5,
        clusters: [clusterConfig("main", 1, port!)],
        leads: ["main"],
        logLevel: "info",
        io: { engine: "deno" },
        advertisedAddress: "127.0.0.1",
        sharesPort: false,
      } satisfies SupervisorMessage,
    );
    await failed.promise;
    worker.terminate();
    assertEquals(received.map(({ kind }) => kind), ["listening", "metrics", "failed"]);
    const [, metrics, last] = received;
    if (metrics?.kind !== "metrics" || last?.kind !== "failed") throw new Error("unreachable");
    assertEquals(metrics.clusters[0]!.clientsAccepted, 1);
    assertEquals([last.workerNumber, last.cluster], [5, ""]);
    assertMatch(last.reason, /^Error: died of a connection\n +at .*crashing_worker\.ts/);
  });
});
