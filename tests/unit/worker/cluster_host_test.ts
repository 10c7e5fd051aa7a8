import { formatEndpoint } from "../../../src/endpoint.ts";
import { createClientMemory } from "../../../src/observe/client_room.ts";
import { createClusterMemories } from "../../../src/observe/cluster_memory.ts";
import { createMemoryRoom } from "../../../src/observe/memory_room.ts";
import { assertEquals } from "../../deps.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import type { Cluster, ClusterContext } from "../../../src/cluster/cluster.ts";
import type { HolderVisitor, MemoryHolder } from "../../../src/cluster/memory_limit.ts";
import { ClusterMetrics } from "../../../src/observe/cluster_metrics.ts";
import { BACKLOG_CONNECTIONS } from "../../../src/net/io_engine.ts";
import { ClusterHost } from "../../../src/worker/cluster_host.ts";
import type {
  ConfigureMessage,
  DrainTimes,
  InspectTopic,
  PauseCount,
  PeerMessage,
  ServerOrder,
  SharedSocket,
  SharedState,
  StartMessage,
  WorkerMessage,
} from "../../../src/worker/messages.ts";
import { clusterConfig } from "../supervisor/cluster_configs.ts";

/** A cluster that messages what is asked of it. */
class FakeCluster implements Cluster {
  readonly name: string;
  readonly context: ClusterContext;
  readonly calls: string[] = [];
  failure: Error | null = null;
  /** Settles when its address is free. */
  freed: Promise<void> = Promise.resolve();
  /** Settles when its clients have left. */
  readonly drained: PromiseWithResolvers<void> = Promise.withResolvers();
  prepared: Promise<void> = Promise.resolve();
  /** What {@link visitHolders} tells of. */
  held: [MemoryHolder, number][] = [];

  readonly spareBytes = 0;
  readonly grownBytes = 0;

  letGoSpare(): void {}

  visitHolders(visit: HolderVisitor): void {
    for (const [holder, byteCount] of this.held) visit(holder, byteCount);
  }

  shed(): void {
    this.calls.push("shed");
    this.held = [];
  }

  constructor(context: ClusterContext) {
    this.name = context.config.name;
    this.context = context;
  }

  prepare(): Promise<void> {
    this.calls.push("prepare");
    return this.prepared;
  }

  start(): void {
    if (this.failure !== null) throw this.failure;
    this.calls.push("start");
  }

  lead(): void {
    this.calls.push("lead");
  }

  follow(state: SharedState): void {
    this.calls.push(`follow ${state.kind}`);
  }

  inspect(topic: InspectTopic): readonly unknown[] {
    return [`${topic} of ${this.name}`];
  }

  refresh(): void {
    this.calls.push("refresh");
  }

  hear({ topic }: PeerMessage): void {
    this.calls.push(`hear ${topic}`);
  }

  obey(order: ServerOrder, answer: (count: PauseCount) => void): void {
    this.calls.push(`obey ${order.kind} ${order.server}`);
    answer({ isPaused: true, inFlight: 2, transactions: 1, blocked: 3, subscribed: 4 });
  }

  metrics() {
    const metrics = new ClusterMetrics(this.name);
    metrics.readRequests = 3;
    return metrics.snapshot([]);
  }

  clientCount = 7;

  /** What it was configured with last; null: it was not configured anew. */
  configured: ClusterConfig | null = null;

  reconfigure(config: ClusterConfig): void {
    this.calls.push(`reconfigure ${config.readTimeoutMs}`);
    Object.assign(this.context.config, config);
    this.configured = config;
    if (this.failure !== null) throw this.failure;
  }

  retire(timeoutMs: number, isTaken: boolean | null): Promise<void> {
    this.calls.push(`retire ${timeoutMs} ${isTaken}`);
    return this.drained.promise;
  }

  stopAccepting(isHandedOver: boolean): Promise<void> {
    this.calls.push(`stop accepting ${isHandedOver}`);
    return this.freed;
  }

  share(): SharedSocket[] {
    return [{ endpoint: this.context.config.listen, descriptor: 50 }];
  }

