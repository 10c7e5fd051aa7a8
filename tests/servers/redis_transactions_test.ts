/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH through the proxy, byte by byte as a server answers them; and what no
 * single server does: keys of two servers, lost servers, many clients.
 *
 * @module
 */
import { assertEquals, assertMatch, assertRejects } from "../deps.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { until } from "../support/tools/poll.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'hash_tag = "{}"', metrics: true });
  await knowServers(pool.aster.port);
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** Commands in one line each; `|` between commands. */
const SEQUENCES = [
  "MULTI|EXEC",
  "MULTI|PING|EXEC|PING",
  "MULTI|SET {t}a 1|INCR {t}a|GET {t}a|EXEC|GET {t}a",
  "MULTI|PING|ECHO hello|SET {t}b 2|PING x|EXEC|GET {t}b",
  "SET {t}c 1|MULTI|INCR {t}c|DISCARD|GET {t}c",
  "MULTI|DISCARD|EXEC|DISCARD|MULTI|MULTI|EXEC",
  "EXEC|DISCARD|UNWATCH|MULTI x|EXEC x|WATCH",
  "MULTI|NOSUCH|SET {t}d 1|EXEC|GET {t}d",
  "MULTI|SET {t}d|SET {t}d 1|EXEC|GET {t}d",
  "MULTI|SET {t}d 1|NOSUCH a b|EXEC|GET {t}d",
  "MULTI|SET {t}d 1|EXEC x|EXEC|GET {t}d",
  "MULTI|WATCH {t}a|SET {t}e 1|EXEC",
  "MULTI|MULTI|SET {t}e 2|MULTI|EXEC|GET {t}e",
  "SET {t}s text|MULTI|INCR {t}s|SET {t}s2 x|LPUSH {t}s y|GET {t}s2|EXEC",
  "MULTI|SET {t}f 1|DISCARD|MULTI|GET {t}f|EXEC",
  "MULTI|MSET {t}g 1 {t}h 2|MGET {t}g {t}h {t}i|DEL {t}g {t}h|EXISTS {t}g|EXEC",
  "MULTI|RPUSH {t}l a b c|LRANGE {t}l 0 -1|BLPOP {t}l 0|BLPOP {t}none 0|EXEC",
  "MULTI|HSET {t}m a 1 b 2|HGETALL {t}m|SMEMBERS {t}n|ZADD {t}z 1.5 a|ZRANGE {t}z 0 -1 WITHSCORES|EXEC",
  "MULTI|EVAL return{KEYS[1],ARGV[1],false} 1 {t}k v|EVAL return(1) 0|EXEC",
  "WATCH {t}a|SET {t}a 5|MULTI|GET {t}a|EXEC|GET {t}a",
  "WATCH {t}a|GET {t}a|MULTI|SET {t}a 6|EXEC|GET {t}a",
  "WATCH {t}a {t}b|WATCH {t}c|SET {t}c 7|MULTI|SET {t}a 8|EXEC|GET {t}a",
  "WATCH {t}a|SET {t}a 9|UNWATCH|MULTI|SET {t}a 10|EXEC|GET {t}a",
  "WATCH {t}a|SET {t}a 9|MULTI|DISCARD|MULTI|SET {t}a 11|EXEC|GET {t}a",
  "WATCH {t}a|SET {t}a 9|MULTI|SET {t}a 12|DISCARD|MULTI|SET {t}a 13|EXEC|GET {t}a",
  "WATCH {t}a|SET {t}a 1|MULTI|EXEC|MULTI|EXEC",
  "WATCH {t}a|SET {t}a 1|MULTI|NOSUCH|EXEC",
  "WATCH {t}a|MULTI|PING|EXEC",
  "WATCH {t}a|UNWATCH|UNWATCH|EXEC",
  "MULTI|UNWATCH|SET {t}a 1|UNWATCH|EXEC",
  "WATCH {t}a|RESET|SET {t}a 3|MULTI|SET {t}a 4|EXEC",
  "MULTI|SET {t}a 14|RESET|EXEC|GET {t}a",
  "MULTI|EXPIRE {t}a 100|TTL {t}a|PERSIST {t}a|TYPE {t}a|EXEC",
  "MULTI|SELECT 0|SET {t}a 1|SELECT 0|EXEC|GET {t}a",
  "MULTI|SELECT x|SET {t}a 1|EXEC|GET {t}a",
  "SET {t}a 1|MULTI|INCR {t}a|INCR {t}a|EXEC|INCR {t}a|MULTI|INCR {t}a|EXEC|INCR {t}a",
];

