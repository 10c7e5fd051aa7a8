import { assert, assertEquals, assertRejects } from "../../deps.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { ClientRoom } from "../../../src/observe/client_room.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { SILENT_MS } from "../../../src/supervisor/silence_watch.ts";
import { Supervisor } from "../../../src/supervisor/supervisor.ts";
import type { PeerMessage, SharedState } from "../../../src/worker/messages.ts";
import type { GivenSockets } from "../../../src/supervisor/takeover/given_sockets.ts";
import { withDeadline } from "../../support/tools/poll.ts";
import { clusterConfig, config } from "./cluster_configs.ts";
import { FakeWorker } from "./fake_worker.ts";
import { snapshot, VITALS } from "./snapshots.ts";

/** A socket that a worker left. */
class LeftSockets {
  isSettled = false;

  socketsFor() {
    return [{ descriptor: 50, isHeld: false }];
  }

  settle(): void {
    this.isSettled = true;
  }

  close(): void {
    this.settle();
  }
}

/** A supervisor over fakes. `next()` waits for the next worker it makes. */
class Stage {
  readonly workers: FakeWorker[] = [];
  readonly records: LogRecord[] = [];
  /** Whether workers may do what a reload wants of them. */
  mayServe = true;
  /** What workers left that ended. */
  readonly left: LeftSockets[] = [];
  readonly supervisor: Supervisor;
  #made: (() => void) | null = null;

  constructor(thread: number) {
    const sink = (record: LogRecord) => this.records.push(record);
    this.supervisor = new Supervisor({
      config: config(clusterConfig("main", thread, 7_000)),
      output: { log: new Log("info", sink), write: sink, flush() {}, setLevel() {} },
      advertisedAddress: { address: "192.0.2.1", isExplicit: true },
      sharesPort: true,
      isTakeover: false,
      audit: null,
      io: { engine: "deno" },
      mayServe: () => this.mayServe,
      remains: {
        createMemory: () => new SharedArrayBuffer(4),
        take: () => {
          const left = new LeftSockets();
          this.left.push(left);
          return left as unknown as GivenSockets;
        },
      },
      createWorker: () => {
        const worker = new FakeWorker();
        this.workers.push(worker);
        this.#made?.();
        return worker;
      },
    });
  }

  async start(): Promise<void> {
    const started = this.supervisor.start();
    for (const worker of this.workers) worker.listen();
    await started;
  }

  async next(): Promise<FakeWorker> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#made = resolve;
    await promise;
    return this.workers.at(-1)!;
  }

  messages(): string[] {
    return this.records.map(({ message }) => message);
  }
}

const slots: SharedState = { kind: "slots", cluster: "main", ranges: [], masters: [] };

Deno.test("Supervisor.start() starts every worker once and waits until all listen", async () => {
  const stage = new Stage(2);
  const started = stage.supervisor.start();
  assertEquals(stage.workers.length, 2);
  const [first, second] = stage.workers;
  assertEquals(first!.start.leads, ["main"]);
  assertEquals(second!.start.leads, []);
  assertEquals(second!.start.workerNumber, 1);
  assertEquals(second!.start.advertisedAddress, { address: "192.0.2.1", isExplicit: true });
  assertEquals(second!.start.clusters.map(({ name }) => name), ["main"]);
  first!.listen();
  assertEquals(stage.supervisor.isReady, false);
  second!.listen();
  await started;
  assertEquals(stage.supervisor.isReady, true);
  await stage.supervisor.stop();
  assertEquals(stage.supervisor.isReady, false);
});

Deno.test("Supervisor.start() fails with the reason of a worker that cannot, and ends the rest", async () => {
  const stage = new Stage(2);
  const started = stage.supervisor.start();
  stage.workers[0]!.listen();
  stage.workers[1]!.say({ kind: "failed", workerNumber: 1, cluster: "main", reason: "in use" });
  const error = await assertRejects(() => started, StartError);
  assertEquals(error.message, 'Cannot serve cluster "main" on 127.0.0.1:7000: in use');
  assertEquals(stage.workers.map(({ isTerminated }) => isTerminated), [true, true]);
});

