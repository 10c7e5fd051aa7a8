import { createClientMemory } from "../../../src/observe/client_room.ts";
import { createClusterMemories } from "../../../src/observe/cluster_memory.ts";
import { createMemoryRoom } from "../../../src/observe/memory_room.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import type { SupervisorMessage, WorkerMessage } from "../../../src/worker/messages.ts";
import { withFreePorts } from "../../support/tools/free_port.ts";
import { openDescriptors } from "../../support/tools/descriptors.ts";
import { libcPath } from "../../support/tools/libc_path.ts";
import { until } from "../../support/tools/poll.ts";
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
        isAudited: false,
        io: { engine: "deno" },
        advertisedAddress: { address: "127.0.0.1", isExplicit: true },
        zone: "",
        sharesPort: false,
        clientMemory: createClientMemory(1),
        memoryRoom: createMemoryRoom(8),
        clusterMemories: createClusterMemories([clusterConfig("main", 1, 1)], 8),
        listeners: [],
        loopMemory: new SharedArrayBuffer(1),
        isTakeover: false,
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

Deno.test({
  name: "a thread that died on epoll leaves no descriptor open, wherever its loop waited",
  // Epoll is on Linux alone.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withFreePorts(1, async ([port]) => {
      await dieOnEpoll(port!);
      // Deno itself keeps some of what the first thread needed.
      const before = kernelObjects();
      for (let death = 0; death < 3; death++) await dieOnEpoll(port!);
      await until(() => kernelObjects() <= before, { what: "as few descriptors as before" });
    });
  },
});

/** How many epoll instances and event descriptors are open. */
function kernelObjects(): number {
  return [...openDescriptors().values()].filter((link) => link.startsWith("anon_inode:")).length;
}

async function dieOnEpoll(port: number): Promise<void> {
  const url = new URL("../../proxy/crashing_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.onmessage = async ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.kind === "listening") (await Deno.connect({ port })).close();
    if (data.kind === "failed") resolve();
  };
  worker.postMessage(
    {
      kind: "start",
      workerNumber: 0,
      clusters: [clusterConfig("main", 1, port)],
      leads: [],
      logLevel: "info",
      isAudited: false,
      io: { engine: "epoll", libcPath },
      advertisedAddress: { address: "127.0.0.1", isExplicit: true },
      zone: "",
      sharesPort: false,
      clientMemory: createClientMemory(1),
      memoryRoom: createMemoryRoom(8),
      clusterMemories: createClusterMemories([clusterConfig("main", 1, 1)], 8),
      listeners: [],
      loopMemory: new SharedArrayBuffer(1),
      isTakeover: false,
    } satisfies SupervisorMessage,
  );
  await promise;
  // As the supervisor does at once.
  worker.terminate();
}
