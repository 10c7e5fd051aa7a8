/**
 * Scripts in front of a Redis Cluster whose slots move: a call finds its script at whichever node it ends.
 *
 * @module
 */
import { assertEquals, assertRejects } from "../deps.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const SUM = "return redis.call('incrby',KEYS[1],ARGV[1])";
const READ = "return redis.call('get',KEYS[1])";

async function openProxy(cluster: RedisCluster): Promise<LocalProxy> {
  const proxy = startLocalProxy({ cache_type: "redis_cluster", servers: cluster.addresses });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  return proxy;
}

async function forgetScripts(cluster: RedisCluster): Promise<void> {
  for (const node of cluster.nodes) await node.call("SCRIPT", "FLUSH");
}

/** Learns a script by a call that names another slot than those of the test. */
async function learn(client: RespClient, body: string): Promise<string> {
  await client.call("EVAL", body, 1, "{learnt}", 0);
  return String(await client.call("EVAL", `return redis.sha1hex("${body}")`, 1, "{learnt}"));
}

async function askedElsewhere(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  for (const [round, name] of ["EVALSHA", "EVALSHA_RO"].entries()) {
    const body = round === 0 ? SUM : READ;
    const sha = await learn(client, body);
    const tag = `{asked ${round}}`;
    const slot = await cluster.slotOf(tag);
    const source = await cluster.ownerOf(slot);
    const target = cluster.masters.find((master) => master !== source)!;
    const migration = await cluster.beginMigration(slot, target);
    await target.call("SCRIPT", "FLUSH");
    for (let key = 0; key < 20; key++) {
      // None of the keys is at the source: each call is answered with ASK.
      const reply = await client.call(name, sha, 1, `${tag}${key}`, 7);
      assertEquals(reply, round === 0 ? 7 : null);
    }
    await migration.moveKeys();
    await migration.finish();
  }
}

async function movedElsewhere(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const sha = await learn(client, SUM);
  for (let key = 0; key < 5; key++) {
    const slot = await cluster.slotOf(`moved ${key}`);
    const source = await cluster.ownerOf(slot);
    const target = cluster.masters.find((master) => master !== source)!;
    await client.call("EVALSHA", sha, 1, `moved ${key}`, 1);
    await forgetScripts(cluster);
    await cluster.migrateSlot(slot, target);
    assertEquals(await client.call("EVALSHA", sha, 1, `moved ${key}`, 1), 2);
  }
}

async function heirOfFailover(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const sha = await learn(client, SUM);
  const slot = await cluster.slotOf("heir");
  const master = await cluster.ownerOf(slot);
  assertEquals(await client.call("EVALSHA", sha, 1, "heir", 1), 1);
  await cluster.replicated(master);
  const [heir] = cluster.replicasOf(master);
  await heir!.call("SCRIPT", "FLUSH");
  await cluster.failover(heir!);
  assertEquals(await client.call("EVALSHA", sha, 1, "heir", 1), 2);
}

async function withinTransactions(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  await forgetScripts(cluster);
  const body = `${SUM} -- within a transaction`;
  const first = await client.pipeline([
    ["MULTI"],
    ["EVAL", body, 1, "{tx 0}", 1],
    ["EXEC"],
  ]);
  assertEquals(first.at(-1), [1]);
  const sha = String(await client.call("EVAL", `return redis.sha1hex("${body}")`, 1, "{learnt}"));
  for (let tag = 1; tag < 10; tag++) {
    const replies = await client.pipeline([
      ["MULTI"],
      ["EVALSHA", sha, 1, `{tx ${tag}}`, 1],
      ["EXEC"],
    ]);
    assertEquals(replies.at(-1), [1], String(replies));
    assertEquals(await client.call("EVALSHA", sha, 1, `{plain ${tag}}`, 1), 1);
  }
}

async function unknownScripts(cluster: RedisCluster): Promise<void> {
  using proxy = await openProxy(cluster);
  using client = await proxy.connect();
  const slot = await cluster.slotOf("unknown");
  const source = await cluster.ownerOf(slot);
  const migration = await cluster.beginMigration(
    slot,
    cluster.masters.find((master) => master !== source)!,
  );
  const sha = "0".repeat(40);
  await assertRejects(() => client.call("EVALSHA", sha, 1, "unknown", 1), Error, "NOSCRIPT");
  assertEquals(await client.call("PING"), "PONG");
  await migration.cancel();
}

Deno.test("scripts while the slots of a redis cluster move", async (test) => {
  await using cluster = await startRedisCluster();
  await test.step("ASK: the script goes ahead, then ASKING, then the call", () =>
    askedElsewhere(cluster));
  await test.step("MOVED: the script goes ahead of the call", () => movedElsewhere(cluster));
  await test.step("a body that came inside MULTI is known to all", () =>
    withinTransactions(cluster));
  await test.step("a script that nobody knows is the client's to send", () =>
    unknownScripts(cluster));
  await test.step("the heir of a failover is given it", () => heirOfFailover(cluster));
});