Deno.test("Supervisor.start() fails when a worker's module does not load", async () => {
  const stage = new Stage(1);
  const started = stage.supervisor.start();
  stage.workers[0]!.die("Module not found");
  const error = await assertRejects(() => started, StartError);
  assertEquals(error.message, "Cannot start a worker: Module not found");
});

Deno.test("what the leader finds goes to the others, and what others find goes nowhere", async () => {
  const stage = new Stage(3);
  await stage.start();
  const [leader, second, third] = stage.workers;
  leader!.say({ kind: "found", state: slots });
  second!.say({ kind: "found", state: { kind: "ejected", cluster: "main", addresses: ["x:1"] } });
  assertEquals(leader!.kinds(), ["start"]);
  assertEquals(second!.received.slice(1), [{ kind: "follow", state: slots }]);
  assertEquals(third!.received.slice(1), [{ kind: "follow", state: slots }]);
  third!.say({ kind: "refresh", cluster: "main" });
  assertEquals(leader!.received.slice(1), [{ kind: "refresh", cluster: "main" }]);
  await stage.supervisor.stop();
});

Deno.test("a peerMessage goes to all others of its cluster, or to the one it is for", async () => {
  const stage = new Stage(3);
  await stage.start();
  const [first, second, third] = stage.workers;
  const peerMessage: PeerMessage = {
    ...{ cluster: "main", topic: "names", body: 1 },
    ...{ from: 1, to: null, question: 4, isAnswer: false },
  };
  second!.say({ kind: "peer_message", peerMessage });
  const answer = { ...peerMessage, from: 2, to: 1, isAnswer: true };
  third!.say({ kind: "peer_message", peerMessage: answer });
  assertEquals(first!.received.slice(1), [{ kind: "peer_message", peerMessage }]);
  assertEquals(second!.received.slice(1), [{ kind: "peer_message", peerMessage: answer }]);
  assertEquals(third!.received.slice(1), [{ kind: "peer_message", peerMessage }]);
  await stage.supervisor.stop();
});

Deno.test("a dead leader's lead moves at once; its replacement follows what was found", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [leader, second] = stage.workers;
  leader!.say({ kind: "found", state: slots });
  const replaced = stage.next();
  leader!.die("boom");
  assertEquals(second!.received.at(-1), { kind: "lead", cluster: "main" });
  assertEquals(stage.records.at(-1), {
    level: "error",
    message: "Worker ended",
    fields: { worker: 0, reason: "boom", restartInMs: 100 },
  });
  assert(leader!.isTerminated);
  const replacement = await replaced;
  assertEquals(replacement.start.leads, []);
  assertEquals(replacement.start.workerNumber, 0);
  await Promise.resolve();
  assertEquals(replacement.received.slice(1), [{ kind: "follow", state: slots }]);
  replacement.listen();
  assertEquals(stage.messages().at(-1), "Worker is back");
  second!.say({ kind: "found", state: { kind: "ejected", cluster: "main", addresses: ["x:1"] } });
  assertEquals(replacement.kinds(), ["start", "follow", "follow"]);
  await stage.supervisor.stop();
});

Deno.test("the only worker of a cluster leads it again after its replacement", async () => {
  const stage = new Stage(1);
  await stage.start();
  const replaced = stage.next();
  stage.workers[0]!.say({ kind: "failed", workerNumber: 0, cluster: "main", reason: "boom" });
  const replacement = await replaced;
  assertEquals(replacement.start.leads, ["main"]);
  const again = stage.next();
  replacement.die("boom again");
  assertEquals(stage.records.at(-1)!.fields.restartInMs, 200);
  assertEquals((await again).start.leads, ["main"]);
  await stage.supervisor.stop();
});

Deno.test("counters do not go back when a worker dies or is silent", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [first, second] = stage.workers;
  const total = async () => (await stage.supervisor.collect()).clusters[0]!.requests;
  first!.requests = 10;
  second!.requests = 5;
  assertEquals(await total(), 15);
  const last = [snapshot("main", { requests: 12 })];
  first!.say({ kind: "metrics", question: 0, clusters: last, vitals: VITALS });
  const replaced = stage.next();
  first!.die("boom");
  assertEquals(await total(), 17);
  const replacement = await replaced;
  assertEquals(await total(), 17);
  replacement.listen();
  replacement.requests = 1;
  assertEquals(await total(), 18);
  second!.requests = null;
  const { workers, clusters } = await stage.supervisor.collect();
  assertEquals(clusters[0]!.requests, 18);
  assertEquals(workers.map(({ hasAnswered }) => hasAnswered), [true, false]);
  assertEquals(workers.map(({ restarts }) => restarts), [1, 0]);
  await stage.supervisor.stop();
});

