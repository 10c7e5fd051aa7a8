/**
 * A real Redis Cluster that loses, pauses and swaps nodes under load: how long errors are seen, by whom, and
 * what is logged.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { assert, assertEquals } from "../deps.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";

/** After it the cluster gives a silent node up. */
const NODE_TIMEOUT_MS = 1_000;
/** Of requests to a node that says nothing. */
const READ_TIMEOUT_MS = 1_000;
/** Where no node hangs: only for a machine that does. */
const PATIENT_READ_TIMEOUT_MS = 5_000;
/** Longest time between a new master's first word and the end of errors: throttle, fetch, a busy machine. */
const RECOVERY_MS = 1_500;

/** Writes one key without pause and remembers what went wrong when. */
class Load {
  readonly key: string;
  readonly errors = new Map<string, number>();
  succeeded = 0;
  lastErrorAtMs = 0;
  longestMs = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(port: number, key: string) {
    this.key = key;
    this.#done = this.#run(port);
  }

  async #run(port: number): Promise<void> {
    using client = await RespClient.connect({ port });
    while (!this.#isStopped) {
      const startedAtMs = performance.now();
      const [reply] = await client.pipeline([["SET", this.key, "1"]]);
      this.longestMs = Math.max(this.longestMs, performance.now() - startedAtMs);
      if (reply instanceof RespError) {
        const text = reply.message.replace(/127\.0\.0\.1:\d+/, "NODE");
        this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
        this.lastErrorAtMs = performance.now();
      } else this.succeeded += 1;
      await delay(1);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

/** One load for each master. */
class Loads implements AsyncDisposable {
  readonly loads: Load[] = [];
  readonly #cluster: RedisCluster;
  readonly #owners: ClusterNode[] = [];

  private constructor(cluster: RedisCluster) {
    this.#cluster = cluster;
  }

  static async start(cluster: RedisCluster, port: number): Promise<Loads> {
    const loads = new Loads(cluster);
    for (const key of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const owner = await cluster.ownerOf(await cluster.slotOf(key));
      if (loads.#owners.includes(owner)) continue;
      loads.#owners.push(owner);
      loads.loads.push(new Load(port, key));
    }
    assertEquals(loads.loads.length, 3);
    await loads.flow();
    return loads;
  }

  /** The node whose keys the first load writes. */
  get victim(): ClusterNode {
    return this.#owners[0]!;
  }

  /** Waits until every load has succeeded some times more. */
  async flow(): Promise<void> {
    const before = this.loads.map(({ succeeded }) => succeeded);
    await until(() => this.loads.every((load, index) => load.succeeded > before[index]! + 20), {
      what: "every shard is written to",
      deadlineMs: 20_000,
    });
  }

  /** Waits until another node has the first load's key, as all running nodes see it; returns when. */
  async takenOver(): Promise<number> {
    const slot = await this.#cluster.slotOf(this.loads[0]!.key);
    await until(async () => {
      // For a moment nobody has it.
      const owner = await this.#cluster.findOwner(slot);
      return owner !== null && owner !== this.victim && await owner.role() === "master";
    }, { what: "a replica takes over", deadlineMs: 20_000 });
    return performance.now();
  }

  /** Asserts that the shards of the other loads noticed nothing. */
  othersAreUntouched(): void {
    for (const load of this.loads.slice(1)) {
      assertEquals([...load.errors], []);
      assert(load.longestMs < 1_500, `${load.longestMs} ms`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const load of this.loads) await load.stop();
  }
}

async function openProxy(
  cluster: RedisCluster,
  readTimeoutMs = READ_TIMEOUT_MS,
): Promise<LocalProxy> {
  const proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: cluster.addresses,
    read_timeout: readTimeoutMs,
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  return proxy;
}

async function killedMaster(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster, PATIENT_READ_TIMEOUT_MS);
  await using loads = await Loads.start(cluster, proxy.port);
  const { victim } = loads;
  await victim.kill();
  await using _restart = { [Symbol.asyncDispose]: () => victim.start() };
  const takenOverAtMs = await loads.takenOver();
  await loads.flow();
  const [load] = loads.loads;
  const lateMs = load!.lastErrorAtMs - takenOverAtMs;
  console.log(`errors were seen for ${Math.round(lateMs)} ms after the takeover`);
  assert(lateMs < RECOVERY_MS, `${lateMs} ms`);
  for (const text of load!.errors.keys()) {
    assert(
      /^ERR backend NODE: connect(ion (refused|closed|lost)|ing failed)$|^CLUSTERDOWN/.test(text),
      text,
    );
  }
  loads.othersAreUntouched();
  assertEquals(proxy.messages(), [
    "Slot map changed",
    "Backend cannot be reached",
    "Slot map changed",
  ]);
  await until(() => !proxy.backends().includes(victim.address), { what: "it is let go" });
}

async function pausedMaster(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  await using loads = await Loads.start(cluster, proxy.port);
  const { victim } = loads;
  await victim.pause();
  try {
    const takenOverAtMs = await loads.takenOver();
    await loads.flow();
    const [load] = loads.loads;
    const lateMs = load!.lastErrorAtMs - takenOverAtMs;
    console.log(`errors were seen for ${Math.round(lateMs)} ms after the takeover`);
    // What was sent to the stopped node last still waits for its timeout.
    assert(lateMs < RECOVERY_MS + READ_TIMEOUT_MS, `${lateMs} ms`);
    assert(load!.longestMs < READ_TIMEOUT_MS + 900, `${load!.longestMs} ms`);
    loads.othersAreUntouched();
  } finally {
    victim.resume();
  }
  await until(async () => await victim.role() === "slave", { what: "it is a replica" });
  const errors = loads.loads[0]!.errors.size;
  await cluster.settled();
  await loads.flow();
  assertEquals(loads.loads[0]!.errors.size, errors);
  assert(proxy.messages().length <= 7, proxy.messages().join("; "));
}

async function failoverByHand(cluster: RedisCluster): Promise<void> {
  // The master lets its clients wait until the replica has taken over.
  using proxy = await openProxy(cluster, PATIENT_READ_TIMEOUT_MS);
  await using loads = await Loads.start(cluster, proxy.port);
  const id = loads.victim.id;
  for (const node of cluster.nodes) {
    if (await node.masterId() !== id) continue;
    await cluster.failover(node);
    break;
  }
  await loads.takenOver();
  await until(() => proxy.messages().length >= 2, { what: "the new map is logged" });
  await loads.flow();
  await cluster.settled();
  for (const load of loads.loads) assertEquals([...load.errors], []);
  // One line, or two: the first new map may not have the former master among the replicas yet.
  const messages = proxy.messages();
  assertEquals(messages, messages.map(() => "Slot map changed"));
  assert(messages.length <= 3, `${messages.length} lines`);
}

async function manyMoves(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster, PATIENT_READ_TIMEOUT_MS);
  await using loads = await Loads.start(cluster, proxy.port);
  using client = await proxy.connect();
  const slot = await cluster.slotOf("moved");
  const startedAtMs = performance.now();
  for (let move = 0; move < 100; move++) {
    const owner = await cluster.ownerOf(slot);
    const index = loads.loads.length - move % loads.loads.length - 1;
    const target = await cluster.ownerOf(await cluster.slotOf(loads.loads[index]!.key));
    if (owner !== target) await cluster.migrateSlot(slot, target);
    assertEquals(await client.call("APPEND", "moved", "x"), move + 1);
  }
  assertEquals(await client.call("DEL", "moved"), 1);
  for (const load of loads.loads) assertEquals([...load.errors], []);
  assertEquals(
    proxy.messages(),
    ["Slot map changed"],
    "moves among known nodes are not worth a line",
  );
  const metrics = proxy.metrics();
  assert(metrics.redirects >= 50, `${metrics.redirects} redirections`);
  const elapsedMs = performance.now() - startedAtMs;
  assert(metrics.topologyRefreshes <= 3 + elapsedMs / 250, `${metrics.topologyRefreshes} fetches`);
  await loads[Symbol.asyncDispose]();
  const { backends } = proxy.metrics();
  assertEquals(backends.length, 6);
  assertEquals(backends.map(({ inFlight, queuedBytes }) => inFlight + queuedBytes), [
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  assert(backends.every(({ connections }) => connections <= 1));
}

async function hiddenNodes(cluster: RedisCluster): Promise<void> {
  await cluster.settled();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: cluster.addresses,
    hide_backends: true,
    read_timeout: 300,
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  using client = await proxy.connect();
  const owner = await cluster.ownerOf(await cluster.slotOf("foo"));
  await owner.pause();
  try {
    const [reply] = await client.pipeline([["GET", "foo"]]);
    assertEquals(reply, new RespError("ERR no reply in time"));
  } finally {
    owner.resume();
  }
}

async function wholeOutage(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  assertEquals(await client.call("SET", "foo", "1"), "OK");
  for (const node of cluster.nodes) await node.kill();
  const startedAtMs = performance.now();
  for (let count = 0; count < 20; count++) {
    const [reply] = await client.pipeline([["GET", "foo"]]);
    assert(reply instanceof RespError);
  }
  // If each waited for a fresh map they would take 20 s.
  assert(performance.now() - startedAtMs < 10_000, "failed at once");
  for (const node of cluster.nodes) await node.start();
  await cluster.settled();
  await until(async () => (await client.pipeline([["SET", "foo", "1"]]))[0] === "OK", {
    what: "the cluster serves again",
    deadlineMs: 10_000,
  });
  assert(proxy.messages().length < 12, proxy.messages().join("; "));
}

async function twoWorkers(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster(
    (port) => redisClusterConfig(cluster.addresses, port, "thread = 2"),
    { arguments: ["--log-level", "debug", "--log-format", "json"] },
  );
  const changed = await aster.logged(/^.*Slot map changed.*$/m);
  const leader = Number(JSON.parse(changed[0]).worker);
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(aster.port, opened);
    assertEquals(clients.length, 2);
    for (const client of clients) {
      await until(async () => (await client.pipeline([["SET", "foo", "1"]]))[0] === "OK", {
        what: "both workers know the map",
      });
    }
    const slot = await cluster.slotOf("foo");
    const owner = await cluster.ownerOf(slot);
    const target = await cluster.ownerOf((slot + 8_192) % 16_384);
    assert(owner !== target);
    await cluster.migrateSlot(slot, target);
    // Only the worker that does not lead meets the redirection; the leader fetches all the same.
    assertEquals(await clients[1 - leader]!.call("APPEND", "foo", "2"), 2);
    const moved = await aster.logged(/^.*Slots moved.*$/m);
    assertEquals(JSON.parse(moved[0]).worker, leader);
    assertEquals(await clients[leader]!.call("GET", "foo"), "12");
    await cluster.migrateSlot(slot, owner);
  } finally {
    for (const client of opened) client.close();
  }
}

Deno.test("a redis cluster that fails over behind the proxy", async (test) => {
  await using cluster = await startRedisCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS });
  await test.step("kill -9 of a master", () => killedMaster(cluster));
  await cluster.settled();
  await test.step("a failover by hand shows no error", () => failoverByHand(cluster));
  await test.step("a master that is stopped, and goes on later", () => pausedMaster(cluster));
  await test.step("a hundred moves of a slot leave nothing behind", () => manyMoves(cluster));
  await test.step("two workers share what one of them learns", () => twoWorkers(cluster));
  await test.step("errors name no node where that is not wanted", () => hiddenNodes(cluster));
  await test.step("an outage of all nodes, and their return", () => wholeOutage(cluster));
});
