/**
 * Masters that are killed, stopped and failed over by command under load, with every write counted: none runs twice,
 * errors are only of the keys of that master and end with the failover, and the clients of other masters notice nothing.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { assert, assertEquals } from "../deps.ts";

/** After it the cluster gives a silent node up. */
const NODE_TIMEOUT_MS = 1_000;
const READ_TIMEOUT_MS = 1_000;
/** Clients of each master by the proxy, and as many that ask it directly, for what the machine does to both. */
const CLIENTS = 3;
/** How long the load flows until it is measured, and how long it is measured before a master goes and from then on. */
const WARM_UP_MS = 500;
const MEASURED_MS = 2_000;
/** Longest time from when the cluster serves again to the end of errors. */
const RECOVERY_MS = 1_000;
/** What a busy machine may add to a wait. */
const SLACK_MS = 900;

/** Raises one counter again and again. */
class Counter {
  readonly key: string;
  /** When each request was answered, and how long it took, milliseconds. */
  readonly answers: { atMs: number; tookMs: number }[] = [];
  errors = 0;
  lastErrorAtMs = 0;
  /** Replies that cannot be where every request ran at most once. */
  readonly violations: string[] = [];
  #acknowledged = 0;
  /** The highest value that the counter can have. */
  #highest = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(port: number, key: string) {
    this.key = key;
    this.#done = this.#run(port);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  async #run(port: number): Promise<void> {
    using client = await RespClient.connect({ port });
    while (!this.#isStopped) {
      const startedAtMs = performance.now();
      const [reply] = await client.pipeline([["INCR", this.key]]);
      const atMs = performance.now();
      this.answers.push({ atMs, tookMs: atMs - startedAtMs });
      // It may have run, once.
      this.#highest += 1;
      if (reply instanceof RespError) {
        this.errors += 1;
        this.lastErrorAtMs = atMs;
      } else {
        this.#acknowledged += 1;
        if (Number(reply) > this.#highest) this.violations.push(`${reply} > ${this.#highest}`);
        this.#highest = Number(reply);
      }
      await delay(1);
    }
  }

  /** The time that 99 of a hundred of its requests between two moments did not exceed, milliseconds. */
  static p99(counters: readonly Counter[], fromMs: number, toMs: number): number {
    const times = counters.flatMap(({ answers }) => answers)
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ tookMs }) => tookMs)
      .toSorted((one, other) => one - other);
    return times[Math.floor(times.length * 0.99)]!;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }
}

/** How a master goes; the result ends what it began. */
type Fate = (victim: ClusterNode, cluster: RedisCluster) => Promise<() => Promise<void>>;

const killed: Fate = async (victim) => {
  await victim.kill();
  return () => victim.start();
};

const stopped: Fate = async (victim) => {
  await victim.pause();
  return () => Promise.resolve(victim.resume());
};

const failedOver: Fate = async (victim, cluster) => {
  for (const node of cluster.nodes) {
    if (await node.masterId() === victim.id) {
      await node.call("CLUSTER", "FAILOVER");
      break;
    }
  }
  return () => Promise.resolve();
};

/** Keys of each master, as many for either way. */
async function keysByOwner(cluster: RedisCluster): Promise<Map<ClusterNode, string[]>> {
  const keys = new Map<ClusterNode, string[]>();
  for (
    let number = 0;
    [...keys.values()].filter((own) => own.length >= 2 * CLIENTS).length < 3;
    number++
  ) {
    const key = `counter:${number}`;
    const owner = await cluster.ownerOf(await cluster.slotOf(key));
    keys.set(owner, [...keys.get(owner) ?? [], key].slice(0, 2 * CLIENTS));
  }
  return keys;
}

