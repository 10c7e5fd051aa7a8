/**
 * Who of a shard's nodes gets how many reads, by the servers' own counts, and what becomes of a replica that stops.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { startFaultRelay } from "../support/servers/fault_relay.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { callsOf, forgetCalls } from "./cluster_calls.ts";

const KEYS = Array.from({ length: 200 }, (_, number) => `read:${number}`);
const CLIENTS = 8;
const READS = 24_000;
const WRITES = 2_000;
/** Most by which a replica's share may differ from an even one, percent. */
const UNEVEN_PERCENT = 10;

const { product, version } = testedServer();
/** Of all servers only Valkey says in which zone it is, since 8.1. */
const hasZones = product === "valkey" && Number.parseFloat(version) >= 8.1;

interface ReadKeys {
  policy: string;
  /** The proxy's own zone. */
  zone?: string;
  /** More lines of the cluster. */
  more?: string;
}

function configOf(cluster: RedisCluster, port: number, { policy, zone, more }: ReadKeys): string {
  const runtime = zone === undefined ? "" : `[runtime]\nzone = "${zone}"\n`;
  const keys = `read_policy = "${policy}"\nthread = 2\n${more ?? ""}`;
  return runtime + redisClusterConfig(cluster.addresses, port, keys);
}

/** Reads and writes by several clients, mixed. */
async function load(port: number, readCount: number, writeCount: number): Promise<void> {
  const random = seededRandom("reads of replicas");
  const share = writeCount / (readCount + writeCount);
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      using client = await RespClient.connect({ port });
      for (let left = (readCount + writeCount) / CLIENTS; left > 0; left -= 50) {
        const requests = Array.from({ length: 50 }, () => {
          const key = random.pick(KEYS);
          return random.chance(share) ? ["SET", key, key] : ["GET", key];
        });
        const replies = await client.pipeline(requests);
        for (const [index, reply] of replies.entries()) {
          const [name, key] = requests[index]!;
          assertEquals(reply, name === "SET" ? "OK" : key!);
        }
      }
    }),
  );
}

async function storeKeys(cluster: RedisCluster, port: number): Promise<void> {
  using client = await RespClient.connect({ port });
  for (const key of KEYS) assertEquals(await client.call("SET", key, key), "OK");
  for (const master of cluster.masters) await cluster.replicated(master);
}

/** Reads until no master gets any: then each worker is connected to every replica. */
async function warmUp(cluster: RedisCluster, port: number): Promise<void> {
  await until(async () => {
    await forgetCalls(cluster.nodes);
    await load(port, 800, 0);
    const reads = await Promise.all(cluster.masters.map((master) => callsOf(master, "get")));
    return reads.every(({ run }) => run === 0);
  }, { what: "every replica is connected to", deadlineMs: 20_000 });
}

async function evenShares(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) =>
    configOf(cluster, port, { policy: "prefer_replica" })
  );
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  await forgetCalls(cluster.nodes);
  await load(aster.port, READS, WRITES);
  let reads = 0;
  const shares: string[] = [];
  for (const master of cluster.masters) {
    await cluster.replicated(master);
    const replicas = cluster.replicasOf(master);
    const counts = await Promise.all(replicas.map((replica) => callsOf(replica, "get")));
    const even = counts.reduce((sum, { run }) => sum + run, 0) / counts.length;
    for (const [index, { run, rejected }] of counts.entries()) {
      assertEquals(rejected, 0, "nothing is redirected");
      const percent = 100 * (run - even) / even;
      assert(Math.abs(percent) <= UNEVEN_PERCENT, `${run} reads, ${even} would be even`);
      shares.push(`${percent.toFixed(1)} %`);
      reads += run;
      // A write that is replicated is counted as one: there are no others.
      const writes = await callsOf(replicas[index]!, "set");
      assertEquals(writes, await callsOf(master, "set"));
    }
    assertEquals((await callsOf(master, "get")).run, 0);
  }
  console.log(
    `${reads} reads, off even by ${shares.join(", ")}; none redirected, none at a master`,
  );
  assert(reads > 0.9 * READS);
}

async function stoppedReplica(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) =>
    configOf(cluster, port, { policy: "replica", more: "read_timeout = 500" })
  );
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  const [stopped] = cluster.replicasOf(await cluster.ownerOf(await cluster.slotOf(KEYS[0]!)));
  using client = await RespClient.connect({ port: aster.port });
  const reads = Array.from({ length: 100 }, () => ["GET", KEYS[0]!]);
  const areAnswered = async () =>
    (await client.pipeline(reads)).every((reply) => !(reply instanceof RespError));
  await stopped!.pause();
  try {
    // Its probe leaves it out: not even one read in a while goes there to see.
    await until(areAnswered, { what: "the other replica has all reads", deadlineMs: 20_000 });
    for (let round = 0; round < 30; round++) {
      assert(await areAnswered());
      await delay(50);
    }
  } finally {
    stopped!.resume();
  }
  await until(async () => {
    await forgetCalls([stopped!]);
    assert(await areAnswered());
    return (await callsOf(stopped!, "get")).run > 0;
  }, { what: "it is read from again", deadlineMs: 20_000 });
}