Deno.test("scrapes at the same time ask the workers once", async () => {
  const stage = new Stage(1);
  await stage.start();
  await Promise.all([stage.supervisor.collect(), stage.supervisor.collect()]);
  assertEquals(stage.workers[0]!.kinds(), ["start", "collect"]);
  await stage.supervisor.stop();
});

Deno.test("stop() ends a worker that does not stop, and replaces nobody", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [first, second] = stage.workers;
  first!.die("boom");
  second!.isStuck = true;
  await stage.supervisor.stop();
  assertEquals(second!.kinds().at(-1), "stop");
  assert(second!.isTerminated);
  assertEquals(stage.workers.length, 2);
});

Deno.test("a worker's log records carry its number where there are several", async () => {
  const record: LogRecord = { level: "info", message: "hello", fields: { backend: "x:1" } };
  const two = new Stage(2);
  await two.start();
  two.workers[1]!.say({ kind: "log", record });
  assertEquals(two.records.at(-1)!.fields, { backend: "x:1", worker: 1 });
  await two.supervisor.stop();
  const one = new Stage(1);
  await one.start();
  one.workers[0]!.say({ kind: "log", record });
  assertEquals(one.records.at(-1)!.fields, { backend: "x:1" });
  await one.supervisor.stop();
});

Deno.test("clients of a worker that died do not count; the limit is of all workers together", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [first, second] = stage.workers;
  const rooms = [first!, second!].map(({ start }) =>
    new ClientRoom(start.clientMemory, start.workerNumber)
  );
  for (let count = 0; count < 5; count++) rooms[0]!.entered();
  rooms[1]!.entered();
  assertEquals(stage.supervisor.limitClients(null), null);
  assertEquals(rooms[0]!.isOpen, true);
  // Of the open ones six are clients'.
  const clientsMax = stage.supervisor.limitClients({ limit: 200, open: 56 })!;
  assert(clientsMax > 6 && clientsMax < 150, `${clientsMax}`);
  assertEquals([rooms[0]!.clientsMax, rooms[1]!.clientCount], [clientsMax, 6]);
  const replaced = stage.next();
  first!.die("gone");
  const replacement = await replaced;
  assertEquals(rooms[1]!.clientCount, 1);
  assertEquals(new ClientRoom(replacement.start.clientMemory, 0).clientsMax, clientsMax);
  await stage.supervisor.stop();
});

Deno.test("connections to backends that are there by the next reload are not taken off clients' share", async () => {
  const stage = new Stage(2);
  await stage.start();
  const clientsMax = stage.supervisor.limitClients({ limit: 400, open: 50 });
  assertEquals(stage.supervisor.limitClients({ limit: 400, open: 250 }), clientsMax);
  // Another worker has descriptors of its own.
  await stage.supervisor.reconfigure(config(clusterConfig("main", 3, 7_000)), 60);
  const ofThree = stage.supervisor.limitClients({ limit: 400, open: 60 })!;
  assert(ofThree < clientsMax!, `${ofThree} of ${clientsMax}`);
  assertEquals(stage.records.filter(({ level }) => level === "warning"), []);
  await stage.supervisor.stop();
});

Deno.test("it is said where the servers alone need more descriptors than are provided for them", async () => {
  const stage = new Stage(1);
  await stage.start();
  const { servers: [server], ...main } = clusterConfig("main", 1, 7_000);
  const servers = Array.from({ length: 100 }, () => server!);
  await stage.supervisor.reconfigure(config({ ...main, servers, pingFailLimit: 3 }), 60);
  stage.supervisor.limitClients({ limit: 1_000, open: 50 });
  assertEquals(stage.records.filter(({ level }) => level === "warning"), []);
  stage.supervisor.limitClients({ limit: 250, open: 50 });
  const { message, fields } = stage.records.findLast(({ level }) => level === "warning")!;
  assertEquals(message, "Limit of open files is low for so many servers");
  assertEquals(fields, { limit: 250, connectionsNeeded: 200, connectionsProvided: 91 });
  await stage.supervisor.stop();
});