  leaveBy(timeoutMs: number): void {
    this.calls.push(`leave by ${timeoutMs}`);
  }

  drain(times: DrainTimes): Promise<void> {
    this.calls.push(`drain ${times.idleMs} ${times.timeoutMs}`);
    return this.drained.promise;
  }

  stop(): Promise<void> {
    this.calls.push("stop");
    return this.freed;
  }
}

function startMessage(leads: string[], isTakeover = false): StartMessage {
  return {
    kind: "start",
    workerNumber: 2,
    clusters: [clusterConfig("a", 1, 7_000), clusterConfig("b", 1, 7_001)],
    leads,
    logLevel: "info",
    isAudited: false,
    io: { engine: "deno" },
    advertisedAddress: { address: "192.0.2.1", isExplicit: true },
    zone: "",
    sharesPort: true,
    clientMemory: createClientMemory(1),
    memoryRoom: createMemoryRoom(8),
    clusterMemories: createClusterMemories(["a", "b"].map((name) => clusterConfig(name, 1, 1)), 4),
    listeners: [],
    loopMemory: new SharedArrayBuffer(1),
    isTakeover,
  };
}

/** A host over fake clusters; `prepare` sees each before it starts. */
function stage(prepare: (cluster: FakeCluster) => void = () => {}) {
  const posted: WorkerMessage[] = [];
  const clusters: FakeCluster[] = [];
  const host = new ClusterHost((context) => {
    const cluster = new FakeCluster(context);
    clusters.push(cluster);
    prepare(cluster);
    return cluster;
  }, (message) => posted.push(message));
  return { host, posted, clusters };
}

function metricsOf(message: WorkerMessage): Extract<WorkerMessage, { kind: "metrics" }> {
  if (message.kind !== "metrics") throw new Error(`Not metrics but ${message.kind}`);
  return message;
}

Deno.test("start opens every cluster, then leads its own, then says it listens", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage(["b"]));
  assertEquals(clusters.map(({ calls }) => calls), [["start"], ["start", "lead"]]);
  assertEquals(clusters[0]!.context.workerNumber, 2);
  assertEquals(clusters[0]!.context.advertisedAddress, {
    address: "192.0.2.1",
    isExplicit: true,
  });
  assertEquals(clusters[0]!.context.sharesPort, true);
  assertEquals(clusters[0]!.context.clock, clusters[1]!.context.clock);
  assertEquals(posted, [{ kind: "listening", workerNumber: 2 }]);
});

Deno.test("at a takeover the ports open when every cluster knows where keys are", async () => {
  const known = Promise.withResolvers<void>();
  const { host, posted, clusters } = stage((cluster) => {
    if (cluster.name === "a") cluster.prepared = known.promise;
  });
  host.onMessage(startMessage(["a"], true));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(clusters.map(({ calls }) => calls), [["prepare", "lead"], ["prepare"]]);
  assertEquals(posted, []);
  known.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(clusters.map(({ calls }) => calls), [["prepare", "lead", "start"], [
    "prepare",
    "start",
  ]]);
  assertEquals(posted, [{ kind: "listening", workerNumber: 2 }]);
});

Deno.test("a worker that is stopped before it knows opens nothing", async () => {
  const known = Promise.withResolvers<void>();
  const { host, posted, clusters } = stage((cluster) => cluster.prepared = known.promise);
  host.onMessage(startMessage([], true));
  host.onMessage({ kind: "stop" });
  known.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(clusters.map(({ calls }) => calls), [["prepare", "stop"], ["prepare", "stop"]]);
  assertEquals(posted.map(({ kind }) => kind), ["metrics", "stopped"]);
});

Deno.test("a cluster that cannot start fails the worker, and what was open is closed", async () => {
  const { host, posted, clusters } = stage((cluster) => {
    if (cluster.name === "b") cluster.failure = new Error("address in use");
  });
  host.onMessage(startMessage(["a"]));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(clusters[0]!.calls, ["start", "stop"]);
  assertEquals(posted.map(({ kind }) => kind), ["metrics", "failed"]);
  assertEquals(posted[1], {
    kind: "failed",
    workerNumber: 2,
    cluster: "b",
    reason: "address in use",
  });
});

