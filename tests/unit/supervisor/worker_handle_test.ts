import { tcpEndpoint } from "../../../src/endpoint.ts";
import { createClientMemory } from "../../../src/observe/client_room.ts";
import { createClusterMemories } from "../../../src/observe/cluster_memory.ts";
import { VITALS } from "./snapshots.ts";
import { createMemoryRoom } from "../../../src/observe/memory_room.ts";
import { assert, assertEquals } from "../../deps.ts";
import { WorkerHandle, type WorkerReceiver } from "../../../src/supervisor/worker_handle.ts";
import { clusterConfig } from "./cluster_configs.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { FakeWorker } from "./fake_worker.ts";

function stage(): {
  clock: ManualClock;
  worker: FakeWorker;
  handle: WorkerHandle;
  heard: string[];
} {
  const heard: string[] = [];
  const receiver: WorkerReceiver = {
    onListening: ({ number }) => heard.push(`${number} listens`),
    onMessage: (_, { kind }) => heard.push(kind),
    onEnd: ({ number }, cluster, reason) => heard.push(`${number} ended ${cluster}: ${reason}`),
  };
  const worker = new FakeWorker();
  const clock = new ManualClock();
  const handle = new WorkerHandle(
    worker,
    {
      kind: "start",
      workerNumber: 3,
      clusters: [clusterConfig("main", 1, 7_000)],
      leads: [],
      logLevel: "info",
      isAudited: false,
      io: { engine: "deno" },
      advertisedAddress: { address: "192.0.2.1", isExplicit: true },
      zone: "",
      sharesPort: true,
      isTakeover: false,
      clientMemory: createClientMemory(1),
      memoryRoom: createMemoryRoom(8),
      clusterMemories: createClusterMemories([clusterConfig("main", 1, 1)], 8),
      listeners: [],
      loopMemory: new SharedArrayBuffer(1),
    },
    receiver,
    clock,
  );
  return { clock, worker, handle, heard };
}

Deno.test("WorkerHandle sends the start message first and tells when the worker listens", () => {
  const { worker, handle, heard } = stage();
  assertEquals(worker.kinds(), ["start"]);
  assertEquals([handle.number, handle.clusterNames, handle.isListening], [3, ["main"], false]);
  assertEquals(handle.listenedMs, 0);
  worker.listen();
  assertEquals(handle.isListening, true);
  worker.say({ kind: "refresh", cluster: "main" });
  assertEquals(heard, ["3 listens", "refresh"]);
});

Deno.test("collect() matches answers to questions, and a late one still counts", async () => {
  const { clock, worker, handle } = stage();
  assertEquals(await handle.collect(10), false);
  worker.listen();
  worker.requests = 7;
  const [first, second] = [handle.collect(1_000), handle.collect(1_000)];
  assertEquals(await Promise.all([first, second]), [true, true]);
  worker.requests = null;
  const unanswered = handle.collect(100);
  clock.advance(100);
  assertEquals(await unanswered, false);
  worker.say({ kind: "metrics", question: 3, clusters: [], vitals: VITALS });
  assertEquals(handle.snapshots, []);
});

Deno.test("an error that nothing caught ends the worker, prevented from ending the process", () => {
  const { worker, handle, heard } = stage();
  worker.listen();
  const event = new ErrorEvent("error", { message: "boom", cancelable: true });
  worker.onerror?.(event);
  assertEquals(event.defaultPrevented, true);
  assertEquals(heard, ["3 listens", "3 ended : boom"]);
  assert(worker.isTerminated);
  assertEquals(handle.isListening, false);
  worker.listen();
  worker.say({ kind: "failed", workerNumber: 3, cluster: "main", reason: "again" });
  handle.post({ kind: "stop" });
  assertEquals(heard.length, 2);
  assertEquals(worker.kinds(), ["start"]);
});

Deno.test("a worker that ends answers its open questions with no", async () => {
  const { worker, handle } = stage();
  worker.listen();
  worker.requests = null;
  const answer = handle.collect(60_000);
  worker.say({ kind: "failed", workerNumber: 3, cluster: "main", reason: "gone" });
  assertEquals(await answer, false);
});

Deno.test("stop() waits for the worker's word, but not for ever", async () => {
  const obedient = stage();
  await obedient.handle.stop(60_000);
  assert(obedient.worker.isTerminated);
  const stuck = stage();
  stuck.worker.isStuck = true;
  const stopped = stuck.handle.stop(100);
  assert(!stuck.worker.isTerminated);
  stuck.clock.advance(100);
  await stopped;
  assert(stuck.worker.isTerminated);
  assertEquals([obedient.heard, stuck.heard], [[], []]);
});

Deno.test("stopAccepting() waits until nobody is accepted, or the time is over, or the worker is gone", async () => {
  const closed = stage();
  closed.worker.listen();
  const first = closed.handle.stopAccepting(100, ["main"]);
  assertEquals(closed.worker.received.at(-1), { kind: "close", handedOver: ["main"] });
  closed.worker.say({ kind: "closed" });
  await first;
  const slow = stage();
  slow.worker.listen();
  const second = slow.handle.stopAccepting(100, ["main"]);
  slow.clock.advance(100);
  await second;
  const dead = stage();
  dead.worker.listen();
  const third = dead.handle.stopAccepting(100, ["main"]);
  dead.worker.die("boom");
  await third;
  await stage().handle.stopAccepting(100, ["main"]);
});

Deno.test("share() returns what the worker listens by, or nothing where it does not say", async () => {
  const sockets = [{ endpoint: tcpEndpoint("127.0.0.1", 7_000), descriptor: 50 }];
  const shared = stage();
  shared.worker.listen();
  const first = shared.handle.share(100);
  assertEquals(shared.worker.received.at(-1), { kind: "share", question: 1 });
  shared.worker.say({ kind: "shared", question: 1, sockets });
  assertEquals(await first, sockets);
  const slow = stage();
  slow.worker.listen();
  const second = slow.handle.share(100);
  slow.clock.advance(100);
  assertEquals(await second, []);
  const dead = stage();
  dead.worker.listen();
  const third = dead.handle.share(100);
  dead.worker.die("boom");
  assertEquals(await third, []);
  assertEquals(await stage().handle.share(100), []);
});

Deno.test("drain() waits until the clients have left, or the time is over, or the worker is gone", async () => {
  const times = { idleMs: 5, timeoutMs: 100 };
  const drained = stage();
  drained.worker.listen();
  const first = drained.handle.drain(times);
  assertEquals(drained.worker.received.at(-1), { kind: "drain", times });
  drained.worker.say({ kind: "drained" });
  await first;
  const slow = stage();
  slow.worker.listen();
  const second = slow.handle.drain(times);
  slow.clock.advance(100);
  await second;
  const dead = stage();
  dead.worker.listen();
  const third = dead.handle.drain(times);
  dead.worker.die("boom");
  await third;
  await stage().handle.drain(times);
});
