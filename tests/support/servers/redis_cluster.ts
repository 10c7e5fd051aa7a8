/**
 * A real Redis Cluster for one test: masters with their replicas on loopback, built command by command, and
 * the handles to move slots, half-move them, kill, pause and fail over.
 *
 * @module
 */
import { ClusterNode, type ClusterNodeOptions } from "./cluster_node.ts";
import { withFreePorts } from "../tools/free_port.ts";
import { until } from "../tools/poll.ts";
import type { RespValue } from "../clients/resp_client.ts";
import { makeServerDirectory } from "./server_process.ts";
import { SlotMigration } from "./slot_migration.ts";

/** Number of hash slots of any Redis Cluster. */
export const SLOT_COUNT = 16_384;

/** Masters wait 2 s before they serve, gossip takes another moment, and the machine may be busy. */
const BUILD_DEADLINE_MS = 30_000;

/** Options of {@link startRedisCluster}. */
export interface RedisClusterOptions extends ClusterNodeOptions {
  /** Default 3. */
  masterCount?: number;
  /** In all, spread over the masters in turn; default as many as masters, or as many as ports are left. */
  replicaCount?: number;
  /** Ports of the nodes, masters first; free ones if left out. */
  ports?: number[];
}

/** A running Redis Cluster. */
export class RedisCluster implements AsyncDisposable {
  /** All nodes: first those that began as masters, then those that began as replicas. */
  readonly nodes: readonly ClusterNode[];
  readonly #masterCount: number;

  constructor(nodes: readonly ClusterNode[], masterCount: number) {
    this.nodes = nodes;
    this.#masterCount = masterCount;
  }