Deno.test("collect is answered with the question's number and every cluster's counts", () => {
  const { host, posted } = stage();
  host.onMessage(startMessage([]));
  host.onMessage({ kind: "collect", question: 41 });
  const answer = metricsOf(posted[1]!);
  assertEquals(answer.question, 41);
  assertEquals(answer.clusters.map(({ cluster, requests }) => [cluster, requests]), [
    ["a", 3],
    ["b", 3],
  ]);
});

Deno.test("follow, refresh and lead reach the cluster they name; a lead is taken once", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage([]));
  host.onMessage({
    kind: "follow",
    state: { kind: "slots", cluster: "b", ranges: [], masters: [] },
  });
  host.onMessage({ kind: "refresh", cluster: "b" });
  host.onMessage({ kind: "lead", cluster: "b" });
  host.onMessage({ kind: "lead", cluster: "b" });
  host.onMessage({ kind: "lead", cluster: "unknown" });
  assertEquals(clusters[0]!.calls, ["start"]);
  assertEquals(clusters[1]!.calls, ["start", "follow slots", "refresh", "lead"]);
});

Deno.test("a refresh is done here by the leader and asked of the supervisor by the others", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage(["a"]));
  clusters[0]!.context.requestRefresh();
  clusters[1]!.context.requestRefresh("127.0.0.1:7000");
  assertEquals(clusters[0]!.calls, ["start", "lead", "refresh"]);
  assertEquals(posted.slice(1), [{ kind: "refresh", cluster: "b", node: "127.0.0.1:7000" }]);
});

Deno.test("findings are posted, and log records at or above the level with their cluster", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  const state: SharedState = { kind: "ejected", cluster: "a", addresses: ["x:1"] };
  clusters[0]!.context.publish(state);
  clusters[0]!.context.log.debug("too fine");
  clusters[0]!.context.log.info("seen", { backend: "x:1" });
  assertEquals(posted.slice(1), [
    { kind: "found", state },
    {
      kind: "log",
      record: { level: "info", message: "seen", fields: { cluster: "a", backend: "x:1" } },
    },
  ]);
});

Deno.test("a flood of log records is held back before it is posted", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  for (let i = 0; i < 100; i++) clusters[0]!.context.log.info("seen", { backend: "x:1" });
  assertEquals(posted.length, 11);
  host.onMessage({ kind: "stop" });
  const records = posted.flatMap((message) => message.kind === "log" ? [message.record] : []);
  assertEquals(records.at(-1)!.fields, { cluster: "a", backend: "x:1", suppressed: 90 });
});

Deno.test("stop closes every cluster, and is over when their addresses are free", async () => {
  const freed = Promise.withResolvers<void>();
  const { host, posted, clusters } = stage((cluster) => cluster.freed = freed.promise);
  host.onMessage(startMessage([]));
  host.onMessage({ kind: "stop" });
  await Promise.resolve();
  assertEquals(posted.map(({ kind }) => kind), ["listening", "metrics"]);
  freed.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(clusters.map(({ calls }) => calls.at(-1)), ["stop", "stop"]);
  const [, last, stopped] = posted;
  assertEquals(metricsOf(last!).question, 0);
  assertEquals(metricsOf(last!).clusters.length, 2);
  assertEquals(stopped, { kind: "stopped" });
});

Deno.test("crash() leaves the counts and says why, even where closing fails", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  clusters[0]!.stop = () => {
    throw new Error("cannot close");
  };
  let closing = "";
  try {
    await host.crash("boom");
  } catch (error) {
    closing = (error as Error).message;
  }
  assertEquals(closing, "cannot close");
  assertEquals(posted.slice(1).map(({ kind }) => kind), ["metrics", "failed"]);
  assertEquals(posted.at(-1), { kind: "failed", workerNumber: 2, cluster: "", reason: "boom" });
});