/** A replica whose link to its master is cut is up, and would answer with what it has. */
async function cutReplica(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) =>
    configOf(cluster, port, { policy: "prefer_replica" })
  );
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  const key = KEYS[0]!;
  const master = await cluster.ownerOf(await cluster.slotOf(key));
  const [cut, other] = cluster.replicasOf(master);
  const link = async () => /master_link_status:(\w+)/.exec(await infoOf(cut!))![1];
  // The master has no password, and refuses whoever says one.
  await cut!.call("CONFIG", "SET", "masterauth", "none");
  await cut!.call("CLIENT", "KILL", "TYPE", "master");
  try {
    await until(async () => await link() === "down", { what: "its link is cut" });
    using client = await RespClient.connect({ port: aster.port });
    await until(async () => {
      await forgetCalls([cut!]);
      await client.pipeline(Array.from({ length: 100 }, () => ["GET", key]));
      return (await callsOf(cut!, "get")).run === 0;
    }, { what: "it is left out", deadlineMs: 20_000 });
    // From then on no read is older than what the other replica has.
    for (let round = 0; round < 50; round++) {
      await client.call("SET", key, String(round));
      const offset = await master.replicationOffset();
      await until(async () => await other!.replicationOffset() >= offset, {
        what: "the other replica has it",
      });
      assertEquals(await client.call("GET", key), String(round));
    }
    assertEquals((await callsOf(cut!, "get")).run, 0);
    assertEquals(await link(), "down");
  } finally {
    await cut!.call("CONFIG", "SET", "masterauth", "");
  }
  await until(async () => await link() === "up", { what: "it is linked", deadlineMs: 20_000 });
  await isReadAgain(cut!, aster.port, key);
}

function infoOf(node: ClusterNode): Promise<string> {
  return node.call("INFO", "replication").then(String);
}

async function isReadAgain(replica: ClusterNode, port: number, key: string): Promise<void> {
  using client = await RespClient.connect({ port });
  await until(async () => {
    await forgetCalls([replica]);
    await client.pipeline(Array.from({ length: 100 }, () => ["GET", key]));
    return (await callsOf(replica, "get")).run > 0;
  }, { what: "it is read from again", deadlineMs: 20_000 });
}

/** A replica that is linked, and falls behind: what its master sends takes long. */
async function laggingReplica(): Promise<void> {
  const ports = Array.from({ length: 3 }, findFreePort);
  await using relay = await startFaultRelay(ports[0]!);
  await using cluster = await startRedisCluster({
    ...{ masterCount: 1, ports },
    announcedPorts: [relay.port, ...ports.slice(1)],
  });
  await using aster = await startAster((port) =>
    configOf(cluster, port, { policy: "prefer_replica", more: "replica_max_lag = 1000" })
  );
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  const [late, other] = cluster.replicas;
  const link = String(await late!.call("CLIENT", "LIST", "TYPE", "MASTER"));
  relay.holdFrom(Number(/ laddr=\S+:(\d+)/.exec(link)![1]), "replies");
  using client = await RespClient.connect({ port: aster.port });
  const key = KEYS[0]!;
  await until(async () => {
    await forgetCalls([late!]);
    await client.call("SET", "other", "x");
    await client.pipeline(Array.from({ length: 100 }, () => ["GET", key]));
    return (await callsOf(late!, "get")).run === 0;
  }, { what: "the one that lags behind is left out", deadlineMs: 20_000 });
  assertMatch(await infoOf(late!), /master_link_status:up/);
  await forgetCalls([other!]);
  await client.pipeline(Array.from({ length: 100 }, () => ["GET", key]));
  assertEquals((await callsOf(other!, "get")).run, 100);
  await relay.heal();
  await isReadAgain(late!, aster.port, key);
}

/** Reads stay in the proxy's zone as long as a replica there can take them. */
async function zones(cluster: RedisCluster): Promise<void> {
  for (const master of cluster.masters) {
    const [far, near] = cluster.replicasOf(master);
    await master.call("CONFIG", "SET", "availability-zone", "far");
    await far!.call("CONFIG", "SET", "availability-zone", "far");
    await near!.call("CONFIG", "SET", "availability-zone", "near");
  }
  const nearest = cluster.masters.map((master) => cluster.replicasOf(master)[1]!);
  const others = cluster.nodes.filter((node) => !nearest.includes(node));
  await using aster = await startAster((port) =>
    configOf(cluster, port, { policy: "prefer_replica", zone: "near", more: "read_timeout = 500" })
  );
  await storeKeys(cluster, aster.port);
  const readsAt = async (nodes: readonly ClusterNode[]) => {
    await forgetCalls(cluster.nodes);
    await load(aster.port, 800, 0);
    const counts = await Promise.all(nodes.map((node) => callsOf(node, "get")));
    return counts.reduce((sum, { run }) => sum + run, 0);
  };
  await until(async () => await readsAt(others) === 0, {
    what: "all reads stay in the zone",
    deadlineMs: 20_000,
  });
  assertEquals(await readsAt(nearest), 800);
  const key = KEYS[0]!;
  const master = await cluster.ownerOf(await cluster.slotOf(key));
  const [far, near] = cluster.replicasOf(master);
  await near!.pause();
  try {
    using client = await RespClient.connect({ port: aster.port });
    await until(async () => {
      await client.pipeline(Array.from({ length: 20 }, () => ["GET", key]));
      return (await callsOf(far!, "get")).run > 0;
    }, { what: "the other zone takes over", deadlineMs: 20_000 });
  } finally {
    near!.resume();
  }
  await until(async () => await readsAt(others) === 0, {
    what: "the zone has them back",
    deadlineMs: 20_000,
  });
}

Deno.test("reads are spread over the replicas evenly, and go to no master", async (test) => {
  await using cluster = await startRedisCluster({ replicaCount: 6 });
  await test.step("even shares", () => evenShares(cluster));
  await test.step("a replica that stops, and goes on", () => stoppedReplica(cluster));
  await test.step("a replica whose link to its master is cut", () => cutReplica(cluster));
  await test.step({
    name: "zones",
    // Redis tells none.
    ignore: !hasZones,
    fn: () => zones(cluster),
  });
});

Deno.test("a replica that lags behind gets no reads until it has caught up", laggingReplica);