  /** Nodes that began as masters; each owns an equal run of slots, in order. */
  get masters(): readonly ClusterNode[] {
    return this.nodes.slice(0, this.#masterCount);
  }

  /** Nodes that began as replicas: number `i` of master `i`, beginning again after the last. */
  get replicas(): readonly ClusterNode[] {
    return this.nodes.slice(this.#masterCount);
  }

  /** `host:port` of every node. */
  get addresses(): string[] {
    return this.nodes.map((node) => node.address);
  }

  /** The replicas that `master` began with. */
  replicasOf(master: ClusterNode): ClusterNode[] {
    const index = this.nodes.indexOf(master);
    return this.replicas.filter((_, number) => number % this.#masterCount === index);
  }

  /** Waits until the replicas that `master` began with have all that it was told so far. */
  async replicated(master: ClusterNode): Promise<void> {
    const offset = await master.replicationOffset();
    for (const replica of this.replicasOf(master)) {
      await until(async () => await replica.replicationOffset() >= offset, {
        what: `${replica.address} has all of ${master.address}`,
      });
    }
  }

  /** The slot of a key, as Redis computes it. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#anyRunning().call("CLUSTER", "KEYSLOT", key));
  }

  /**
   * The node that serves `slot`.
   *
   * @throws {Error} If it has none, as for a moment in a failover: see {@link RedisCluster.findOwner}.
   */
  async ownerOf(slot: number): Promise<ClusterNode> {
    const owner = await this.findOwner(slot);
    if (owner === null) throw new Error(`Slot ${slot} has no owner`);
    return owner;
  }

  /** The node that serves `slot`, as a running master sees it (replicas hear of moves later), or null. */
  async findOwner(slot: number): Promise<ClusterNode | null> {
    let asked = this.#anyRunning();
    for (const node of this.#running()) {
      if (await node.masterId() !== null) continue;
      asked = node;
      break;
    }
    const port = await asked.ownerPort(slot);
    return this.nodes.find((node) => node.announcedPort === port) ?? null;
  }

  /** Begins to move `slot`: importing and migrating are set, no key has moved. */
  async beginMigration(slot: number, target: ClusterNode): Promise<SlotMigration> {
    const migration = new SlotMigration(slot, await this.ownerOf(slot), target, this.nodes);
    await migration.begin();
    return migration;
  }

  /** Moves `slot` with all its keys. Every running master knows the new owner afterwards. */
  async migrateSlot(slot: number, target: ClusterNode): Promise<void> {
    const migration = await this.beginMigration(slot, target);
    await migration.moveKeys();
    await migration.finish();
  }

  /**
   * Makes a replica the master, and waits until all running nodes say so.
   *
   * @param mode Nothing while the master lives, `TAKEOVER` while it does not.
   */
  async failover(replica: ClusterNode, mode?: "FORCE" | "TAKEOVER"): Promise<void> {
    await replica.call("CLUSTER", "FAILOVER", ...mode === undefined ? [] : [mode]);
    await until(async () => {
      for (const node of this.#running()) {
        const nodes = String(await node.call("CLUSTER", "NODES"));
        const line = nodes.split("\n").find((candidate) => candidate.startsWith(replica.id));
        if (line?.split(" ")[2]?.includes("master") !== true) return false;
      }
      return await this.#isMapShared(false);
    }, { what: `${replica.address} is a master`, deadlineMs: BUILD_DEADLINE_MS, intervalMs: 20 });
  }

  /**
   * Waits until every running node says that the cluster is fine, every replica is online, and all nodes know
   * the same masters and replicas.
   */
  async settled(): Promise<void> {
    await until(async () => {
      for (const node of this.#running()) {
        if (await node.clusterInfo("cluster_state") !== "ok") return false;
        if (await node.masterId() !== null && !await node.isReplicaOnline()) return false;
      }
      return await this.#isMapShared();
    }, { what: "the cluster is settled", deadlineMs: BUILD_DEADLINE_MS, intervalMs: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  #running(): ClusterNode[] {
    return this.nodes.filter((node) => node.isRunning);
  }

  #anyRunning(): ClusterNode {
    const node = this.#running()[0];
    if (node === undefined) throw new Error("No node of the cluster is running");
    return node;
  }

  /** Whether all running nodes agree on the owner of every slot and, unless told otherwise, its replicas. */
  async #isMapShared(withReplicas = true): Promise<boolean> {
    const views = new Set<string>();
    for (const node of this.#running()) {
      const ranges = await node.call("CLUSTER", "SLOTS") as RespValue[][];
      views.add(JSON.stringify(
        ranges.map(([first, last, ...nodes]) => {
          const [master, ...replicas] = nodes.map((node) => Number((node as RespValue[])[1]));
          return [first, last, master, ...withReplicas ? replicas.sort() : []];
        }).sort(),
      ));
    }
    return views.size === 1;
  }
}

/** Starts a cluster and waits until all of it serves. Takes about three seconds. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const masterCount = options.masterCount ?? 3;
  const replicaCount = options.replicaCount ??
    (options.ports === undefined ? masterCount : options.ports.length - masterCount);
  const nodes = await startNodes(masterCount + replicaCount, options);
  const cluster = new RedisCluster(nodes, masterCount);
  try {
    await build(cluster);
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

async function startNodes(count: number, options: RedisClusterOptions): Promise<ClusterNode[]> {
  const starts = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => startNode(index, options)),
  );
  const failed = starts.find((start) => start.status === "rejected");
  const nodes = starts.filter((start) => start.status === "fulfilled").map((start) => start.value);
  if (failed === undefined) return nodes;
  await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  throw failed.reason;
}

function startNode(index: number, options: RedisClusterOptions): Promise<ClusterNode> {
  return withFreePorts(2, async ([freePort, busPort]) => {
    const port = options.ports?.[index] ?? freePort!;
    const directory = await makeServerDirectory();
    const node = new ClusterNode(port, busPort!, directory, index, options);
    try {
      await node.start();
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  });
}

async function build(cluster: RedisCluster): Promise<void> {
  const { nodes, masters, replicas } = cluster;
  for (const [index, node] of nodes.entries()) {
    node.id = String(await node.call("CLUSTER", "MYID"));
    await node.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  }
  for (const [index, master] of masters.entries()) {
    const first = Math.floor((index * SLOT_COUNT) / masters.length);
    const end = Math.floor(((index + 1) * SLOT_COUNT) / masters.length);
    // Redis 6.2 takes no ranges.
    const slots = Array.from({ length: end - first }, (_, slot) => first + slot);
    await master.call("CLUSTER", "ADDSLOTS", ...slots);
  }
  // Every node meets every other one at once: gossip alone would take seconds.
  for (const [index, node] of nodes.entries()) {
    for (const other of nodes.slice(index + 1)) {
      await node.call("CLUSTER", "MEET", other.hostname, other.port, other.busPort);
    }
  }
  await Promise.all(
    replicas.map((replica, index) => replicate(replica, masters[index % masters.length]!)),
  );
  await until(async () => {
    for (const node of nodes) {
      if (await node.clusterInfo("cluster_known_nodes") !== String(nodes.length)) return false;
      if (await knownReplicas(node) !== replicas.length) return false;
    }
    return true;
  }, { what: "every node knows all others", deadlineMs: BUILD_DEADLINE_MS, intervalMs: 20 });
  await cluster.settled();
}

/** Makes `replica` follow `master` as soon as it has heard of it. */
async function replicate(replica: ClusterNode, master: ClusterNode): Promise<void> {
  await until(
    async () => String(await replica.call("CLUSTER", "NODES")).includes(`${master.id} `),
    {
      what: `${replica.address} knows ${master.address}`,
      deadlineMs: BUILD_DEADLINE_MS,
      intervalMs: 20,
    },
  );
  await replica.call("CLUSTER", "REPLICATE", master.id);
}

async function knownReplicas(node: ClusterNode): Promise<number> {
  const ranges = await node.call("CLUSTER", "SLOTS") as RespValue[][];
  return ranges.reduce((sum, range) => sum + range.length - 3, 0);
}