Deno.test("who has ended answers no more: its last word stands", async () => {
  const { host, posted } = stage();
  host.onMessage(startMessage([]));
  const ended = host.crash("boom");
  host.onMessage({ kind: "collect", question: 7 });
  host.crash("boom again");
  await ended;
  const questions = posted.flatMap((message) => message.kind === "metrics" ? [message] : []);
  assertEquals(questions.map(({ question, clusters }) => [question, clusters.length]), [[0, 2]]);
});

Deno.test("notes go between a cluster and the supervisor", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  const peerMessage: PeerMessage = {
    ...{ cluster: "b", topic: "names", body: ["x"] },
    ...{ from: 0, to: null, question: 7, isAnswer: false },
  };
  host.onMessage({ kind: "peer_message", peerMessage });
  assertEquals(clusters.map(({ calls }) => calls), [["start"], ["start", "hear names"]]);
  clusters[1]!.context.post({ ...peerMessage, from: 2, to: 0, isAnswer: true });
  assertEquals(posted.at(-1), {
    kind: "peer_message",
    peerMessage: { ...peerMessage, from: 2, to: 0, isAnswer: true },
  });
});

Deno.test("drain is said to every cluster, and answered when all clients have left", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  host.onMessage({ kind: "drain", times: { idleMs: 5, timeoutMs: 50 } });
  assertEquals(clusters.map(({ calls }) => calls.at(-1)), ["drain 5 50", "drain 5 50"]);
  clusters[0]!.drained.resolve();
  await Promise.resolve();
  assertEquals(posted.map(({ kind }) => kind), ["listening"]);
  clusters[1]!.drained.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(posted.map(({ kind }) => kind), ["listening", "drained"]);
  host.onMessage({ kind: "stop" });
});

function configure(...clusters: ClusterConfig[]): ConfigureMessage {
  return {
    kind: "configure",
    clusters,
    leads: [],
    clusterMemories: createClusterMemories(clusters, 4),
    listeners: clusters.map(({ name, listen }) => ({ name, endpoint: listen })),
    loopMemory: new SharedArrayBuffer(clusters.length ** 2),
    logLevel: "info",
    retireTimeoutMs: 60,
  };
}

Deno.test("configure leaves alone what is the same, and changes what can change at once", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage(["a"]));
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  host.onMessage(configure(a, { ...b, readTimeoutMs: 7 }));
  assertEquals(clusters.map(({ calls }) => calls), [["start", "lead"], ["start", "reconfigure 7"]]);
  assertEquals(posted.at(-1), { kind: "configured", problems: [] });
});

Deno.test("a cluster that comes is started, one that goes serves the clients that it has", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage(["b"]));
  const [a] = startMessage([]).clusters as [ClusterConfig];
  host.onMessage({ ...configure(a, clusterConfig("c", 1, 7_002)), leads: ["c"] });
  assertEquals(clusters.map(({ name, calls }) => [name, ...calls]), [
    ["a", "start"],
    ["b", "start", "lead", "retire 60 false"],
    ["c", "start", "lead"],
  ]);
  host.onMessage({ kind: "collect", question: 1 });
  const names = () => metricsOf(posted.at(-1)!).clusters.map(({ cluster }) => cluster).toSorted();
  assertEquals(names(), ["a", "b", "c"]);
  clusters[1]!.drained.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(clusters[1]!.calls.at(-1), "stop");
  // What it counted stays, though it is gone.
  host.onMessage({ kind: "collect", question: 2 });
  const gone = metricsOf(posted.at(-1)!).clusters.find(({ cluster }) => cluster === "b");
  assertEquals([names(), gone?.requests], [["a", "b", "c"], 3]);
});

Deno.test("a cluster that other workers serve on at the same address is one whose clients may go there", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage([]));
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  const listeners = [a, b].map(({ name, listen }) => ({ name, endpoint: listen }));
  host.onMessage({ ...configure(a), listeners });
  assertEquals(clusters[1]!.calls.at(-1), "retire 60 true");
});

