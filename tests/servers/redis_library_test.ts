import { assertEquals, assertRejects, clientLibraries } from "../deps.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Keys on the first, the second and the third server of the pool. */
const SPREAD = ["alpha", "delta", "beta"];
const SUM = "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('get', key) end " +
  "return sum + ARGV[1]";

const { createClient } = await clientLibraries.redis();

/** The library with its default options, as its README connects it. */
function createDefaultClient(port: number) {
  return createClient({ url: `redis://127.0.0.1:${port}` });
}

let pool: RedisPool;
let client: ReturnType<typeof createDefaultClient>;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'hash_tag = "{}"' });
  client = createDefaultClient(pool.aster.port);
  await client.connect();
});

Deno.test.afterAll(async () => {
  await client.close();
  await pool[Symbol.asyncDispose]();
});

Deno.test("the redis library: strings, over all servers", async () => {
  assertEquals(await client.set("text", "zwölf 🙂"), "OK");
  assertEquals(await client.get("text"), "zwölf 🙂");
  assertEquals(await client.get("nothing"), null);
  assertEquals(await client.set("once", "1", { NX: true, EX: 100 }), "OK");
  assertEquals(await client.set("once", "2", { NX: true }), null);
  assertEquals(await client.incrBy("count", 5), 5);
  assertEquals(await client.mSet({ alpha: "1", delta: "2", beta: "3" }), "OK");
  assertEquals(await client.mGet([...SPREAD, "nothing", "alpha"]), ["1", "2", "3", null, "1"]);
  assertEquals(await client.exists([...SPREAD, "nothing"]), 3);
  assertEquals(await client.del([...SPREAD, "nothing"]), 3);
});

Deno.test("the redis library: types whose RESP3 form differs", async () => {
  assertEquals(await client.hSet("hash", { a: "1", b: "2" }), 2);
  assertEquals({ ...await client.hGetAll("hash") }, { a: "1", b: "2" });
  assertEquals(
    await client.zAdd("zset", [{ score: 1.5, value: "x" }, { score: 2, value: "y" }]),
    2,
  );
  assertEquals(await client.zScore("zset", "x"), 1.5);
  assertEquals(await client.zRangeWithScores("zset", 0, -1), [
    { value: "x", score: 1.5 },
    { value: "y", score: 2 },
  ]);
  assertEquals(await client.sAdd("set", ["p", "q"]), 2);
  assertEquals((await client.sMembers("set")).toSorted(), ["p", "q"]);
  assertEquals(await client.sIsMember("set", "p"), 1);
  assertEquals(await client.rPush("list", ["1", "2", "3"]), 3);
  assertEquals(await client.lRange("list", 0, -1), ["1", "2", "3"]);
});

Deno.test("the redis library: streams, bitmaps, HyperLogLogs, places, scripts", async () => {
  assertEquals(await client.xAdd("stream", "1-1", { field: "value" }), "1-1");
  const entries = await client.xRange("stream", "-", "+");
  assertEquals(entries!.map(({ id, message }) => [id, { ...message }]), [
    ["1-1", { field: "value" }],
  ]);
  assertEquals(await client.setBit("bits", 9, 1), 0);
  assertEquals(await client.bitCount("bits"), 1);
  assertEquals(await client.pfAdd("pf", ["a", "b"]), 1);
  assertEquals(await client.pfCount("pf"), 2);
  await client.geoAdd("geo", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" });
  await client.geoAdd("geo", { longitude: 15.087269, latitude: 37.502669, member: "Catania" });
  assertEquals(await client.geoDist("geo", "Palermo", "Catania", "km"), 166.2742);
  await client.mSet({ "{t}1": "40", "{t}2": "1" });
  assertEquals(await client.eval(SUM, { keys: ["{t}1", "{t}2"], arguments: ["1"] }), 42);
});

Deno.test("the redis library: errors are those of the server, or say what the proxy does not do", async () => {
  await assertRejects(() => client.lPush("text", "x"), Error, "WRONGTYPE Operation");
  assertEquals(await client.multi().set("{t}a", "1").incr("{t}a").exec(), ["OK", 2]);
  await assertRejects(() => client.wait(1, 0), Error, "'wait' is not supported");
  assertEquals(await client.ping(), "PONG");
});

Deno.test("the redis library: 10,000 commands without waiting", async () => {
  const writes = Array.from(
    { length: 10_000 },
    (_, index) => client.set(`n:${index}`, `${index}`),
  );
  assertEquals(new Set(await Promise.all(writes)), new Set(["OK"]));
  const reads = Array.from({ length: 10_000 }, (_, index) => client.get(`n:${index}`));
  assertEquals(
    await Promise.all(reads),
    Array.from({ length: 10_000 }, (_, index) => `${index}`),
  );
});
