import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, clientLibraries } from "../deps.ts";
import { startAster } from "../support/aster.ts";
import { withDeadline } from "../support/poll.ts";
import { seededRandom } from "../support/seed.ts";
import { redisPoolConfig, startRedisPool } from "./redis_pool.ts";

const MEGABYTE = 1024 * 1024;
/** Keys on the first, the second and the third server of the pool. */
const SPREAD = ["alpha", "delta", "beta"];
const SUM = "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('get', key) end " +
  "return sum + ARGV[1]";

const { createClient } = await clientLibraries.redis();
const { Redis } = await clientLibraries.ioredis();

/** The `redis` library as its README connects it. */
async function nodeRedis(port: number) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  // Without a listener an error would end the test's process; what matters shows in the commands.
  client.on("error", () => {});
  await withDeadline(client.connect(), "redis connects");
  return client;
}

/** The `ioredis` library as its README connects it. */
function ioRedis(port: number) {
  const client = new Redis(port, "127.0.0.1");
  client.on("error", () => {});
  return client;
}

Deno.test("the redis library works with its default options", async (t) => {
  await using pool = await startRedisPool({ keys: 'hash_tag = "{}"' });
  const client = await nodeRedis(pool.aster.port);

  await t.step("strings, over all servers", async () => {
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

  await t.step("types whose RESP3 form differs", async () => {
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

  await t.step("streams, bitmaps, HyperLogLogs, places, scripts", async () => {
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

  await t.step("errors are those of the server, or say what the proxy does not do", async () => {
    await assertRejects(() => client.lPush("text", "x"), Error, "WRONGTYPE Operation");
    await assertRejects(() => client.multi().set("a", "1").exec(), Error);
    await assertRejects(() => client.dbSize(), Error, "'dbsize' is not supported");
    assertEquals(await client.ping(), "PONG");
  });

  await t.step("10,000 commands without waiting", async () => {
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

  await client.close();
});

Deno.test("the ioredis library works with its default options", async (t) => {
  await using pool = await startRedisPool({ keys: 'hash_tag = "{}"' });
  const client = ioRedis(pool.aster.port);

  await t.step("strings, over all servers", async () => {
    assertEquals(await client.set("text", "zwölf 🙂"), "OK");
    assertEquals(await client.get("text"), "zwölf 🙂");
    assertEquals(await client.mset({ alpha: "1", delta: "2", beta: "3" }), "OK");
    assertEquals(await client.mget(...SPREAD, "nothing", "alpha"), ["1", "2", "3", null, "1"]);
    assertEquals(await client.exists(...SPREAD, "nothing"), 3);
    assertEquals(await client.unlink(...SPREAD, "nothing"), 3);
  });

  await t.step("types, scripts and errors", async () => {
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

  await t.step("a script of its own, by EVALSHA and then EVAL", async () => {
    client.defineCommand("sumOf", { numberOfKeys: 2, lua: `${SUM} -- not loaded yet` });
    const scripted = client as unknown as {
      sumOf(one: string, other: string, more: number): Promise<number>;
    };
    assertEquals(await scripted.sumOf("{t}1", "{t}2", 2), 43);
    assertEquals(await scripted.sumOf("{t}1", "{t}2", 3), 44);
  });

  await t.step("a pipeline of 10,000", async () => {
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

  await t.step("binary and large values come back as they were", async () => {
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

  await client.quit();
});

Deno.test("both libraries connect again after the proxy was away", async () => {
  await using pool = await startRedisPool();
  const { port } = pool.aster;
  const node = await nodeRedis(port);
  const io = ioRedis(port);
  assertEquals(await node.set("a", "1"), "OK");
  assertEquals(await io.get("a"), "1");
  await pool.aster.stop();
  // Asked while nobody listens: both keep it until they are connected again.
  const asked = [io.get("a"), node.get("a")];
  await using _again = await startAster(() => redisPoolConfig(pool.servers, port));
  assertEquals(await withDeadline(Promise.all(asked), "both are answered", 20_000), ["1", "1"]);
  assertEquals(await io.incr("a"), 2);
  await io.quit();
  await node.close();
});

/** Whether two values are the same, without a diff of megabytes if they are not. */
function same(one: Uint8Array | null, other: Uint8Array): boolean {
  if (one === null || one.length !== other.length) return false;
  return other.every((byte, index) => one[index] === byte);
}