function configuredOf(worker: FakeWorker): unknown {
  const message = worker.received.findLast(({ kind }) => kind === "configure");
  if (message?.kind !== "configure") return null;
  return [message.clusters.map(({ name }) => name), message.leads, message.retireTimeoutMs];
}

Deno.test("reconfigure() has each worker go over to its share of the clusters", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [first, second] = stage.workers;
  second!.problems = ['cluster "more": no such address'];
  const next = config(clusterConfig("main", 2, 7_000), clusterConfig("more", 1, 7_001));
  assertEquals(await stage.supervisor.reconfigure(next, 60), [
    'cluster "more": no such address',
  ]);
  assertEquals(configuredOf(first!), [["main", "more"], ["main", "more"], 60]);
  assertEquals(configuredOf(second!), [["main"], [], 60]);
  assertEquals(stage.workers.length, 2);
  await stage.supervisor.stop();
});

Deno.test("reconfigure() starts workers that more threads ask for, and lets surplus ones serve to the end", async () => {
  const stage = new Stage(1);
  await stage.start();
  const grown = stage.supervisor.reconfigure(config(clusterConfig("main", 2, 7_000)), 60);
  const second = stage.workers.at(-1)!;
  assertEquals([stage.workers.length, second.start.workerNumber, second.start.leads], [2, 1, []]);
  second.listen();
  assertEquals(await grown, []);
  await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), Infinity);
  const told = second.received.at(-2)!;
  assertEquals(told.kind === "follow_settings" && told.keepsServers, false);
  // The other worker serves at the same address.
  const times = { idleMs: Infinity, timeoutMs: Infinity, takenOver: ["main"] };
  assertEquals(second.received.at(-1), { kind: "drain", times });
  second.requests = 5;
  const counted = await stage.supervisor.collect();
  assertEquals([counted.workers.length, counted.clusters[0]!.requests], [1, 5]);
  // As long as it serves it hears of further changes.
  await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), Infinity);
  assertEquals(second.kinds().includes("follow_settings"), true);
  second.say({ kind: "drained" });
  while (!second.isTerminated) await new Promise((resolve) => setTimeout(resolve));
  // What it counted stays.
  assertEquals((await stage.supervisor.collect()).clusters[0]!.requests, 5);
  await stage.supervisor.stop();
});

Deno.test("freed() waits for every worker that lives, those that retire included", async () => {
  const stage = new Stage(2);
  await stage.start();
  await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), Infinity);
  const [first, second] = stage.workers as [FakeWorker, FakeWorker];
  assertEquals(second.received.at(-1)!.kind, "drain");
  let isFreed = false;
  const freed = stage.supervisor.freed().then(() => isFreed = true);
  for (const worker of [first, second]) {
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(isFreed, false);
    worker.answerFreed();
  }
  await freed;
  // One that dies meanwhile listens nowhere.
  const again = stage.supervisor.freed();
  second.die("gone");
  first.answerFreed();
  await again;
  await stage.supervisor.stop();
});

Deno.test("a worker that is not wanted any more before it listens is ended, and accepts nobody", async () => {
  const stage = new Stage(2);
  await stage.start();
  const replaced = stage.next();
  stage.workers[1]!.die("gone");
  const next = await replaced;
  next.isStuck = true;
  await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), Infinity);
  assertEquals(next.kinds().at(-1), "stop");
  let isFreed = false;
  const freed = stage.supervisor.freed().then(() => isFreed = true);
  stage.workers[0]!.answerFreed();
  // It was in the midst of its start.
  next.listen();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([isFreed, next.isTerminated], [false, false]);
  next.say({ kind: "stopped" });
  await freed;
  assertEquals([next.isTerminated, stage.messages().includes("Worker is back")], [true, false]);
  await stage.supervisor.stop();
});