Deno.test("ping is answered", () => {
  const { host, posted } = stage();
  host.onMessage(startMessage([]));
  host.onMessage({ kind: "ping" });
  assertEquals(posted.at(-1), { kind: "pong" });
});

Deno.test("share is answered with what every cluster listens by", () => {
  const { host, posted } = stage();
  host.onMessage(startMessage([]));
  host.onMessage({ kind: "share", question: 4 });
  const sockets = startMessage([]).clusters.map(({ listen }) => ({
    endpoint: listen,
    descriptor: 50,
  }));
  assertEquals(posted.at(-1), { kind: "shared", question: 4, sockets });
});

Deno.test("sockets of another process are listened by once, those that it holds always", () => {
  const { host, clusters } = stage();
  const start = startMessage([]);
  const [a, b] = start.clusters as [ClusterConfig, ClusterConfig];
  const [once, held] = [{ descriptor: 50, isHeld: false }, { descriptor: 51, isHeld: true }];
  const seen: unknown[] = [];
  const sockets = new Map([[formatEndpoint(a.listen), [once, held]], [
    formatEndpoint(b.listen),
    [once],
  ]]);
  host.onMessage({ ...start, sockets });
  for (const { context } of clusters) seen.push(context.socketsAt(context.config.listen));
  assertEquals(seen, [[held], []]);
  host.onMessage({ ...configure(a, b), sockets: new Map([[formatEndpoint(b.listen), [held]]]) });
  assertEquals(clusters.map(({ context }) => context.socketsAt(context.config.listen)), [[], [
    held,
  ]]);
});

Deno.test("close is said to every cluster, and answered when no address is taken any more", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  const freed = Promise.withResolvers<void>();
  clusters[1]!.freed = freed.promise;
  host.onMessage({ kind: "close", handedOver: ["b"] });
  const said = clusters.map(({ calls }) => calls.at(-1));
  assertEquals(said, ["stop accepting false", "stop accepting true"]);
  await Promise.resolve();
  assertEquals(posted.map(({ kind }) => kind), ["listening"]);
  freed.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(posted.map(({ kind }) => kind), ["listening", "closed"]);
  host.onMessage({ kind: "stop" });
});

Deno.test("await_freed is answered when every address that was left is free", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  const freed = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  for (const [index, { promise }] of freed.entries()) clusters[index]!.freed = promise;
  const [a] = startMessage([]).clusters as [ClusterConfig];
  // One goes; the other may have left an address by a reload.
  host.onMessage(configure(a));
  assertEquals(posted.at(-1)!.kind, "configured");
  host.onMessage({ kind: "await_freed", question: 5 });
  for (const { resolve } of freed) {
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(posted.at(-1)!.kind, "configured");
    resolve();
  }
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(posted.at(-1), { kind: "freed", question: 5 });
  host.onMessage({ kind: "stop" });
});

Deno.test("what only new connections can have is another cluster, which goes on with the ids and the lead", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage(["a"]));
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  host.onMessage(configure({ ...a, hash: "md5" }, b));
  assertEquals(clusters.map(({ name, calls }) => [name, ...calls]), [
    ["a", "start", "lead", "retire 60 null"],
    ["b", "start"],
    ["a", "start", "lead"],
  ]);
  // The former may give as many ids as may wait to be accepted.
  assertEquals(clusters[2]!.context.clientsBefore, 7 + BACKLOG_CONNECTIONS);
  // Who retired follows what the leader finds.
  const state: SharedState = { kind: "ejected", cluster: "a", addresses: [] };
  clusters[2]!.context.publish(state);
  assertEquals(clusters[0]!.calls.at(-1), "follow ejected");
  host.onMessage({ kind: "follow", state });
  assertEquals(clusters[2]!.calls.at(-1), "follow ejected");
});

