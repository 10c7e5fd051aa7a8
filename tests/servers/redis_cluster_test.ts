/**
 * A real Redis Cluster of three masters and three replicas behind the proxy: keys, multi-key commands, slots
 * that move, reads from replicas.
 *
 * @module
 */
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespError, type RespValue } from "../support/clients/resp_client.ts";
import { assert, assertEquals } from "../deps.ts";
import { callsOf, forgetCalls } from "./cluster_calls.ts";

const CROSSSLOT = new RespError(
  "CROSSSLOT Keys in request don't hash to the same slot; give them a common hash tag",
);

async function openProxy(cluster: RedisCluster, keys: Record<string, boolean> = {}) {
  const servers = [cluster.nodes[0]!.address, cluster.nodes[5]!.address];
  const proxy = startLocalProxy({ cache_type: "redis_cluster", servers, ...keys });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  return proxy;
}

/** Keys in which braces mean something, or nothing. */
const BRACED = [
  "{}",
  "{}a",
  "a{}b{c}",
  "{a",
  "a}b{c}d",
  "{{x}}",
  "a{b}{c}",
  "{a}\r\n",
  "\xff{é}",
  "",
];

async function keysAndSlots(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const keys = [...BRACED, ...Array.from({ length: 500 }, (_, number) => `key:${number}`)];
  const stored = await client.pipeline(keys.map((key) => ["SET", key, `value of ${key}`]));
  assertEquals(new Set(stored), new Set(["OK"]));
  const read = await client.pipeline(keys.map((key) => ["GET", key]));
  assertEquals(read, keys.map((key) => `value of ${key}`));
  assertEquals(proxy.metrics().redirects, 0, "every key was sent to its owner");
  const sizes = await Promise.all(cluster.masters.map((master) => master.call("DBSIZE")));
  assertEquals(sizes.reduce((sum: number, size) => sum + Number(size), 0), keys.length);
  assert(sizes.every((size) => Number(size) > 100));
  await client.call("DEL", ...keys);
}

async function multiKeyCommands(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const keys = Array.from({ length: 200 }, (_, number) => `m:${number}`);
  assertEquals(await client.call("MSET", ...keys.flatMap((key) => [key, `v${key}`])), "OK");
  const asked = [...keys.slice(100), "absent", ...keys.slice(0, 100), "m:7"];
  assertEquals(
    await client.call("MGET", ...asked),
    asked.map((key) => key === "absent" ? null : `v${key}`),
  );
  assertEquals(
    await client.pipeline([
      ["EXISTS", ...keys, "absent", "m:7"],
      ["TOUCH", ...keys.slice(0, 50), "absent"],
      ["UNLINK", ...keys.slice(0, 20), "absent"],
      ["DEL", ...keys],
      ["DEL", ...keys],
    ]),
    [201, 50, 20, 180, 0],
  );
  assertEquals(
    await client.pipeline([
      ["SINTER", "a", "b"],
      ["RENAME", "a", "b"],
      ["ZUNIONSTORE", "a", "2", "b", "c"],
      ["MSETNX", "a", "1", "b", "2"],
      ["SADD", "{t}a", "1", "2"],
      ["SADD", "{t}b", "2", "3"],
      ["SINTER", "{t}a", "{t}b"],
      ["SUNIONSTORE", "{t}c", "{t}a", "{t}b"],
      ["LPUSH", "{t}list", "x"],
      ["MGET", "{t}list", "m:1"],
      ["DEL", "{t}a", "{t}b", "{t}c", "{t}list"],
    ]),
    [CROSSSLOT, CROSSSLOT, CROSSSLOT, CROSSSLOT, 2, 2, ["2"], 3, 1, [null, null], 4],
  );
  assertEquals(proxy.metrics().redirects, 0);
}

/** Values copied within chunks, chunks of their own, and arrays that are handed over. */
const LENGTHS = [10, 60_000, 70_000, 1_000_000, 5_000_000];

async function movedSlots(cluster: RedisCluster): Promise<void> {
  const slot = await cluster.slotOf("{moved}");
  for (const length of LENGTHS) {
    using proxy = await openProxy(cluster);
    using client = await proxy.connect();
    const source = await cluster.ownerOf(slot);
    const target = cluster.masters.find((master) => master !== source)!;
    const value = "0123456789".repeat(length / 10);
    assertEquals(await client.call("SET", "{moved}a", value), "OK");
    await cluster.migrateSlot(slot, target);
    const before = proxy.metrics().redirects;
    assertEquals(
      await client.pipeline([
        ["SET", "{moved}a", `${value}!`],
        ["MSET", "elsewhere", "1", "{moved}b", value],
        ["GET", "{moved}a"],
        ["MGET", "{moved}b", "elsewhere"],
        ["DEL", "{moved}b", "elsewhere"],
      ]),
      ["OK", "OK", `${value}!`, [value, "1"], 2],
    );
    assert(proxy.metrics().redirects > before);
    const settled = proxy.metrics().redirects;
    assertEquals(await client.call("STRLEN", "{moved}a"), length + 1);
    assertEquals(proxy.metrics().redirects, settled, "the slot was corrected");
    await client.call("DEL", "{moved}a");
  }
}

