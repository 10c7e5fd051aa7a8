/**
 * Clients that wait while something happens under them: slots move, masters change, servers hang, and others unblock or
 * kill them. Each gets one answer, its own, and no element is lost.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";

const READ_TIMEOUT_MS = 500;

let cluster: RedisCluster;
let proxy: LocalProxy;

Deno.test.beforeAll(async () => {
  cluster = await startRedisCluster();
  proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
});

Deno.test.afterAll(async () => {
  proxy[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** What a wait ended with: the reply, or the error's text. */
function outcome(waiting: Promise<RespValue>): Promise<RespValue> {
  return waiting.catch((error: unknown) => {
    if (error instanceof RespError) return `-${error.message}`;
    throw error;
  });
}

async function waitsAt(node: ClusterNode): Promise<boolean> {
  return /blocked_clients:[1-9]/.test(String(await node.call("INFO", "clients")));
}

function otherMaster(than: ClusterNode): ClusterNode {
  return cluster.masters.find((node) => node !== than && node.isRunning)!;
}

Deno.test("a client that waits follows its slot to another master", async () => {
  using waiting = await proxy.connect();
  using pushing = await proxy.connect();
  const slot = await cluster.slotOf("moving");
  for (let round = 0; round < 3; round++) {
    const owner = await cluster.ownerOf(slot);
    const popped = outcome(waiting.call("BLPOP", "moving", "0"));
    await until(() => waitsAt(owner), { what: "it waits at the owner" });
    const target = otherMaster(owner);
    await cluster.migrateSlot(slot, target);
    await until(() => waitsAt(target), { what: "it waits at the new owner" });
    assertEquals(await waitsAt(owner), false);
    assertEquals(await pushing.call("RPUSH", "moving", String(round)), 1);
    assertEquals(await popped, ["moving", String(round)]);
  }
  assertEquals(proxy.metrics().dedicatedTaken, 0);
});

Deno.test("a client that asks while its slot is on the way waits where the key is", async () => {
  using waiting = await proxy.connect();
  using pushing = await proxy.connect();
  const slot = await cluster.slotOf("asked");
  const owner = await cluster.ownerOf(slot);
  const target = otherMaster(owner);
  const migration = await cluster.beginMigration(slot, target);
  // The key is not at the owner, so that the owner answers ASK.
  const popped = outcome(waiting.call("BLPOP", "asked", "0"));
  await until(() => waitsAt(target), { what: "it waits at the importing master" });
  await migration.finish();
  assertEquals(await pushing.call("RPUSH", "asked", "it"), 1);
  assertEquals(await popped, ["asked", "it"]);
});

Deno.test("UNBLOCK against an element that comes at the same time: one of them, and nothing is lost", async () => {
  using waiting = await proxy.connect();
  using pushing = await proxy.connect();
  using unblocking = await proxy.connect();
  const id = String(await waiting.call("CLIENT", "ID"));
  const seen = { element: 0, nothing: 0 };
  for (let round = 0; round < 200; round++) {
    const popped = waiting.call("BLPOP", "race", "0");
    await until(() => proxy.metrics().blockedClients === 1, { what: "it waits" });
    const [unblocked] = await Promise.all([
      unblocking.call("CLIENT", "UNBLOCK", id),
      pushing.call("RPUSH", "race", String(round)),
    ]);
    let reply = await popped;
    if (reply === null) {
      seen.nothing += 1;
      assertEquals(unblocked, 1);
      reply = await waiting.call("BLPOP", "race", "0");
    } else seen.element += 1;
    assertEquals(reply, ["race", String(round)]);
    assertEquals(await waiting.call("ECHO", String(round)), String(round));
  }
  assertEquals(seen.element + seen.nothing, 200);
});

Deno.test("a client that is killed while it waits is closed, and its server told at once", async () => {
  using killing = await proxy.connect();
  const owner = await cluster.ownerOf(await cluster.slotOf("killed"));
  for (let round = 0; round < 10; round++) {
    using waiting = await proxy.connect();
    const id = String(await waiting.call("CLIENT", "ID"));
    const ended = waiting.call("BLPOP", "killed", "0").then(() => "answered", () => "closed");
    await until(() => waitsAt(owner), { what: "it waits" });
    assertEquals(await killing.call("CLIENT", "KILL", "ID", id), 1);
    assertEquals(await ended, "closed");
    await until(async () => !await waitsAt(owner), { what: "the server knows" });
    assertEquals(await killing.call("RPUSH", "killed", "kept"), 1);
    assertEquals(await killing.call("LPOP", "killed"), "kept");
  }
  await until(() => proxy.metrics().dedicatedTaken === 0, { what: "no connection is kept" });
});