async function survives(
  cluster: RedisCluster,
  port: number,
  what: string,
  fate: Fate,
): Promise<void> {
  await cluster.settled();
  const keys = await keysByOwner(cluster);
  const [victim, ownKeys] = [...keys][0]!;
  const slot = await cluster.slotOf(ownKeys[0]!);
  {
    using client = await RespClient.connect({ port });
    await client.pipeline([...keys.values()].flat().map((key) => ["DEL", key]));
  }
  const own = ownKeys.slice(CLIENTS).map((key) => new Counter(port, key));
  const [others, direct] = [port, null].map((proxy, way) =>
    [...keys].slice(1).flatMap(([node, names]) =>
      names.slice(way * CLIENTS, (way + 1) * CLIENTS)
        .map((key) => new Counter(proxy ?? node.port, key))
    )
  ) as [Counter[], Counter[]];
  await delay(WARM_UP_MS);
  const beganAtMs = performance.now();
  await delay(MEASURED_MS);
  const goneAtMs = performance.now();
  const end = await fate(victim, cluster);
  try {
    await until(async () => {
      const owner = await cluster.findOwner(slot);
      return owner !== null && owner !== victim && await owner.role() === "master";
    }, { what: "a replica takes over", deadlineMs: 20_000, intervalMs: 5 });
    const takenOverAtMs = performance.now();
    const before = own.map(({ acknowledged }) => acknowledged);
    await until(() => own.every(({ acknowledged }, at) => acknowledged > before[at]! + 20), {
      what: "the keys are written to again",
      deadlineMs: 20_000,
    });
    const lateMs = Math.max(...own.map(({ lastErrorAtMs }) => lastErrorAtMs)) - takenOverAtMs;
    await delay(Math.max(0, goneAtMs + MEASURED_MS - performance.now()));
    const untilMs = performance.now();
    const p99Before = Counter.p99(others, beganAtMs, goneAtMs);
    const p99Then = Counter.p99(others, goneAtMs, untilMs);
    // A machine that has become busier since shows in those who do without the proxy.
    const p99Direct = Counter.p99(direct, goneAtMs, untilMs);
    const longestMs = Math.max(
      ...own.flatMap(({ answers }) => answers.map(({ tookMs }) => tookMs)),
    );
    const errors = own.reduce((sum, counter) => sum + counter.errors, 0);
    console.log(
      `${what}: ${errors} errors, the last ${
        Math.round(Math.max(0, lateMs))
      } ms after the takeover, ` +
        `longest wait ${Math.round(longestMs)} ms; ` +
        `p99 of others ${p99Before.toFixed(1)} ms before, ${p99Then.toFixed(1)} ms meanwhile, ` +
        `${p99Direct.toFixed(1)} ms without the proxy`,
    );
    assertEquals(others.reduce((sum, counter) => sum + counter.errors, 0), 0);
    // What was sent to a node that says nothing waits for its timeout.
    assert(lateMs < RECOVERY_MS + (fate === stopped ? READ_TIMEOUT_MS : 0), `${lateMs} ms`);
    assert(longestMs < READ_TIMEOUT_MS + SLACK_MS, `${longestMs} ms`);
    const usual = Math.max(p99Before, p99Direct);
    assert(p99Then <= 2 * usual + 5, `${p99Then} ms, ${usual} ms would be usual`);
    if (fate === failedOver) assertEquals(errors, 0, "its clients wait for the heir");
  } finally {
    await end();
    for (const counter of [...own, ...others, ...direct]) await counter.stop();
  }
  assertEquals([...own, ...others, ...direct].flatMap(({ violations }) => violations), []);
}

Deno.test("whatever becomes of a master, no write runs twice and only its keys notice", async (test) => {
  await using cluster = await startRedisCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS });
  await using aster = await startAster((port) => `
    [[clusters]]
    name = "counted"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis_cluster"
    servers = ${JSON.stringify(cluster.addresses)}
    read_timeout = ${READ_TIMEOUT_MS}
    thread = 2
  `);
  const run = (what: string, fate: Fate) =>
    test.step(what, () => survives(cluster, aster.port, what, fate));
  await run("killed", killed);
  await run("failed over by command", failedOver);
  await run("stopped", stopped);
});