Deno.test("drain() lets clients leave when no worker accepts any more, and tells who is at their address", async () => {
  const stage = new Stage(2);
  await stage.start();
  const [first, second] = stage.workers;
  const drained = stage.supervisor.drain({ idleMs: 5, timeoutMs: 60 }, [], () => ["main"]);
  assertEquals(stage.supervisor.isReady, false);
  first!.say({ kind: "closed" });
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([first!.kinds(), second!.kinds()], [["start", "close"], ["start", "close"]]);
  second!.say({ kind: "closed" });
  await new Promise((resolve) => setTimeout(resolve));
  for (const worker of stage.workers) {
    const times = { idleMs: 5, timeoutMs: 60, isLast: true, takenOver: ["main"] };
    assertEquals(worker.received.at(-1), { kind: "drain", times });
    worker.say({ kind: "drained" });
  }
  await drained;
  await stage.supervisor.stop();
});

Deno.test("reconfigure() replaces a worker that may not do what is asked for, and keeps its clients", async () => {
  const stage = new Stage(1);
  await stage.start();
  const [former] = stage.workers;
  stage.mayServe = false;
  const replaced = stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_009)), 60);
  const successor = stage.workers.at(-1)!;
  assertEquals([stage.workers.length, successor.start.workerNumber], [2, 1]);
  assertEquals(former!.kinds(), ["start"]);
  successor.listen();
  assertEquals(await replaced, []);
  const told = former!.received.at(-2)!;
  assertEquals(told.kind === "follow_settings" && told.keepsServers, true);
  assertEquals(former!.received.at(-1)!.kind, "drain");
  // The successor leads; the former follows it.
  successor.say({ kind: "found", state: slots });
  assertEquals(former!.received.at(-1)!.kind, "follow");
  former!.say({ kind: "found", state: slots });
  assertEquals(successor.received.at(-1)!.kind, "start");
  // One that dies while it only serves what it had is not replaced.
  former!.die("gone");
  assertEquals(stage.workers.length, 2);
  await stage.supervisor.stop();
});

Deno.test("reconfigure() tells of a worker that does not start, and the former goes on", async () => {
  const stage = new Stage(1);
  await stage.start();
  stage.mayServe = false;
  const replaced = stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_009)), 60);
  stage.workers.at(-1)!.say({ kind: "failed", workerNumber: 1, cluster: "main", reason: "no" });
  assertEquals(await replaced, ["worker 1 does not start: see the log"]);
  assertEquals(stage.workers[0]!.kinds(), ["start"]);
  await stage.supervisor.stop();
});

Deno.test("a worker that starts late takes the place of the former when it listens, not before", async () => {
  const stage = new Stage(1);
  await stage.start();
  const [former] = stage.workers;
  stage.mayServe = false;
  const replaced = stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_009)), 60);
  const next = stage.next();
  stage.workers.at(-1)!.say({ kind: "failed", workerNumber: 1, cluster: "main", reason: "no" });
  assertEquals(await replaced, ["worker 1 does not start: see the log"]);
  const successor = await next;
  assertEquals(former!.kinds(), ["start"]);
  successor.listen();
  assertEquals(former!.received.at(-1), {
    kind: "drain",
    times: { idleMs: Infinity, timeoutMs: 60, takenOver: [] },
  });
  await stage.supervisor.stop();
});

Deno.test("a dead worker whose place is not wanted any more is counted once, and has no clients", async () => {
  const stage = new Stage(2);
  await stage.start();
  const second = stage.workers[1]!;
  const room = new ClientRoom(second.start.clientMemory, second.start.workerNumber);
  room.entered();
  second.requests = 5;
  await stage.supervisor.collect();
  second.die("boom");
  assertEquals(await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), 60), []);
  assertEquals((await stage.supervisor.collect()).clusters[0]!.requests, 5);
  assertEquals(room.clientCount, 0);
  assertEquals(stage.workers.length, 2);
  await stage.supervisor.stop();
});

