/**
 * Databases of a sharded pool: as at a server, each client in its own.
 *
 * @module
 */
import { assertEquals, assertMatch, assertRejects, clientLibraries } from "../deps.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RawClient } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const { Redis } = await clientLibraries.ioredis();
const { createClient } = await clientLibraries.redis();

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'hash_tag = "{}"\nthread = 2' });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

const SEQUENCES = [
  "SET {s}a 0|SELECT 1|GET {s}a|SET {s}a 1|SELECT 0|GET {s}a|SELECT 1|GET {s}a",
  "SELECT 15|SELECT 16|SELECT -1|SELECT x|SELECT|SELECT 1 2|SELECT 99999999999|SET {s}a 15|GET {s}a",
  "SELECT 2|SET {s}b 2|RESET|EXISTS {s}b|SELECT 2|EXISTS {s}b",
  "SELECT 3|MULTI|SET {s}c 3|SELECT 4|SET {s}c 4|EXEC|GET {s}c|SELECT 3|GET {s}c",
  "SELECT 5|MULTI|SELECT 99|SET {s}d 5|EXEC|GET {s}d",
  "SELECT 6|MULTI|SELECT 7|DISCARD|SET {s}e 6|SELECT 7|EXISTS {s}e|SELECT 6|EXISTS {s}e",
  "SELECT 8|RPUSH {s}f a|BLPOP {s}f 0|LLEN {s}f|WATCH {s}g|SET {s}g 1|MULTI|SET {s}g 2|EXEC|GET {s}g",
  "SELECT 9|MSET {s}h 1 {s}i 2|MGET {s}h {s}i {s}j|DBSIZE|FLUSHDB|DBSIZE|SELECT 0|DBSIZE",
];

for (const version of [2, 3] as const) {
  Deno.test(`databases are as a server's, in one write, in RESP${version}`, async () => {
    await using direct = await startRedisServer();
    for (const sequence of SEQUENCES) {
      await pool.flush();
      await direct.call("FLUSHALL");
      const commands = sequence.split("|").map((command): RespWord[] => command.split(" "));
      using one = await RawClient.connect(direct.port, version);
      using proxy = await RawClient.connect(pool.aster.port, version);
      const expected = await one.ask(...commands);
      assertEquals(await proxy.ask(...commands), expected, sequence);
    }
  });
}

Deno.test("HELLO keeps the database, and CLIENT LIST shows it", async () => {
  using client = await RawClient.connect(pool.aster.port);
  await client.ask(["SELECT", "11"], ["SET", "own", "eleven"], ["HELLO", "3"]);
  assertEquals(await client.ask(["GET", "own"]), "$6\r\neleven\r\n");
  assertMatch(await client.ask(["CLIENT", "INFO"]), / db=11 /);
});

Deno.test("clients of different databases never see each other's keys", async () => {
  const clients = await Promise.all(
    Array.from({ length: 24 }, () => RespClient.connect({ port: pool.aster.port })),
  );
  await Promise.all(clients.map(async (client, number) => {
    const database = number % 12;
    assertEquals(await client.call("SELECT", database), "OK");
    for (let round = 0; round < 50; round++) {
      const key = `shared:${round}`;
      const value = `${database}/${round}`;
      assertEquals(await client.pipeline([["SET", key, value], ["GET", key]]), ["OK", value]);
    }
  }));
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("the libraries' own options choose a database", async () => {
  const one = new Redis(pool.aster.port, "127.0.0.1", { db: 13 });
  assertEquals(await one.set("library", "in 13"), "OK");
  const other = createClient({ url: `redis://127.0.0.1:${pool.aster.port}/13` });
  await other.connect();
  assertEquals(await other.get("library"), "in 13");
  await other.select(0);
  assertEquals(await other.get("library"), null);
  await other.close();
  await one.quit();
});

Deno.test("MOVE takes a key to another database, SWAPDB all keys", async () => {
  await pool.flush();
  using client = await RespClient.connect({ port: pool.aster.port });
  for (let key = 0; key < 30; key++) await client.call("SET", `m${key}`, key);
  assertEquals(await client.call("MOVE", "m1", 1), 1);
  assertEquals(await client.call("MOVE", "m1", 1), 0);
  assertEquals(await client.call("EXISTS", "m1"), 0);
  assertEquals(await client.call("SWAPDB", 0, 1), "OK");
  assertEquals(await client.call("DBSIZE"), 1);
  assertEquals(await client.call("GET", "m1"), "1");
  assertEquals(await client.call("SELECT", 1), "OK");
  assertEquals(await client.call("DBSIZE"), 29);
});

/** On several servers. */
const KEYS_APART = Array.from({ length: 20 }, (_, number) => `${number * 7919}`);

Deno.test("MIGRATE takes keys of one server to a server elsewhere", async () => {
  await using other = await startRedisServer();
  using client = await RespClient.connect({ port: pool.aster.port });
  const [host, port] = other.address.split(":") as [string, string];
  await client.call("MSET", "{t}a", "1", "{t}b", "2", "{t}c", "3");
  assertEquals(await client.call("MIGRATE", host, port, "{t}a", 0, 1000), "OK");
  assertEquals(
    await client.call("MIGRATE", host, port, "", 0, 1000, "COPY", "KEYS", "{t}b", "{t}c"),
    "OK",
  );
  assertEquals(await client.call("MGET", "{t}a", "{t}b", "{t}c"), [null, "2", "3"]);
  assertEquals(await other.call("MGET", "{t}a", "{t}b", "{t}c"), ["1", "2", "3"]);
  await assertRejects(
    () => client.call("MIGRATE", host, port, "", 0, 1000, "KEYS", ...KEYS_APART),
    Error,
    "CROSSSLOT",
  );
});
