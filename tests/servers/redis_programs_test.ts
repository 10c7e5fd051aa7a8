/**
 * Programs written for one Redis server, with the libraries that people use, run against a server and against the proxy in
 * front of one server, of three, and of a Redis Cluster: what they see is the same.
 *
 * @module
 */
import { assert, assertEquals, clientLibraries } from "../deps.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { startRedisPool } from "./redis_pool.ts";

const { Redis } = await clientLibraries.ioredis();
const { createClient } = await clientLibraries.redis();

const SUM =
  "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('get', key) end return sum";

/** What a program saw, step by step. */
type Seen = Record<string, unknown>;

/** Messages as they came, in any order of their channels. */
function sorted(messages: readonly string[]): string[] {
  return [...messages].sort();
}

async function ioredisProgram(port: number): Promise<Seen> {
  const client = new Redis(port, "127.0.0.1");
  const waiting = new Redis(port, "127.0.0.1");
  const listening = new Redis(port, "127.0.0.1");
  const seen: Seen = {};
  try {
    seen.flush = await client.flushall();
    seen.strings = await client.pipeline().set("a", "1").incr("a").append("a", "0").get("a").exec();
    seen.many = [
      await client.mset("a", "1", "b", "2", "c", "3"),
      await client.mget("a", "b", "x", "c"),
    ];
    seen.removed = await client.del("a", "b", "nothing");
    seen.hash = [await client.hset("h", "f", "1", "g", "2"), await client.hgetall("h")];
    seen.list = [await client.rpush("l", "a", "b", "c"), await client.lrange("l", 0, -1)];
    seen.zset = [
      await client.zadd("z", 1, "one", 2, "two"),
      await client.zrange("z", 0, "-1", "WITHSCORES"),
    ];
    seen.stream = [
      await client.xadd("x", "1-1", "field", "value"),
      await client.xread("STREAMS", "x", "0"),
    ];
    seen.transaction = await client.multi().set("{t}k", "1").incr("{t}k").get("{t}k").exec();
    seen.aborted = await client.multi().set("{t}k", "1").call("nosuch").exec().catch(String);
    await waiting.watch("{t}k");
    await client.set("{t}k", "changed");
    seen.watched = await waiting.multi().set("{t}k", "lost").exec();
    const popped = waiting.blpop("queue", 0);
    await client.rpush("queue", "job");
    seen.popped = await popped;
    seen.timedOut = await waiting.blpop("queue", 0.01);
    const messages: string[] = [];
    listening.on(
      "message",
      (channel: string, text: string) => messages.push(`${channel}: ${text}`),
    );
    listening.on("pmessage", (pattern: string, channel: string, text: string) => {
      messages.push(`${pattern} ${channel}: ${text}`);
    });
    seen.subscribed = [
      await listening.subscribe("news", "sport"),
      await listening.psubscribe("n*"),
    ];
    await client.publish("news", "one");
    await client.publish("sport", "two");
    await until(() => messages.length === 3, { what: "all messages have come" });
    seen.messages = sorted(messages);
    seen.unsubscribed = await listening.unsubscribe("news", "sport");
    await client.mset("{s}1", "40", "{s}2", "2");
    client.defineCommand("sumOf", { numberOfKeys: 2, lua: SUM });
    const scripted = client as unknown as { sumOf(...keys: string[]): Promise<number> };
    seen.script = [await scripted.sumOf("{s}1", "{s}2"), await scripted.sumOf("{s}1", "{s}2")];
    const keys: string[] = [];
    for await (const found of client.scanStream({ count: 5 })) keys.push(...found as string[]);
    seen.keys = [...new Set(keys)].sort();
    seen.size = await client.dbsize();
    seen.error = await client.lpush("h", "x").catch(String);
    seen.pong = await client.ping();
    return seen;
  } finally {
    for (const one of [client, waiting, listening]) one.disconnect();
  }
}

async function redisProgram(port: number, RESP: 2 | 3): Promise<Seen> {
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url, RESP });
  const waiting = createClient({ url, RESP });
  const listening = createClient({ url, RESP });
  const all = [client, waiting, listening];
  await Promise.all(all.map((one) => one.connect()));
  const seen: Seen = {};
  try {
    seen.flush = await client.flushAll();
    seen.strings = [await client.set("a", "1"), await client.incr("a"), await client.get("a")];
    seen.many = [await client.mSet({ a: "1", b: "2" }), await client.mGet(["a", "b", "x"])];
    seen.hash = [await client.hSet("h", { f: "1", g: "2" }), { ...await client.hGetAll("h") }];
    seen.set = [await client.sAdd("s", ["a", "b"]), [...await client.sMembers("s")].sort()];
    seen.zset = await client.zAdd("z", [{ score: 1.5, value: "x" }, { score: 2, value: "y" }]);
    seen.scores = await client.zRangeWithScores("z", 0, -1);
    seen.geo = await client.geoAdd("g", { longitude: 13.36, latitude: 38.11, member: "p" });
    seen.bits = [await client.setBit("bits", 7, 1), await client.bitCount("bits")];
    seen.estimate = [await client.pfAdd("p", ["a", "b"]), await client.pfCount("p")];
    seen.transaction = await client.multi().set("{t}k", "1").incr("{t}k").exec();
    seen.stream = [
      await client.xAdd("x", "1-1", { field: "value" }),
      JSON.stringify(await client.xRange("x", "-", "+")),
    ];
    const popped = waiting.blPop("queue", 0);
    await client.rPush("queue", "job");
    seen.popped = { ...await popped };
    const messages: string[] = [];
    await listening.subscribe("news", (text, channel) => messages.push(`${channel}: ${text}`));
    await listening.pSubscribe("n*", (text, channel) => messages.push(`n* ${channel}: ${text}`));
    await client.publish("news", "one");
    await until(() => messages.length === 2, { what: "all messages have come" });
    seen.messages = sorted(messages);
    await listening.unsubscribe();
    await listening.pUnsubscribe();
    const keys: string[] = [];
    for await (const found of client.scanIterator({ COUNT: 5 })) keys.push(...[found].flat());
    seen.keys = [...new Set(keys)].sort();
    seen.size = await client.dbSize();
    seen.script = await client.eval("return ARGV[1]", { keys: ["k"], arguments: ["v"] });
    seen.error = await client.lPush("h", "x").catch(String);
    return seen;
  } finally {
    for (const one of all) one.destroy();
  }
}

const programs: [string, (port: number) => Promise<Seen>][] = [
  ["ioredis", ioredisProgram],
  ["redis in RESP2", (port) => redisProgram(port, 2)],
  ["redis in RESP3", (port) => redisProgram(port, 3)],
];

async function runAll(port: number): Promise<void> {
  await using direct = await startRedisServer();
  for (const [name, program] of programs) {
    const expected = await program(direct.port);
    assert(Object.keys(expected).length > 15);
    assertEquals(await program(port), expected, name);
  }
}

for (const serverCount of [1, 3]) {
  Deno.test(`programs see what they see at one server: ${serverCount} servers`, async () => {
    await using pool = await startRedisPool({ serverCount, keys: 'hash_tag = "{}"\nthread = 2' });
    await runAll(pool.aster.port);
  });
}

Deno.test("programs see what they see at one server: a Redis Cluster", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  await runAll(proxy.port);
});