Deno.test("who has retired follows what takes effect at once, but for servers that came with its successor", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage(["a"]));
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  const other = [{ ...a.servers[0]!, address: "10.0.0.9:1" }];
  const successor = { ...a, hash: "md5", servers: other, readTimeoutMs: 7 };
  host.onMessage(configure(successor, b));
  assertEquals(clusters[0]!.calls.slice(2), ["retire 60 null", "reconfigure 7"]);
  assertEquals(clusters[0]!.context.config.hash, a.hash);
  assertEquals(clusters[0]!.configured!.servers, a.servers);
  const third = [{ ...a.servers[0]!, address: "10.0.0.9:2" }];
  host.onMessage({ ...configure({ ...successor, servers: third }, b), retireTimeoutMs: 50 });
  assertEquals(clusters.map(({ calls }) => calls.includes("leave by 50")), [true, false, false]);
  assertEquals(clusters[0]!.configured!.servers, third);
  assertEquals(clusters[0]!.configured!.hash, a.hash);
  host.onMessage({ kind: "stop" });
});

Deno.test("a worker that only serves the clients it has follows settings, and keeps servers where it must", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage([]));
  const [a] = startMessage([]).clusters as [ClusterConfig];
  const follow = (config: ClusterConfig, keepsServers: boolean) =>
    host.onMessage({
      kind: "follow_settings",
      clusters: [config],
      clusterMemories: createClusterMemories([config], 4),
      logLevel: "info",
      keepsServers,
      retireTimeoutMs: 70,
    });
  const servers = [{ ...a.servers[0]!, address: "10.0.0.9:1" }];
  follow({ ...a, servers }, true);
  assertEquals([clusters[0]!.configured, clusters[0]!.calls.at(-1)], [null, "leave by 70"]);
  follow({ ...a, servers, readTimeoutMs: 9 }, true);
  assertEquals(clusters[0]!.configured!.servers, a.servers);
  assertEquals(clusters[0]!.configured!.readTimeoutMs, 9);
  follow({ ...a, servers: [...servers, ...a.servers], readTimeoutMs: 9 }, false);
  assertEquals(clusters[0]!.configured!.servers.length, 2);
  // What limits are counted by comes with them, and stays where a cluster is configured no more.
  const { context } = clusters[0]!;
  assertEquals(context.memory.addresses, null);
  follow({ ...a, servers, maxClientsPerAddress: 5 }, true);
  const { addresses } = context.memory;
  assertEquals(addresses === null, false);
  follow({ ...a, name: "other" }, true);
  assertEquals(context.memory.addresses === addresses, true);
  host.onMessage({ kind: "stop" });
});

Deno.test("what fails is told, and the others are configured all the same", () => {
  const { host, posted, clusters } = stage();
  host.onMessage(startMessage([]));
  clusters[0]!.failure = new Error("no such address");
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  host.onMessage(configure({ ...a, readTimeoutMs: 7 }, { ...b, readTimeoutMs: 8 }));
  assertEquals(posted.at(-1), { kind: "configured", problems: ['cluster "a": no such address'] });
  assertEquals(clusters[1]!.calls.at(-1), "reconfigure 8");
});

Deno.test("where addresses are not shared, what one refuses is tried again when others have left it", async () => {
  const { host, posted, clusters } = stage();
  host.onMessage({ ...startMessage([]), sharesPort: false });
  const freed = Promise.withResolvers<void>();
  clusters[1]!.freed = freed.promise;
  clusters[0]!.failure = new Error("address in use");
  const [a] = startMessage([]).clusters as [ClusterConfig];
  // One goes, and the other takes its address.
  host.onMessage(configure({ ...a, readTimeoutMs: 7 }));
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(posted.at(-1)!.kind, "listening");
  clusters[0]!.failure = null;
  freed.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(posted.at(-1), { kind: "configured", problems: [] });
  assertEquals(clusters[0]!.calls.slice(-2), ["reconfigure 7", "reconfigure 7"]);
});

