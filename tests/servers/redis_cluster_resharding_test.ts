/**
 * Slots that move to and fro, and nodes that join and leave, under pipelined reads and writes of many clients: none of
 * them sees an error, or a reply that is not its own.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";
import { assertEquals } from "../deps.ts";
import { CountingClient } from "./counting_load.ts";

const CLIENTS = 6;
const KEYS = 40;
const PIPELINE = 20;
/** Moves of slots that have data. */
const MOVES = 300;
/** Checked replies that the test waits for, meanwhile and behind the moves. */
const REPLIES = 10_000;
/** From when a node is empty to when it goes, milliseconds. */
const EMPTY_MS = 1_000;

function configOf(cluster: RedisCluster, port: number, thread: number): string {
  const seeds = cluster.masters.slice(0, 2).map(({ address }) => address);
  return redisClusterConfig(seeds, port, `thread = ${thread}`);
}

/** Takes a node out of the cluster, as one that was never in it. */
async function leave(cluster: RedisCluster, leaver: ClusterNode): Promise<void> {
  for (const node of cluster.nodes) {
    if (node !== leaver) await node.call("CLUSTER", "FORGET", leaver.id);
  }
  await leaver.call("CLUSTER", "RESET", "HARD");
  leaver.id = String(await leaver.call("CLUSTER", "MYID"));
}

/** Has an empty node join. */
async function join(cluster: RedisCluster, newcomer: ClusterNode): Promise<void> {
  const [first] = cluster.masters;
  await newcomer.call("CLUSTER", "MEET", first!.hostname, first!.port, first!.busPort);
  await until(async () => {
    for (const node of cluster.nodes) {
      if (!String(await node.call("CLUSTER", "NODES")).includes(newcomer.id)) return false;
    }
    return await newcomer.clusterInfo("cluster_state") === "ok";
  }, { what: "the newcomer is known", deadlineMs: 20_000 });
}

/** Moves slots among `targets`, each to one that does not have it. */
async function move(
  cluster: RedisCluster,
  slots: readonly number[],
  targets: readonly ClusterNode[],
  random: Random,
): Promise<void> {
  for (const slot of slots) {
    const owner = await cluster.ownerOf(slot);
    const others = targets.filter((target) => target !== owner);
    if (others.length > 0) await cluster.migrateSlot(slot, random.pick(others));
  }
}

Deno.test("slots move to and fro, a node joins and leaves, and no client sees anything of it", async () => {
  const random = seededRandom("resharding");
  await using cluster = await startRedisCluster({ replicaCount: 1 });
  const newcomer = cluster.replicas[0]!;
  await leave(cluster, newcomer);
  await using one = await startAster((port) => configOf(cluster, port, 1));
  await using two = await startAster((port) => configOf(cluster, port, 2));
  const clients = [one.port, two.port].flatMap((port) =>
    Array.from({ length: CLIENTS }, (_, number) =>
      new CountingClient({
        ...{ port, random, keyCount: KEYS, pipelineLength: PIPELINE },
        name: `${port}:${number}`,
      }))
  );
  const slots = new Set<number>();
  for (const client of clients) {
    for (let key = 0; key < KEYS; key++) slots.add(await cluster.slotOf(client.key(key)));
  }
  const moved = random.shuffled([...slots]).slice(0, MOVES / 2);
  const startedAtMs = performance.now();
  await join(cluster, newcomer);
  await move(cluster, moved, [...cluster.masters, newcomer], random);
  const settled = cluster.masters;
  // It is emptied, and goes.
  await move(cluster, moved, settled, random);
  await delay(EMPTY_MS);
  await leave(cluster, newcomer);
  await newcomer.kill();
  const repliesThen = clients.map(({ replies }) => replies);
  const total = () => clients.reduce((sum, client) => sum + client.replies, 0);
  await until(
    () =>
      total() > REPLIES &&
      clients.every(({ replies }, index) => replies > repliesThen[index]! + 100),
    { what: "all go on, and enough was asked" },
  );
  for (const client of clients) await client.stop();
  const replies = total();
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(
    `${2 * moved.length} moves of slots, ${replies} checked replies in ${seconds} s, ` +
      `${clients.length} clients on 1 and 2 threads`,
  );
  assertEquals(clients.flatMap(({ violations }) => violations), []);
  assertEquals(clients.flatMap(({ errors }) => [...errors]), []);
});