Deno.test("many producers and consumers while a slot moves to and fro: all elements, each once", async () => {
  const connect = () => proxy.connect();
  const consumers = await Promise.all(Array.from({ length: 50 }, connect));
  const producers = await Promise.all(Array.from({ length: 20 }, connect));
  const queue = "busy";
  const slot = await cluster.slotOf(queue);
  const taken: string[] = [];
  let isOver = false;
  const consuming = consumers.map(async (client) => {
    while (!isOver) {
      const reply = await outcome(client.call("BLPOP", queue, "0.3"));
      if (Array.isArray(reply)) taken.push(String(reply[1]));
      else assert(reply === null || /^-TRYAGAIN/.test(String(reply)), String(reply));
    }
  });
  const count = { sent: 0 };
  const producing = producers.map(async (client, number) => {
    for (let round = 0; round < 100; round++) {
      const reply = await outcome(client.call("RPUSH", queue, `${number}/${round}`));
      if (typeof reply === "number") count.sent += 1;
      else assertMatch(String(reply), /^-TRYAGAIN/);
    }
  });
  for (let move = 0; move < 4; move++) {
    await cluster.migrateSlot(slot, otherMaster(await cluster.ownerOf(slot)));
  }
  await Promise.all(producing);
  await until(() => taken.length === count.sent, { what: "all are taken" });
  isOver = true;
  await Promise.all(consuming);
  assertEquals(new Set(taken).size, count.sent);
  for (const client of [...consumers, ...producers]) client[Symbol.dispose]();
});

Deno.test("a server that hangs fails a wait that should have ended, and only there", async () => {
  await using hanging = await startRedisServer();
  using pool = startLocalProxy({
    cache_type: "redis",
    servers: [`${hanging.address}:1`],
    read_timeout: READ_TIMEOUT_MS,
  });
  using waiting = await RespClient.connect({ port: pool.port });
  using forEver = await RespClient.connect({ port: pool.port });
  const popped = outcome(forEver.call("BLPOP", "later", "0"));
  await until(() => pool.metrics().blockedClients === 1, { what: "one waits" });
  await hanging.pause();
  const failed = await outcome(waiting.call("BLPOP", "never", "0.2"));
  assertMatch(String(failed), /^-ERR backend .*: (timed out|no reply)/);
  hanging.resume();
  assertEquals(await waiting.call("RPUSH", "later", "it"), 1);
  assertEquals(await popped, ["later", "it"]);
});

// The last one, as it changes who the masters are.
Deno.test("a failover by hand ends waits with the server's own word, or they go on at the new master", async () => {
  using waiting = await proxy.connect();
  using pushing = await proxy.connect();
  const owner = await cluster.ownerOf(await cluster.slotOf("failing"));
  const popped = outcome(waiting.call("BLPOP", "failing", "0"));
  await until(() => waitsAt(owner), { what: "it waits" });
  const [heir] = cluster.replicasOf(owner);
  await cluster.failover(heir!);
  let ended: RespValue | undefined;
  popped.then((reply) => ended = reply);
  // Redis says UNBLOCKED to clients of a master that becomes a replica, Valkey says MOVED: then nothing has run, and the
  // proxy follows. Either way nobody waits where no element comes.
  await until(async () => ended !== undefined || await waitsAt(heir!), {
    what: "it is told, or waits at the new master",
  });
  assertEquals(await waitsAt(owner), false);
  if (ended === undefined) {
    assertEquals(await pushing.call("RPUSH", "failing", "first"), 1);
    assertEquals(await popped, ["failing", "first"]);
  } else assertMatch(String(ended), /^-UNBLOCKED |^-ERR backend /);
  let reply: RespValue = "";
  await until(async () => {
    const waits = outcome(waiting.call("BLPOP", "failing", "0.2"));
    const pushed = await outcome(pushing.call("RPUSH", "failing", "it"));
    reply = await waits;
    return typeof pushed === "number" && Array.isArray(reply);
  }, { what: "waits are answered again" });
  assertEquals(reply, ["failing", "it"]);
});