Deno.test("what was refused is not tried again where nobody is to be accepted any more", async () => {
  const { host, clusters } = stage();
  host.onMessage({ ...startMessage([]), sharesPort: false });
  const freed = Promise.withResolvers<void>();
  clusters[1]!.freed = freed.promise;
  clusters[0]!.failure = new Error("address in use");
  const [a] = startMessage([]).clusters as [ClusterConfig];
  host.onMessage(configure({ ...a, readTimeoutMs: 7 }));
  host.onMessage({ kind: "close", handedOver: [] });
  freed.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(clusters[0]!.calls.at(-1), "stop accepting false");
});

Deno.test("who has retired hears answers and news, and no questions", () => {
  const { host, clusters } = stage();
  host.onMessage(startMessage([]));
  const [a, b] = startMessage([]).clusters as [ClusterConfig, ClusterConfig];
  host.onMessage(configure({ ...a, hash: "md5" }, b));
  const peerMessage: PeerMessage = {
    ...{ cluster: "a", topic: "news", body: 1 },
    ...{ from: 1, to: null, question: 0, isAnswer: false },
  };
  host.onMessage({ kind: "peer_message", peerMessage });
  host.onMessage({
    kind: "peer_message",
    peerMessage: { ...peerMessage, topic: "question", question: 1 },
  });
  host.onMessage({
    kind: "peer_message",
    peerMessage: { ...peerMessage, topic: "answer", question: 1, isAnswer: true },
  });
  const heard = clusters.map(({ calls }) => calls.filter((call) => call.startsWith("hear")));
  assertEquals(heard, [["hear news", "hear answer"], [], [
    "hear news",
    "hear question",
    "hear answer",
  ]]);
});

Deno.test("what operators ordered is known to clusters from their start, and forgotten with them", () => {
  const pause = (cluster: string) =>
    ({ kind: "pause", cluster, server: null, mode: 2, durationMs: 60_000 }) as const;
  const { host, posted, clusters } = stage();
  host.onMessage({ ...startMessage([]), orders: [pause("a")] });
  const [a, b] = clusters as [FakeCluster, FakeCluster];
  assertEquals([a.context.orders.isPausing, b.context.orders.isPausing], [true, false]);
  host.onMessage({ kind: "order", question: 7, order: pause("b") });
  assertEquals(b.calls, ["start", "obey pause null"]);
  const count = { isPaused: true, inFlight: 2, transactions: 1, blocked: 3, subscribed: 4 };
  assertEquals(posted.at(-1), { kind: "ordered", question: 7, count });
  const orders = [
    pause("c"),
    { kind: "set", cluster: "c", server: "s", state: "maint", weight: 2 } as const,
  ];
  const configure: ConfigureMessage = {
    kind: "configure",
    clusters: [clusterConfig("c", 1, 7_002)],
    leads: [],
    clusterMemories: createClusterMemories(["a", "c"].map((name) => clusterConfig(name, 1, 1)), 4),
    listeners: [],
    loopMemory: new SharedArrayBuffer(1),
    logLevel: "info",
    retireTimeoutMs: 1_000,
    orders,
  };
  host.onMessage(configure);
  const c = clusters[2]!;
  assertEquals([c.context.orders.isPausing, c.context.orders.settingOf("s").state], [
    true,
    "maint",
  ]);
  host.onMessage({ ...configure, clusters: [clusterConfig("a", 1, 7_000)], orders: [] });
  assertEquals(clusters[3]!.context.orders.isPausing, false);
  host.onMessage({ kind: "order", question: 8, order: { ...pause("b"), cluster: "none" } });
  const nothing = { isPaused: false, inFlight: 0, transactions: 0, blocked: 0, subscribed: 0 };
  assertEquals(posted.at(-1), { kind: "ordered", question: 8, count: nothing });
});

Deno.test("a list is asked of every cluster, those that retire included", async () => {
  const { host, posted } = stage();
  host.onMessage(startMessage([]));
  await Promise.resolve();
  posted.length = 0;
  host.onMessage({ kind: "inspect", question: 7, topic: "slowlog" });
  assertEquals(posted, [{
    kind: "inspected",
    question: 7,
    parts: [
      { cluster: "a", entries: ["slowlog of a"] },
      { cluster: "b", entries: ["slowlog of b"] },
    ],
  }]);
});