async function askedSlots(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const slot = await cluster.slotOf("{asked}");
  const source = await cluster.ownerOf(slot);
  const target = cluster.masters.find((master) => master !== source)!;
  await client.pipeline([["MSET", "{asked}gone", "1", "{asked}here", "2"]]);
  const migration = await cluster.beginMigration(slot, target);
  await migration.moveKeys(["{asked}gone"]);
  const large = "x".repeat(300_000);
  const asked: RespValue[] = await client.pipeline([
    ["GET", "{asked}gone"],
    ["GET", "{asked}here"],
    ["SET", "{asked}new", large],
    ["GET", "{asked}new"],
    ["MGET", "elsewhere", "{asked}gone"],
    // Neither node has both: such requests go key by key.
    ["MGET", "{asked}gone", "{asked}here"],
    ["EXISTS", "{asked}gone", "{asked}here", "{asked}gone"],
    ["DEL", "{asked}none", "elsewhere"],
  ]);
  assertEquals(asked, ["1", "2", "OK", large, [null, "1"], ["1", "2"], 3, 0]);
  const changed = await client.pipeline([
    ["MSET", "{asked}gone", "3", "{asked}here", "4", "elsewhere", "5"],
    ["DEL", "elsewhere"],
  ]);
  assertEquals(changed, ["OK", 1]);
  const appended = await client.pipeline([
    ["APPEND", "{asked}gone", "1"],
    ["APPEND", "{asked}here", "2"],
  ]);
  assertEquals(appended, [2, 2]);
  assertEquals(await cluster.ownerOf(slot), source);
  // What is one act waits until one node has all of its keys.
  using patient = await proxy.connect();
  const renamed = patient.call("RENAME", "{asked}here", "{asked}there");
  await migration.moveKeys();
  await migration.finish();
  assertEquals(await renamed, "OK");
  assertEquals(await client.call("RENAME", "{asked}there", "{asked}here"), "OK");
  assertEquals(
    await client.call("MGET", "{asked}gone", "{asked}here", "{asked}new"),
    ["31", "42", large],
  );
  await client.call("DEL", "{asked}gone", "{asked}here", "{asked}new");
}

async function readsFromReplicas(cluster: RedisCluster): Promise<void> {
  await cluster.settled();
  using proxy = await openProxy(cluster, { read_from_slave: true });
  using client = await proxy.connect();
  const keys = Array.from({ length: 60 }, (_, number) => `r:${number}`);
  await client.call("MSET", ...keys.flatMap((key) => [key, "1"]));
  assertEquals(await client.call("DEL", "absent"), 0);
  for (const replica of cluster.replicas) {
    await until(async () =>
      await client.call("MGET", ...keys) !== null &&
      proxy.metrics().backends.some(({ address, connections }) =>
        address === replica.address && connections > 0
      ), { what: "the replicas are connected to" });
  }
  for (const master of cluster.masters) await cluster.replicated(master);
  await forgetCalls(cluster.nodes);
  for (let round = 0; round < 3; round++) {
    const replies = await client.pipeline([
      ...keys.map((key) => ["GET", key]),
      ...keys.map((key) => ["SET", key, "1"]),
    ]);
    assertEquals(replies, [...keys.map(() => "1"), ...keys.map(() => "OK")]);
    assertEquals(await client.call("MGET", ...keys), keys.map(() => "1"));
  }
  let reads = 0;
  for (const master of cluster.masters) {
    assertEquals((await callsOf(master, "get")).run, 0);
    assertEquals((await callsOf(master, "mget")).run, 0);
    await cluster.replicated(master);
    const [replica] = cluster.replicasOf(master);
    const writes = await callsOf(master, "set");
    assertEquals(await callsOf(replica!, "set"), writes, "only what was replicated");
    assertEquals(await callsOf(replica!, "get"), { run: writes.run, rejected: 0 });
    reads += writes.run;
  }
  assertEquals(reads, 180);
  assertEquals(proxy.metrics().redirects, 0);
  await client.call("DEL", ...keys);
}

async function deadReplica(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster, { read_from_slave: true });
  using client = await proxy.connect();
  const [replica] = cluster.replicasOf(await cluster.ownerOf(await cluster.slotOf("foo")));
  await client.call("SET", "foo", "1");
  await until(async () => {
    await client.call("GET", "foo");
    return proxy.metrics().backends.some((backend) =>
      backend.address === replica!.address && backend.connections > 0
    );
  }, { what: "the replica is connected to" });
  await replica!.kill();
  for (let count = 0; count < 300; count++) assertEquals(await client.call("GET", "foo"), "1");
  await replica!.start();
  await cluster.settled();
  await forgetCalls([replica!]);
  await until(async () => {
    assertEquals(await client.call("GET", "foo"), "1");
    return (await callsOf(replica!, "get")).run > 0;
  }, { what: "the replica serves again" });
}

Deno.test("a redis cluster behind the proxy", async (test) => {
  await using cluster = await startRedisCluster({ nodeTimeoutMs: 1_000 });
  await test.step("every key goes straight to the owner of its slot", () => keysAndSlots(cluster));
  await test.step("multi-key commands over many slots", () => multiKeyCommands(cluster));
  await test.step("slots that moved, with values of every size", () => movedSlots(cluster));
  await test.step("a slot on its way", () => askedSlots(cluster));
  await test.step("reads go to replicas, writes never", () => readsFromReplicas(cluster));
  await test.step("a dead replica fails no read", () => deadReplica(cluster));
});
