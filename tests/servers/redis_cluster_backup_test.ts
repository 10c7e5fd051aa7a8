/**
 * `backup_request` in front of a real Redis Cluster, one of whose masters stands still for moments: what the slowest
 * reads take with it and without it, and how many more requests the servers get.
 *
 * @module
 */
import { type Aster, PLAIN_PROGRAM, startAster } from "../support/servers/aster.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";
import { assert, assertEquals } from "../deps.ts";
import { readMetric } from "./metrics.ts";

const RUNS = 3;
/** Reads through each of the two proxies in each run. */
const READS = 50_000;
/** Clients of each of them. */
const CLIENTS = 6;
/** How long the master stands still, milliseconds. */
const BURST_MS = 60;
/** From when on a read counts as slow, milliseconds. */
const SLOW_MS = 30;
const TRIGGER_MS = 8;
const MAX_PERCENT = 5;
/** Share of reads that are slow without the feature: the master stands still so often. */
const SLOW_SHARE = 0.025;
/** Keys of the master that stands still, by a hundred. */
const VICTIM_KEYS = 10;

/** Reads through one proxy, by each client one after the other. */
class Load {
  readonly latencies: number[] = [];
  #slowCount = 0;

  /** Share of reads that were slow, up to now. */
  get slowShare(): number {
    return this.#slowCount / Math.max(1, this.latencies.length);
  }

  get isOver(): boolean {
    return this.latencies.length >= READS;
  }

  /** The time that a share of the reads did not exceed, milliseconds. */
  percentile(share: number): number {
    const sorted = this.latencies.toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length * share)]!;
  }

  async run(port: number, keys: readonly string[], random: Random): Promise<void> {
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        using client = await RespClient.connect({ port });
        while (!this.isOver) {
          const key = random.pick(keys);
          const startedAtMs = performance.now();
          assertEquals(await client.call("GET", key), key);
          const tookMs = performance.now() - startedAtMs;
          this.latencies.push(tookMs);
          if (tookMs > SLOW_MS) this.#slowCount += 1;
        }
      }),
    );
  }
}

/** Has a node stand still for moments, as long as `load` has fewer slow reads than it is to have. */
async function burst(node: ClusterNode, load: Load): Promise<void> {
  while (!load.isOver) {
    await delay(5);
    if (load.slowShare >= SLOW_SHARE) continue;
    await node.pause();
    await delay(BURST_MS);
    node.resume();
  }
}

function configOf(cluster: RedisCluster, port: number, isEnabled: boolean): string {
  return `
    [[clusters]]
    name = "${isEnabled ? "with" : "without"}"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis_cluster"
    servers = ${JSON.stringify(cluster.addresses)}
    read_timeout = 10000
    backup_request = { enabled = ${isEnabled}, trigger_slow_ms = ${TRIGGER_MS}, multiplier = 1000, max_percent = ${MAX_PERCENT} }
  `;
}

/** Keys of which so many by a hundred belong to `victim`, each with its name as its value. */
async function storedKeys(
  cluster: RedisCluster,
  victim: ClusterNode,
  port: number,
): Promise<string[]> {
  const [own, others]: [string[], string[]] = [[], []];
  for (let number = 0; own.length < VICTIM_KEYS || others.length < 100 - VICTIM_KEYS; number++) {
    const key = `backup:${number}`;
    const owner = await cluster.ownerOf(await cluster.slotOf(key));
    (owner === victim ? own : others).push(key);
  }
  const keys = [...own.slice(0, VICTIM_KEYS), ...others.slice(0, 100 - VICTIM_KEYS)];
  using client = await RespClient.connect({ port });
  for (const key of keys) assertEquals(await client.call("SET", key, key), "OK");
  for (const master of cluster.masters) await cluster.replicated(master);
  return keys;
}

/** Whether the proxy has a connection for reads to every replica: without one there is no backup. */
async function warmUp(aster: Aster, victim: ClusterNode, key: string): Promise<void> {
  using client = await RespClient.connect({ port: aster.port });
  await until(async () => {
    await victim.pause();
    const reply = client.call("GET", key);
    await delay(2 * TRIGGER_MS);
    victim.resume();
    await reply;
    for (let count = 0; count < 100; count++) await client.call("PING");
    return await readMetric(aster, "aster_backup_requests_won_total") > 0;
  }, { what: "a replica answers" });
}

Deno.test("slow reads are asked of replicas too: the slowest of them take less than half, at few requests more", async () => {
  const random = seededRandom("backup requests");
  await using cluster = await startRedisCluster();
  const victim = cluster.masters[0]!;
  // What takes longest is compared, and checks of invariants would be a part of that.
  const program = PLAIN_PROGRAM;
  await using plainProxy = await startAster((port) => configOf(cluster, port, false), { program });
  await using backing = await startAster((port) => configOf(cluster, port, true), {
    metrics: true,
    program,
  });
  const keys = await storedKeys(cluster, victim, plainProxy.port);
  await warmUp(backing, victim, keys[0]!);
  for (let run = 1; run <= RUNS; run++) {
    const [plain, backed] = [new Load(), new Load()];
    // Side by side, so that both meet the same master and the same machine.
    await Promise.all([
      plain.run(plainProxy.port, keys, random),
      backed.run(backing.port, keys, random),
      burst(victim, plain),
    ]);
    // What was saved up before counts as well.
    const backups = await readMetric(backing, "aster_backup_requests_total");
    const requests = await readMetric(backing, "aster_requests_total");
    const extraPercent = 100 * backups / requests;
    const [p99Without, p99With] = [plain.percentile(0.99), backed.percentile(0.99)];
    console.log(
      `run ${run}: ${plain.latencies.length} reads each, ` +
        `slow without: ${(100 * plain.slowShare).toFixed(1)} %, ` +
        `p99 without ${p99Without.toFixed(1)} ms, with ${p99With.toFixed(1)} ms, ` +
        `requests more: ${extraPercent.toFixed(1)} %`,
    );
    assert(plain.slowShare > 0.02 && plain.slowShare < 0.04, `${plain.slowShare}`);
    assert(p99With < p99Without / 2, `${p99With} ms with, ${p99Without} ms without`);
    assert(extraPercent <= MAX_PERCENT, `${extraPercent} %`);
  }
});
