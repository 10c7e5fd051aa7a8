/**
 * The real servers behind the proxy of a run, each behind a relay that can make it misbehave.
 *
 * @module
 */
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { type FaultRelay, startFaultRelay } from "../support/servers/fault_relay.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespError } from "../support/clients/resp_client.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import type { Random } from "../support/tools/seed.ts";
import type { FaultCounts, FaultyServer, ServerFaults } from "./faults.ts";
import type { SlotMigration } from "../support/servers/slot_migration.ts";
import type { Scenario } from "./scenario.ts";

/** What a Redis confirmed is in its file before the reply goes out, so that no kill loses it. */
const PERSISTENCE = ["--appendonly", "yes", "--appendfsync", "no"];
/**
 * A slot stays where it is for this long, so that what is in flight to its former owner is answered.
 */
const SLOT_REST_MS = 3_000;
/**
 * And for so many stops of the proxy, as on a busy machine it does little between two. What it has sent before and what
 * it sends behind would else meet a node that has lost the slot and has it back: an exception to a client's order.
 */
const SLOT_REST_STOPS = 4;
/** Most keys of a slot that move one by one. */
const KEYS_ONE_BY_ONE = 30;
const EVICTION_FREE_MEMORY = ["-m", "1024"];

/** Servers and relays; ends both. */
export class Backends implements AsyncDisposable {
  readonly relays: readonly FaultRelay[];
  readonly servers: readonly (FaultyServer & AsyncDisposable)[];
  readonly cluster: RedisCluster | null;
  /** Whether killed servers come back without their data. */
  readonly isVolatile: boolean;

  constructor(
    relays: readonly FaultRelay[],
    servers: readonly (FaultyServer & AsyncDisposable)[],
    cluster: RedisCluster | null,
    isVolatile: boolean,
  ) {
    this.relays = relays;
    this.servers = servers;
    this.cluster = cluster;
    this.isVolatile = isVolatile;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.relays) await relay[Symbol.asyncDispose]();
    for (const server of this.servers) {
      server.resume();
      await server[Symbol.asyncDispose]();
    }
    // Its replicas are none of the servers that faults happen to.
    await this.cluster?.[Symbol.asyncDispose]();
  }
}

/** Starts the servers of a scenario. */
export async function startBackends(scenario: Scenario): Promise<Backends> {
  if (scenario.type === "redis_cluster") return await startCluster(scenario);
  const isMemcache = scenario.type === "memcache";
  const servers = await Promise.all(
    Array.from(
      { length: scenario.backendCount },
      () =>
        isMemcache
          ? startMemcachedServer({ arguments: EVICTION_FREE_MEMORY })
          : startRedisServer({ arguments: PERSISTENCE }),
    ),
  );
  const relays = await Promise.all(servers.map((server) => startFaultRelay(server.port)));
  return new Backends(relays, servers, null, isMemcache);
}

/** The nodes announce their relays' ports, so that redirections lead there as well. */
async function startCluster(scenario: Scenario): Promise<Backends> {
  const count = scenario.backendCount + scenario.replicaCount;
  const ports = Array.from({ length: count }, findFreePort);
  const relays = await Promise.all(ports.map((port) => startFaultRelay(port)));
  const cluster = await startRedisCluster({
    masterCount: scenario.backendCount,
    replicaCount: scenario.replicaCount,
    ports,
    announcedPorts: relays.map((relay) => relay.port),
    nodeTimeoutMs: 5_000,
    arguments: PERSISTENCE,
  });
  return new Backends(relays, cluster.masters.map(withCluster), cluster, false);
}

/** A node that was restarted counts as started when it serves its slots again. */
function withCluster(node: ClusterNode): FaultyServer & AsyncDisposable {
  return {
    pause: () => node.pause(),
    resume: () => node.resume(),
    kill: () => node.kill(),
    start: async () => {
      await node.start();
      await until(() => servesSlots(node), {
        what: `${node.address} serves its slots`,
        deadlineMs: 30_000,
      });
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

async function servesSlots(node: ClusterNode): Promise<boolean> {
  try {
    return await node.call("PING") === "PONG" && await node.clusterInfo("cluster_state") === "ok";
  } catch (error) {
    if (error instanceof RespError) return false;
    throw error;
  }
}

/** Gives requests time to meet the slot half moved. */
async function moveOneByOne(migration: SlotMigration, random: Random): Promise<void> {
  const { source, slot } = migration;
  const keys = await source.call("CLUSTER", "GETKEYSINSLOT", slot, KEYS_ONE_BY_ONE) as string[];
  for (const key of keys) {
    await migration.moveKeys([key]);
    await delay(random.between(0, 2));
  }
}

/**
 * Moves slots that have keys from master to master until `isOver`.
 *
 * @param stopMaxMs Longest time for which the proxy is stopped, milliseconds.
 */
export async function moveSlots(
  cluster: RedisCluster,
  stopMaxMs: number,
  random: Random,
  counts: FaultCounts,
  exclusively: ServerFaults["exclusively"],
  isOver: () => boolean,
): Promise<void> {
  const restMs = SLOT_REST_MS + SLOT_REST_STOPS * stopMaxMs;
  const movedAtMs = new Map<number, number>();
  while (!isOver()) {
    await delay(random.between(1, 60));
    const source = random.pick(cluster.masters);
    const target = random.pick(cluster.masters.filter((node) => node !== source));
    await exclusively(async () => {
      const key = await source.call("RANDOMKEY");
      if (typeof key !== "string") return;
      const slot = await cluster.slotOf(key);
      if (performance.now() - (movedAtMs.get(slot) ?? -Infinity) < restMs) return;
      if (await cluster.ownerOf(slot) !== source) return;
      const migration = await cluster.beginMigration(slot, target);
      await delay(random.between(0, 30));
      if (random.chance(0.5)) await moveOneByOne(migration, random);
      await migration.moveKeys();
      await delay(random.between(0, 10));
      await migration.finish();
      counts.add("slot moved");
      movedAtMs.set(slot, performance.now());
    });
  }
}
