/**
 * Commands about all keys, over one server, three, and a Redis Cluster: DBSIZE, KEYS, RANDOMKEY, SCAN, FLUSHALL.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "../deps.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, type RespValue, type RespWord } from "../support/clients/resp_client.ts";
import { RawClient } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: "thread = 2" });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function fill(client: RespClient, count: number): Promise<Set<string>> {
  const keys = Array.from({ length: count }, (_, number) => `key:${number}`);
  const writes = keys.map((key): RespWord[] => ["SET", key, "x"]);
  for (let start = 0; start < count; start += 1000) {
    await client.pipeline(writes.slice(start, start + 1000));
  }
  return new Set(keys);
}

/** All that a scan returns; each step asks a client of its own. */
async function scanAll(
  connect: () => Promise<RespClient>,
  ...options: RespWord[]
): Promise<{ keys: string[]; cursors: string[] }> {
  const keys: string[] = [];
  const cursors: string[] = [];
  let cursor = "0";
  do {
    using client = await connect();
    const [next, found] = await client.call("SCAN", cursor, ...options) as [string, string[]];
    keys.push(...found);
    cursors.push(next);
    cursor = next;
  } while (cursor !== "0");
  return { keys, cursors };
}

async function sameForAll(connect: () => Promise<RespClient>): Promise<void> {
  using client = await connect();
  assertEquals(await client.call("FLUSHALL"), "OK");
  assertEquals(await client.call("RANDOMKEY"), null);
  const keys = await fill(client, 3000);
  assertEquals(await client.call("DBSIZE"), 3000);
  assertEquals(new Set(await client.call("KEYS", "*") as string[]), keys);
  assertEquals((await client.call("KEYS", "key:1?") as string[]).length, 10);
  assertEquals(await client.call("KEYS", "none*"), []);
  const scanned = await scanAll(connect, "COUNT", 100);
  assertEquals(new Set(scanned.keys), keys);
  for (const cursor of scanned.cursors) {
    assert(Number.isSafeInteger(Number(cursor)), `${cursor} is a number to clients`);
  }
  const matched = await scanAll(connect, "MATCH", "key:1?", "COUNT", 500, "TYPE", "string");
  assertEquals(new Set(matched.keys).size, 10);
  const drawn = await client.pipeline(Array.from({ length: 200 }, (): RespWord[] => ["RANDOMKEY"]));
  assert(new Set(drawn).size > 100);
  assert(drawn.every((key) => keys.has(String(key))));
  assertMatch(String(await client.call("LASTSAVE")), /^\d+$/);
  assertEquals(await client.call("FLUSHDB", "ASYNC"), "OK");
  assertEquals(await client.call("DBSIZE"), 0);
  await assertRejects(() => client.call("SCAN", "x"), Error, "ERR invalid cursor");
  await assertRejects(() => client.call("SCAN", "0", "COUNT", "0"), Error, "ERR syntax error");
}

Deno.test("three servers, two workers", () =>
  sameForAll(() => RespClient.connect({ port: pool.aster.port })));

Deno.test("one server", async () => {
  await using one = await startRedisPool({ serverCount: 1 });
  await sameForAll(() => RespClient.connect({ port: one.aster.port }));
});

Deno.test("a Redis Cluster of three masters", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  await sameForAll(() => proxy.connect());
});

Deno.test("replies are a server's own, in either version", async () => {
  for (const version of [2, 3] as const) {
    await using one = await startRedisPool({ serverCount: 1 });
    using direct = await RawClient.connect(one.direct.port, version);
    using proxy = await RawClient.connect(one.aster.port, version);
    for (
      const line of [
        ..."DBSIZE|RANDOMKEY|KEYS *|SCAN 0|FLUSHALL|FLUSHDB SYNC|FLUSHALL x|DBSIZE x".split("|"),
        ..."KEYS|SCAN|SCAN x|SCAN 0 COUNT|SCAN 0 COUNT x|SCAN 0 NO y|SCAN 0 TYPE x".split("|"),
        ..."SET a 1|SCAN 0|KEYS a|RANDOMKEY|DBSIZE|LASTSAVE x|SCAN 0 MATCH a COUNT 10".split("|"),
      ]
    ) {
      const words = line.split(" ");
      assertEquals(await proxy.ask(words), await direct.ask(words), line);
    }
  }
});

Deno.test("keys that come and go meanwhile do not hide the others", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("FLUSHALL");
  const keys = await fill(client, 2000);
  let isOver = false;
  const churn = (async () => {
    using other = await RespClient.connect({ port: pool.aster.port });
    for (let round = 0; !isOver; round++) {
      const some = Array.from({ length: 50 }, (_, number) => `churn:${round % 7}:${number}`);
      await other.pipeline(some.map((key): RespWord[] => ["SET", key, "x"]));
      await other.call("DEL", ...some);
    }
  })();
  const scanned = await scanAll(() => RespClient.connect({ port: pool.aster.port }), "COUNT", 20);
  isOver = true;
  await churn;
  const seen = new Set(scanned.keys);
  assertEquals([...keys].filter((key) => !seen.has(key)), []);
});

Deno.test("a server that is down is an error, never a smaller answer", async () => {
  await using broken = await startRedisPool();
  using client = await RespClient.connect({ port: broken.aster.port });
  await fill(client, 100);
  await broken.servers[1]![Symbol.asyncDispose]();
  const failed = /^RespError: ERR backend 127\.0\.0\.1:\d+: /;
  const asked: RespWord[][] = [["DBSIZE"], ["KEYS", "*"], ["RANDOMKEY"], ["FLUSHALL"], [
    "SCAN",
    "2",
  ]];
  for (const reply of await client.pipeline(asked)) assertMatch(String(reply as RespValue), failed);
});

Deno.test("inline requests about all servers are sent as arrays, whatever their quotes", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("FLUSHALL");
  await client.call("SET", "quoted", "1");
  await client.send('"DBSIZE"\r\nKEYS "q*"\r\nGET quoted\r\n');
  assertEquals([await client.read(), await client.read(), await client.read()], [
    1,
    ["quoted"],
    "1",
  ]);
});

Deno.test("RANDOMKEY keeps its place among its client's requests", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  for (let round = 0; round < 20; round++) {
    await client.call("FLUSHALL");
    const replies = await client.pipeline([
      ["SET", "first", "1"],
      ["RANDOMKEY"],
      ["DEL", "first"],
      ["SET", "second", "2"],
    ]);
    assertEquals(replies[1], "first");
  }
});