function commands(sequence: string): RespWord[][] {
  return sequence.split("|").map((command) => command.split(" "));
}

async function compareSequences(port: number, version: 2 | 3): Promise<void> {
  for (const sequence of SEQUENCES) {
    await pool.direct.call("FLUSHALL");
    using direct = await RawClient.connect(pool.direct.port, version);
    using proxy = await RawClient.connect(port, version);
    await proxy.ask([
      "DEL",
      "{t}a",
      "{t}b",
      "{t}c",
      "{t}d",
      "{t}e",
      "{t}f",
      "{t}l",
      "{t}m",
      "{t}z",
    ]);
    await proxy.ask(["DEL", "{t}s", "{t}s2", "{t}g", "{t}h"]);
    const together = await direct.ask(...commands(sequence));
    assertEquals(await proxy.ask(...commands(sequence)), together, sequence);
  }
}

for (const version of [2, 3] as const) {
  Deno.test(`transactions in one write are answered as a server answers them, in RESP${version}`, () =>
    compareSequences(pool.aster.port, version));
}

Deno.test("keys of several servers are refused, and nothing of the transaction runs", async () => {
  using client = await RawClient.connect(pool.aster.port);
  const keys = Array.from({ length: 20 }, (_, number) => `apart:${number}`);
  const replies = await client.ask(["MULTI"], ...keys.map((key) => ["SET", key, "1"]), ["EXEC"]);
  assertMatch(replies, /-CROSSSLOT Keys in request don't hash to the same slot: .*hash tag/);
  assertMatch(replies, /-EXECABORT Transaction discarded because of previous errors\.\r\n$/);
  assertEquals(await client.ask(["EXISTS", ...keys]), ":0\r\n");
});

Deno.test("transactions of many clients beside pipelines: each gets its own, none is left", async () => {
  const clients = await Promise.all(
    Array.from({ length: 40 }, () => RespClient.connect({ port: pool.aster.port })),
  );
  await Promise.all(clients.map(async (client, number) => {
    const key = `many:${number % 7}`;
    for (let round = 0; round < 25; round++) {
      const tag = `${number}/${round}`;
      const [, , queued, executed, after] = await client.pipeline([
        ["SET", `own:${number}`, tag],
        ["MULTI"],
        ["SET", key, tag],
        ["EXEC"],
        ["GET", `own:${number}`],
      ]);
      assertEquals([queued, executed, after], ["QUEUED", ["OK"], tag]);
      const [, , , mine] = await client.pipeline([
        ["MULTI"],
        ["SET", key, tag],
        ["GET", key],
        ["EXEC"],
      ]);
      assertEquals(mine, ["OK", tag], "nobody came between");
    }
  }));
  for (const client of clients) client[Symbol.dispose]();
  assertEquals(await readMetric(pool.aster, "aster_dedicated_connections"), 0);
});

Deno.test("counting under WATCH loses nothing", async () => {
  const clients = await Promise.all(
    Array.from({ length: 8 }, () => RespClient.connect({ port: pool.aster.port })),
  );
  await clients[0]!.call("SET", "counter", "0");
  await Promise.all(clients.map(async (client) => {
    for (let done = 0; done < 20;) {
      await client.call("WATCH", "counter");
      const next = Number(await client.call("GET", "counter")) + 1;
      const [, , executed] = await client.pipeline([["MULTI"], ["SET", "counter", next], ["EXEC"]]);
      if (executed !== null) done += 1;
    }
  }));
  assertEquals(await clients[0]!.call("GET", "counter"), "160");
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("a server that is lost fails its transactions; WATCH says so by nil", async () => {
  await using broken = await startRedisPool({ serverCount: 1, metrics: true });
  using open = await RespClient.connect({ port: broken.aster.port });
  using watching = await RespClient.connect({ port: broken.aster.port });
  await open.pipeline([["MULTI"], ["SET", "k", "1"]]);
  await watching.call("WATCH", "k");
  await broken.servers[0]![Symbol.asyncDispose]();
  await assertRejects(() => open.call("EXEC"), Error, "EXECABORT");
  assertEquals(await watching.pipeline([["MULTI"], ["SET", "k", "1"], ["EXEC"]]), [
    "OK",
    "QUEUED",
    null,
  ]);
  await until(async () => await readMetric(broken.aster, "aster_dedicated_connections") === 0, {
    what: "no connection is left",
  });
});