Deno.test("a worker that gets a cluster while it runs is told what was found of it, and no other", async () => {
  const stage = new Stage(2);
  await stage.start();
  const more = (thread: number) =>
    config(clusterConfig("main", 2, 7_000), clusterConfig("more", thread, 7_001));
  await stage.supervisor.reconfigure(more(1), 60);
  const ejected: SharedState = { kind: "ejected", cluster: "more", addresses: ["x:1"] };
  stage.workers[0]!.say({ kind: "found", state: slots });
  stage.workers[0]!.say({ kind: "found", state: ejected });
  await stage.supervisor.reconfigure(more(2), 60);
  assertEquals(stage.workers[1]!.received.slice(-3).map(({ kind }) => kind), [
    "follow",
    "configure",
    "follow",
  ]);
  assertEquals(stage.workers[1]!.received.at(-1), { kind: "follow", state: ejected });
  await stage.supervisor.stop();
});

Deno.test("what was found of a cluster that went is not told of one that comes under its name", async () => {
  const stage = new Stage(1);
  await stage.start();
  stage.workers[0]!.say({ kind: "found", state: slots });
  await stage.supervisor.reconfigure(config(clusterConfig("more", 1, 7_001)), 60);
  const back = stage.supervisor.reconfigure(config(clusterConfig("main", 2, 7_000)), 60);
  const second = stage.workers.at(-1)!;
  second.listen();
  await back;
  assertEquals(second.kinds(), ["start"]);
  await stage.supervisor.stop();
});

Deno.test("who serves the clients of a former configuration is answered, and told news, but not asked", async () => {
  const stage = new Stage(2);
  await stage.start();
  await stage.supervisor.reconfigure(config(clusterConfig("main", 1, 7_000)), Infinity);
  const [first, second] = stage.workers;
  const told = second!.received.length;
  const peerMessage: PeerMessage = {
    ...{ cluster: "main", topic: "names", body: 1 },
    ...{ from: 0, to: null, question: 0, isAnswer: false },
  };
  const answer = { ...peerMessage, to: 1, question: 4, isAnswer: true };
  for (const one of [peerMessage, { ...peerMessage, question: 3 }, answer]) {
    first!.say({ kind: "peer_message", peerMessage: one });
  }
  assertEquals(second!.received.slice(told), [{ kind: "peer_message", peerMessage }, {
    kind: "peer_message",
    peerMessage: answer,
  }]);
  await stage.supervisor.stop();
});

Deno.test("a worker that begins to listen when all are to end has no clients", async () => {
  const stage = new Stage(1);
  await stage.start();
  const grown = stage.supervisor.reconfigure(config(clusterConfig("main", 2, 7_000)), 60);
  const second = stage.workers.at(-1)!;
  stage.supervisor.leave();
  second.listen();
  assertEquals(second.isTerminated, true);
  await grown;
  await stage.supervisor.stop();
});

Deno.test("a worker that does not answer is ended, counted, and replaced by one with another number", async () => {
  const stage = new Stage(1);
  await stage.start();
  const [silent] = stage.workers;
  silent!.requests = 7;
  await stage.supervisor.collect();
  const next = stage.next();
  silent!.isMute = true;
  const successor = await withDeadline(next, "it is replaced", SILENT_MS + 5_000);
  assert(silent!.isTerminated);
  assertEquals(successor.start.workerNumber, 1);
  assertEquals(successor.start.leads, ["main"]);
  successor.listen();
  const { workers, silentEnded, clusters } = await stage.supervisor.collect();
  assertEquals([workers[0]!.restarts, silentEnded, clusters[0]!.requests], [1, 1, 7]);
  assert(stage.messages().includes("Worker is back"));
  await stage.supervisor.stop();
});

Deno.test("what a worker left is had by the one that takes its place, until that listens", async () => {
  const stage = new Stage(1);
  await stage.start();
  const [former] = stage.workers;
  assert(former!.start.descriptorMemory instanceof SharedArrayBuffer);
  const next = stage.next();
  former!.die("gone");
  assertEquals(stage.left.length, 1);
  const successor = await next;
  const given = { descriptor: 50, isHeld: false };
  assertEquals([...successor.start.sockets!], [["127.0.0.1:7000", [given]]]);
  assertEquals(stage.left[0]!.isSettled, false);
  successor.listen();
  assertEquals(stage.left[0]!.isSettled, true);
  await stage.supervisor.stop();
});
