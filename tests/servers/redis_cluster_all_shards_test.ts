/**
 * Requests to all shards while a Redis Cluster fails over: one map says which they are, never one that is half old and
 * half new.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { ScriptedNode } from "../support/fakes/scripted_node.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";

/** A key of each shard. */
const FIRST_KEYS = ["k:3", "k:1", "k:0"] as const;
const KEYS = Array.from({ length: 300 }, (_, number) => `k:${number}`);

async function fill(cluster: RedisCluster, client: RespClient): Promise<void> {
  const replies = await client.pipeline(KEYS.map((key): RespWord[] => ["SET", key, 1]));
  assert(replies.every((reply) => reply === "OK"));
  for (const master of await currentMasters(cluster)) {
    const offset = await master.replicationOffset();
    for (const node of cluster.nodes) {
      if (await node.masterId() !== master.id) continue;
      await until(async () => await node.replicationOffset() >= offset, { what: "it is copied" });
    }
  }
}

async function currentMasters(cluster: RedisCluster) {
  const masters = [];
  for (const node of cluster.nodes) if (await node.masterId() === null) masters.push(node);
  return masters;
}

/** Swaps the master of `key` with its replica; nobody tells the proxy. */
async function failOver(cluster: RedisCluster, key: string): Promise<void> {
  await cluster.settled();
  const master = await cluster.ownerOf(await cluster.slotOf(key));
  for (const node of cluster.nodes) {
    if (await node.masterId() !== master.id) continue;
    // Without a vote: masters vote for a replica of the same master once in a while only.
    await cluster.failover(node, "TAKEOVER");
    return;
  }
  throw new Error(`${master.address} has no replica`);
}

/** Meets MOVED, and asks all shards right behind: SELECT waits for the reply. */
async function seesEachKeyOnce(client: RespClient, key: string): Promise<void> {
  const [got, _, size, keys, scanned, random] = await client.pipeline([
    ["GET", key],
    ["SELECT", 0],
    ["DBSIZE"],
    ["KEYS", "k:*"],
    ["SCAN", 0, "COUNT", 1_000],
    ["RANDOMKEY"],
  ]);
  assertEquals([got, size], ["1", KEYS.length]);
  assertEquals((keys as string[]).toSorted(), KEYS.toSorted());
  assertMatch(String(random), /^k:/);
  assertEquals(await scannedFrom(client, scanned), KEYS.toSorted());
}

/** What a scan finds that begins in the moment before MOVED comes. */
async function goesOnScanning(client: RespClient, key: string): Promise<void> {
  const [got, scanned] = await client.pipeline([["GET", key], ["SCAN", 0, "COUNT", 1_000]]);
  assertEquals(got, "1");
  const found = await scannedFrom(client, scanned);
  assertEquals([...new Set(found)], KEYS.toSorted());
}

async function scannedFrom(client: RespClient, first: unknown): Promise<string[]> {
  let [cursor, found] = first as [string, string[]];
  while (cursor !== "0") {
    const [next, more] = await client.call("SCAN", cursor, "COUNT", 1_000) as [string, string[]];
    found = [...found, ...more];
    cursor = next;
  }
  return found.toSorted();
}

async function oneWorker(cluster: RedisCluster): Promise<void> {
  using proxy = startLocalProxy({ cache_type: "redis_cluster", servers: cluster.addresses });
  using client = await proxy.connect();
  await fill(cluster, client);
  await failOver(cluster, FIRST_KEYS[0]);
  await seesEachKeyOnce(client, FIRST_KEYS[0]);
  await failOver(cluster, FIRST_KEYS[1]);
  await goesOnScanning(client, FIRST_KEYS[1]);
  await failOver(cluster, FIRST_KEYS[2]);
  const replies = await client.pipeline([
    ["GET", FIRST_KEYS[2]],
    ["SELECT", 0],
    ["FLUSHALL"],
    ["DBSIZE"],
  ]);
  assertEquals(replies, ["1", "OK", "OK", 0]);
  for (const node of await currentMasters(cluster)) assertEquals(await node.call("DBSIZE"), 0);
}

async function twoWorkers(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) =>
    redisClusterConfig(cluster.addresses, port, "thread = 2")
  );
  const opened: RespClient[] = [];
  const clients = await clientsOfBothWorkers(aster.port, opened);
  await fill(cluster, clients[0]!);
  for (const key of FIRST_KEYS.slice(0, 2)) {
    await failOver(cluster, key);
    await Promise.all(clients.map((client) => seesEachKeyOnce(client!, key)));
  }
  for (const client of opened) client.close();
}

Deno.test("requests to all shards during a failover", async (test) => {
  await using cluster = await startRedisCluster();
  await test.step("each key is seen once, and FLUSHALL leaves none", () => oneWorker(cluster));
  await test.step("so it is for the clients of every worker", () => twoWorkers(cluster));
});

Deno.test("without a new map what counts fails, and FLUSHALL reaches all that may hold keys", async () => {
  await using former = new ScriptedNode();
  await using other = new ScriptedNode();
  await using heir = new ScriptedNode();
  former.serves([0, 8_191, other.address], [8_192, 16_383, former.address, heir.address]);
  const answer = ({ words }: { words: readonly string[] }) =>
    words[0] === "GET" ? "$1\r\n1\r\n" : "+OK\r\n";
  former.answer = (request) =>
    request.words[0] === "GET" ? `-MOVED 12182 ${heir.address}\r\n` : answer(request);
  other.answer = answer;
  heir.answer = answer;
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [former.address],
    dial_timeout: 300,
  });
  using client = await proxy.connect();
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  const silence = Promise.withResolvers<string>();
  using _speech = { [Symbol.dispose]: () => silence.resolve("-ERR\r\n") };
  for (const node of [former, other, heir]) node.slots = silence.promise;
  for (let round = 0; round < 2; round++) {
    const replies = await client.pipeline([
      ["GET", "foo"],
      ["SELECT", 0],
      ["DBSIZE"],
      ["KEYS", "*"],
      ["SCAN", 0],
      ["RANDOMKEY"],
      ["FLUSHALL"],
      ["FUNCTION", "FLUSH"],
      ["SCRIPT", "FLUSH"],
      ["GET", "foo"],
    ]);
    assertEquals(replies.toSpliced(2, 4), ["1", "OK", "OK", "OK", "OK", "1"]);
    for (const error of replies.slice(2, 6)) assertMatch(String(error), /failover is under way/);
  }
  for (const node of [former, other, heir]) {
    for (const line of ["FLUSHALL", "FUNCTION FLUSH", "SCRIPT FLUSH"]) {
      assertEquals(node.lines.filter((sent) => sent === line).length, 2, `${line} at each`);
    }
    assert(!node.lines.some((line) => /^(DBSIZE|KEYS|SCAN|RANDOMKEY)/.test(line)));
  }
});
