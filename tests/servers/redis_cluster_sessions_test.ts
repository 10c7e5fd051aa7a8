/**
 * Transactions and scans in front of a real Redis Cluster whose slots move and whose masters change meanwhile.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import type { RespClient, RespWord } from "../support/clients/resp_client.ts";
import { RespError } from "../support/clients/resp_client.ts";

const KEYS = 50_000;
const WRITES_AT_ONCE = 1_000;

let cluster: RedisCluster;
let proxy: LocalProxy;

Deno.test.beforeAll(async () => {
  cluster = await startRedisCluster();
  proxy = startLocalProxy({ cache_type: "redis_cluster", servers: [cluster.nodes[0]!.address] });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
});

Deno.test.afterAll(async () => {
  proxy[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Moves a slot to another master and back, some times. */
async function moveToAndFro(key: string, moves: number): Promise<void> {
  const slot = await cluster.slotOf(key);
  for (let move = 0; move < moves; move++) {
    const owner = await cluster.ownerOf(slot);
    await cluster.migrateSlot(slot, cluster.masters.find((node) => node !== owner)!);
  }
}

/** What EXEC, or any of its transaction, may say while a slot is on its way. */
const MOVING = /^(EXECABORT|TRYAGAIN|MOVED|ERR the slot|ERR backend)/;

Deno.test("transactions run whole or not at all, while their slot moves to and fro", async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => proxy.connect()));
  const counts = { done: 0, aborted: 0 };
  let isOver = false;
  await clients[0]!.call("MSET", "{tx}one", 0, "{tx}two", 0);
  const running = clients.map(async (client) => {
    while (!isOver) {
      const replies = await client.pipeline([
        ["MULTI"],
        ["INCR", "{tx}one"],
        ["INCR", "{tx}two"],
        ["EXEC"],
        ["ECHO", "behind"],
      ]);
      assertEquals(replies[4], "behind");
      const executed = replies[3]!;
      if (executed instanceof RespError) {
        assertMatch(executed.message, MOVING);
        counts.aborted += 1;
        continue;
      }
      const [one, two] = executed as [number, number];
      assertEquals(one, two);
      counts.done += 1;
    }
  });
  await until(() => counts.done > 50, { what: "they run" });
  await moveToAndFro("{tx}", 6);
  isOver = true;
  await Promise.all(running);
  assertEquals(await clients[0]!.call("MGET", "{tx}one", "{tx}two"), [
    `${counts.done}`,
    `${counts.done}`,
  ]);
  for (const client of clients) client[Symbol.dispose]();
  await until(() => proxy.metrics().dedicatedTaken === 0, { what: "no connection is kept" });
});

Deno.test("counting under WATCH loses nothing while the slot moves", async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => proxy.connect()));
  await clients[0]!.call("SET", "watched", "0");
  let done = 0;
  let isOver = false;
  const running = clients.map(async (client) => {
    while (!isOver) {
      const [watched, value] = await client.pipeline([["WATCH", "watched"], ["GET", "watched"]]);
      if (watched !== "OK") continue;
      const [, , executed] = await client.pipeline([
        ["MULTI"],
        ["SET", "watched", Number(value) + 1],
        ["EXEC"],
      ]);
      if (Array.isArray(executed)) done += 1;
      else if (executed !== null) assertMatch(String(executed), /EXECABORT|TRYAGAIN|MOVED/);
    }
  });
  await until(() => done > 20, { what: "it counts" });
  await moveToAndFro("watched", 4);
  isOver = true;
  await Promise.all(running);
  assertEquals(await clients[0]!.call("GET", "watched"), `${done}`);
  for (const client of clients) client[Symbol.dispose]();
});

async function fill(client: RespClient): Promise<void> {
  for (let start = 0; start < KEYS; start += WRITES_AT_ONCE) {
    const writes = Array.from({ length: WRITES_AT_ONCE }, (_, index): RespWord[] => [
      "SET",
      `scanned:${start + index}`,
      "x",
    ]);
    await client.pipeline(writes);
  }
}

/** All keys that a scan finds; `between` is called once, in its midst. */
async function scan(client: RespClient, between: () => Promise<void>): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor = "0";
  let calls = 0;
  do {
    const [next, keys] = await client.call("SCAN", cursor, "MATCH", "scanned:*", "COUNT", 1000) as [
      string,
      string[],
    ];
    for (const key of keys) found.add(key);
    cursor = next;
    calls += 1;
    // Within the first server's keys, or the second's.
    if (calls === 10) await between();
  } while (cursor !== "0");
  assert(calls > 20, `${calls} calls`);
  return found;
}

Deno.test("a scan finds all keys, with masters that change in its midst", async () => {
  using client = await proxy.connect();
  await fill(client);
  assertEquals((await scan(client, () => Promise.resolve())).size, KEYS);
  for (const master of cluster.masters) {
    const [replica] = cluster.replicasOf(master);
    await cluster.replicated(master);
    const found = await scan(client, async () => {
      await cluster.failover(replica!);
      await until(async () => (await client.pipeline([["SCAN", "0"]]))[0] instanceof Array, {
        what: "the new master is known",
      });
    });
    assertEquals(found.size, KEYS, `${master.address} gave way`);
  }
});
