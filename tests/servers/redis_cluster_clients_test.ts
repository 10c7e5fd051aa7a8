/**
 * Client libraries with their default options in front of a real Redis Cluster: plain ones, which know nothing
 * of clusters, and cluster-aware ones, which ask the proxy for the slots and are sent to the proxy.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { assertEquals, clientLibraries } from "../deps.ts";

const KEYS = Array.from({ length: 50 }, (_, number) => `client:${number}`);

/** What all libraries can do, by whatever names. */
interface Commands {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown>;
  putHash(key: string, fields: Record<string, string>): Promise<unknown>;
  getHash(key: string): Promise<unknown>;
  close(): unknown;
}

/** Runs the same commands through any library. */
async function exercise(client: Commands): Promise<void> {
  try {
    await Promise.all(KEYS.map((key) => client.set(key, `value of ${key}`)));
    const values = await Promise.all(KEYS.map((key) => client.get(key)));
    assertEquals(values, KEYS.map((key) => `value of ${key}`));
    assertEquals(await client.getMany(["client:1"]), ["value of client:1"]);
    await client.putHash("client:hash", { a: "1", b: "2" });
    assertEquals({ ...await client.getHash("client:hash") as object }, { a: "1", b: "2" });
  } finally {
    await client.close();
  }
}

async function plainNodeRedis(port: number): Promise<void> {
  const { createClient } = await clientLibraries.redis();
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  assertEquals(await client.mGet(["client:none", "client:nothing"]), [null, null]);
  await exercise({
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getMany: (keys) => client.mGet(keys),
    putHash: (key, fields) => client.hSet(key, fields),
    getHash: (key) => client.hGetAll(key),
    close: () => client.close(),
  });
}

async function plainIoredis(port: number): Promise<void> {
  const { Redis } = await clientLibraries.ioredis();
  const client = new Redis(port, "127.0.0.1");
  await exercise({
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getMany: (keys) => client.mget(keys),
    putHash: (key, fields) => client.hset(key, fields),
    getHash: (key) => client.hgetall(key),
    close: () => client.quit(),
  });
}

async function clusterNodeRedis(port: number): Promise<void> {
  const { createCluster } = await clientLibraries.redis();
  const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] });
  client.on("error", () => {});
  await client.connect();
  assertEquals(client.masters.map(({ address }) => address), [`127.0.0.1:${port}`]);
  await exercise({
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getMany: (keys) => client.mGet(keys),
    putHash: (key, fields) => client.hSet(key, fields),
    getHash: (key) => client.hGetAll(key),
    close: () => client.close(),
  });
}

async function clusterIoredis(port: number): Promise<void> {
  const { Cluster } = await clientLibraries.ioredis();
  const client = new Cluster([{ host: "127.0.0.1", port }]);
  await client.set("client:0", "1");
  assertEquals(client.nodes("master").map(({ options }) => [options.host, options.port]), [
    ["127.0.0.1", port],
  ]);
  await exercise({
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getMany: (keys) => client.mget(keys),
    putHash: (key, fields) => client.hset(key, fields),
    getHash: (key) => client.hgetall(key),
    close: () => client.quit(),
  });
}

/** Two proxies that show each other, and clients that spread over them. */
async function siblings(cluster: RedisCluster): Promise<void> {
  await using first = await startAster((port) => {
    const other = findFreePort();
    return configOf(cluster, port, [port, other]);
  });
  const view = /cluster_view = (.*)/.exec(await Deno.readTextFile(first.configFile))![1]!;
  const ports = (JSON.parse(view) as string[]).map((address) => Number(address.split(":")[1]));
  const otherPort = ports.find((port) => port !== first.port)!;
  await using _second = await startAster(() => configOf(cluster, otherPort, ports.toReversed()));
  const shown = await Promise.all([first.port, otherPort].map(async (port) => {
    using client = await RespClient.connect({ port });
    const [slots, nodes] = await client.pipeline([["CLUSTER", "SLOTS"], ["CLUSTER", "NODES"]]);
    return [slots, String(nodes).replace("myself,", "")];
  }));
  assertEquals(shown[0], shown[1], "both say the same");
  const { Cluster } = await clientLibraries.ioredis();
  const client = new Cluster([{ host: "127.0.0.1", port: first.port }]);
  await client.set("client:0", "1");
  const known = client.nodes("master").map(({ options }) => options.port);
  assertEquals(known.toSorted(), ports.toSorted());
  await exercise({
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    getMany: (keys) => client.mget(keys),
    putHash: (key, fields) => client.hset(key, fields),
    getHash: (key) => client.hgetall(key),
    close: () => client.quit(),
  });
}

function configOf(cluster: RedisCluster, port: number, view: readonly number[]): string {
  const shown = JSON.stringify(view.map((sibling) => `127.0.0.1:${sibling}`));
  return redisClusterConfig(cluster.addresses, port, `cluster_view = ${shown}`);
}

Deno.test("client libraries with default options on a redis cluster", async (test) => {
  await using cluster = await startRedisCluster();
  using proxy = startLocalProxy({ cache_type: "redis_cluster", servers: cluster.addresses });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  const { port } = proxy;
  await test.step("redis, plain", () => plainNodeRedis(port));
  await test.step("ioredis, plain", () => plainIoredis(port));
  await test.step("redis, createCluster", () => clusterNodeRedis(port));
  await test.step("ioredis, Cluster", () => clusterIoredis(port));
  await test.step("ioredis, Cluster, over two proxies", () => siblings(cluster));
  assertEquals(proxy.metrics().redirects, 0);
  assertEquals(proxy.metrics().errorReplies, 0, "no library was refused anything");
});
