import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, clientLibraries } from "../deps.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const MEGABYTE = 1024 * 1024;
/** Keys on the first, the second and the third server of the pool. */
const SPREAD = ["alpha", "delta", "beta"];
const SUM = "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('get', key) end " +
  "return sum + ARGV[1]";

const { Redis } = await clientLibraries.ioredis();

let pool: RedisPool;
let client: InstanceType<typeof Redis>;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'hash_tag = "{}"' });
  client = new Redis(pool.aster.port, "127.0.0.1");
});

Deno.test.afterAll(async () => {
  await client.quit();
  await pool[Symbol.asyncDispose]();
});

Deno.test("the ioredis library: strings, over all servers", async () => {
  assertEquals(await client.set("text", "zwölf 🙂"), "OK");
  assertEquals(await client.get("text"), "zwölf 🙂");
  assertEquals(await client.mset({ alpha: "1", delta: "2", beta: "3" }), "OK");
  assertEquals(await client.mget(...SPREAD, "nothing", "alpha"), ["1", "2", "3", null, "1"]);
  assertEquals(await client.exists(...SPREAD, "nothing"), 3);
  assertEquals(await client.unlink(...SPREAD, "nothing"), 3);
});

Deno.test("the ioredis library: types, scripts and errors", async () => {
  assertEquals(await client.hset("hash", { a: "1", b: "2" }), 2);
  assertEquals(await client.hgetall("hash"), { a: "1", b: "2" });
  assertEquals(await client.zadd("zset", 1.5, "x", 2, "y"), 2);
  assertEquals(Number(await client.zscore("zset", "x")), 1.5);
  assertEquals(await client.zrange("zset", "0", "-1"), ["x", "y"]);
  assertEquals(await client.sadd("set", "p", "q"), 2);
  assertEquals((await client.smembers("set")).toSorted(), ["p", "q"]);
  assertEquals(await client.xadd("stream", "1-1", "field", "value"), "1-1");
  assertEquals(await client.xread("STREAMS", "stream", "0"), [
    ["stream", [["1-1", ["field", "value"]]]],
  ]);
  await client.mset({ "{t}1": "40", "{t}2": "1" });
  assertEquals(await client.eval(SUM, 2, "{t}1", "{t}2", 1), 42);
  await assertRejects(() => client.lpush("text", "x"), Error, "WRONGTYPE Operation");
});

Deno.test("the ioredis library: a script of its own, by EVALSHA and then EVAL", async () => {
  client.defineCommand("sumOf", { numberOfKeys: 2, lua: `${SUM} -- not loaded yet` });
  const scripted = client as unknown as {
    sumOf(one: string, other: string, more: number): Promise<number>;
  };
  assertEquals(await scripted.sumOf("{t}1", "{t}2", 2), 43);
  assertEquals(await scripted.sumOf("{t}1", "{t}2", 3), 44);
});

Deno.test("the ioredis library: a pipeline of 10,000", async () => {
  const pipeline = client.pipeline();
  for (let index = 0; index < 5_000; index++) {
    pipeline.set(`n:${index}`, `${index}`).get(`n:${index}`);
  }
  const results = await pipeline.exec();
  assertEquals(results!.length, 10_000);
  for (const [index, result] of results!.entries()) {
    assertEquals(result, [null, index % 2 === 0 ? "OK" : `${index >> 1}`]);
  }
});

Deno.test("the ioredis library: binary and large values come back as they were", async () => {
  const random = seededRandom("binary and large values");
  const binary = random.bytes(MEGABYTE);
  assertEquals(await client.set("megabyte", Buffer.from(binary)), "OK");
  assert(same(await client.getBuffer("megabyte"), binary));
  assertEquals(await client.strlen("megabyte"), MEGABYTE);
  const large = new Uint8Array(64 * MEGABYTE);
  for (let block = 0; block < 64; block++) large.set(binary, block * MEGABYTE);
  assertEquals(await client.set("large", Buffer.from(large.buffer)), "OK");
  assert(same(await client.getBuffer("large"), large));
  assertEquals(await client.del("megabyte", "large"), 2);
});

/** Whether two values are the same, without a diff of megabytes if they are not. */
function same(one: Uint8Array | null, other: Uint8Array): boolean {
  if (one === null || one.length !== other.length) return false;
  return other.every((byte, index) => one[index] === byte);
}
