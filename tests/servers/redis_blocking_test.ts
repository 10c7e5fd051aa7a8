/**
 * Blocking commands through the proxy: replies as a server gives them, nothing lost when clients leave, and others
 * who notice nothing.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  const keys = 'hash_tag = "{}"\nthread = 2\nread_timeout = 300\ndedicated_connections = 64';
  pool = await startRedisPool({ keys, metrics: true });
  await knowServers(pool.aster.port);
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** Commands that need not wait, that time out, and that are wrong; `|` between commands. */
const SEQUENCES = [
  "RPUSH {b}l a b c|BLPOP {b}l 0|BRPOP {b}none {b}l 0|BLPOP {b}l 1|LLEN {b}l",
  "RPUSH {b}l a b c|BLMOVE {b}l {b}m LEFT RIGHT 0|BRPOPLPUSH {b}l {b}m 0|LRANGE {b}m 0 -1",
  "RPUSH {b}l a b c d|BLMPOP 0 2 {b}none {b}l RIGHT COUNT 2|BLMPOP 0.01 1 {b}none LEFT",
  "ZADD {b}z 1 a 2 b 3 c 4 d|BZPOPMIN {b}z 0|BZPOPMAX {b}z 0|BZMPOP 0 1 {b}z MIN COUNT 5",
  "BLPOP {b}none 0.01|BRPOP {b}none {b}other 0.01|BZPOPMIN {b}none 0.01|BZMPOP 0.01 1 {b}none MAX",
  "BLMOVE {b}none {b}m LEFT LEFT 0.01|BRPOPLPUSH {b}none {b}m 0.01|GET {b}none|PING",
  "BLPOP {b}l x|BLPOP {b}l -1|BLPOP {b}l|BLMPOP 0 x {b}l LEFT|BLMPOP 0 0 {b}l LEFT|BLMPOP 0 1 {b}l",
  "SET {b}s x|BLPOP {b}s 0|BZPOPMIN {b}s 0|BLMOVE {b}s {b}m LEFT LEFT 0",
  "XADD {b}x 1-1 f v|XREAD BLOCK 0 STREAMS {b}x 0|XREAD COUNT 1 BLOCK 10 STREAMS {b}x $|XREAD STREAMS {b}x 0",
  "XADD {b}x 1-1 f v|XGROUP CREATE {b}x g 0|XREADGROUP GROUP g c BLOCK 0 STREAMS {b}x >|XREADGROUP GROUP g c BLOCK 10 STREAMS {b}x >",
  "XREAD BLOCK x STREAMS {b}x 0|XREAD BLOCK -1 STREAMS {b}x 0|XREAD BLOCK 10 STREAMS {b}x|XREADGROUP GROUP no c BLOCK 10 STREAMS {b}x >",
  "SET {b}n 1|BLPOP {b}none 0.01|INCR {b}n|BLPOP {b}none 0.01|INCR {b}n",
];

function commands(sequence: string): RespWord[][] {
  return sequence.split("|").map((command) => command.split(" "));
}

for (const version of [2, 3] as const) {
  Deno.test(`blocking commands in one write are answered as a server does, in RESP${version}`, async () => {
    for (const sequence of SEQUENCES) {
      await pool.flush();
      using direct = await RawClient.connect(pool.direct.port, version);
      using proxy = await RawClient.connect(pool.aster.port, version);
      const expected = await direct.ask(...commands(sequence));
      assertEquals(await proxy.ask(...commands(sequence)), expected, sequence);
    }
  });
}

Deno.test("a wait beyond read_timeout ends with the element, and only its client waits", async () => {
  using waiting = await RespClient.connect({ port: pool.aster.port });
  using other = await RespClient.connect({ port: pool.aster.port });
  const popped = waiting.call("BLPOP", "late", "0");
  await until(async () => await readMetric(pool.aster, "aster_blocked_clients") === 1, {
    what: "it waits",
  });
  const began = performance.now();
  for (let round = 0; performance.now() - began < 700; round++) {
    assertEquals(await other.call("SET", "busy", round), "OK");
  }
  await other.call("RPUSH", "late", "it");
  assertEquals(await popped, ["late", "it"]);
  assertEquals(await readMetric(pool.aster, "aster_blocked_clients"), 0);
});

Deno.test("producers and consumers: every element comes out once", async () => {
  const connect = () => RespClient.connect({ port: pool.aster.port });
  const consumers = await Promise.all(Array.from({ length: 20 }, connect));
  const producers = await Promise.all(Array.from({ length: 20 }, connect));
  const taken: string[] = [];
  const consuming = consumers.map(async (client, number) => {
    for (;;) {
      const reply = await client.call("BLPOP", `q:${number % 5}`, "0") as string[];
      if (reply[1] === "end") return;
      taken.push(reply[1]!);
    }
  });
  await Promise.all(producers.map(async (client, number) => {
    for (let round = 0; round < 30; round++) {
      await client.call("RPUSH", `q:${(number + round) % 5}`, `${number}/${round}`);
    }
  }));
  await until(() => taken.length === 600, { what: "all are taken" });
  assertEquals(new Set(taken).size, 600);
  for (const number of consumers.keys()) {
    await producers[0]!.call("RPUSH", `q:${number % 5}`, "end");
  }
  await Promise.all(consuming);
  for (const client of [...consumers, ...producers]) client[Symbol.dispose]();
});

Deno.test("a client that leaves while it waits takes no element along", async () => {
  using other = await RespClient.connect({ port: pool.aster.port });
  for (let round = 0; round < 20; round++) {
    const waiting = await RawClient.connect(pool.aster.port);
    await waiting.send(["BLPOP", "left", "0"]);
    await until(async () => await readMetric(pool.aster, "aster_blocked_clients") === 1, {
      what: "it waits",
    });
    waiting[Symbol.dispose]();
    await until(async () => await readMetric(pool.aster, "aster_blocked_clients") === 0, {
      what: "it is gone",
    });
    const blocked = async () => {
      const counts = await Promise.all(
        pool.servers.map(async (server) =>
          Number(/blocked_clients:(\d+)/.exec(String(await server.call("INFO", "clients")))![1])
        ),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    };
    await until(async () => await blocked() === 0, { what: "the server knows it" });
    await other.call("RPUSH", "left", String(round));
    assertEquals(await other.call("LPOP", "left"), String(round));
  }
});

Deno.test("a client whose end stands right behind its request does not wait", async () => {
  for (const server of [pool.direct, pool.aster]) {
    const leaving = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await leaving.write(new TextEncoder().encode("ECHO a\r\nGET b\r\nBLPOP nothing:here 0\r\n"));
    await leaving.closeWrite();
    const reading = new Response(leaving.readable).text();
    assertEquals(await withDeadline(reading, "the connection ends"), "$1\r\na\r\n$-1\r\n");
  }
});

Deno.test("a client that sends too much behind a blocking command is closed, as its end would not show", async () => {
  using flooding = await RawClient.connect(pool.aster.port);
  const many = Array.from({ length: 3000 }, (): RespWord[] => ["SET", "flooded", "x".repeat(30)]);
  const closed = flooding.askUntilClosed(["BLPOP", "flood", "0"], ...many).catch(() => "");
  assertEquals(await closed, "");
  assertEquals(await readMetric(pool.aster, "aster_blocked_clients"), 0);
  using other = await RespClient.connect({ port: pool.aster.port });
  assertEquals(await other.call("EXISTS", "flooded"), 0);
});

Deno.test("CLIENT UNBLOCK ends a wait at either worker, by nil or by an error", async () => {
  const opened: RespClient[] = [];
  const [one, other] = await clientsOfBothWorkers(pool.aster.port, opened);
  const id = String(await other!.call("CLIENT", "ID"));
  for (const asker of [one!, opened.find((client) => client !== other)!]) {
    const nothing = other!.call("BLPOP", "unblocked", "0");
    await until(async () => await asker.call("CLIENT", "UNBLOCK", id) === 1, { what: "it waits" });
    assertEquals(await nothing, null);
    const failed = other!.call("BLPOP", "unblocked", "0");
    const rejected = assertRejects(() => failed, Error, "UNBLOCKED client unblocked via");
    await until(async () => await asker.call("CLIENT", "UNBLOCK", id, "ERROR") === 1, {
      what: "it waits",
    });
    await rejected;
    await until(async () => await asker.call("CLIENT", "UNBLOCK", id) === 0, {
      what: "it is over",
    });
  }
  for (const client of opened) client[Symbol.dispose]();
});

Deno.test("with dedicated_connections taken the error names the key; those who wait go on", async () => {
  const connect = () => RespClient.connect({ port: pool.aster.port });
  const clients = await Promise.all(Array.from({ length: 140 }, connect));
  let refusedCount = 0;
  const outcomes = clients.map(async (client) => {
    const reply = await client.pipeline([["BLPOP", "full", "0"]]);
    if (String(reply[0]).includes("dedicated_connections")) refusedCount += 1;
    else assertEquals(reply[0], ["full", "it"]);
  });
  // 64 for each of two workers.
  await until(() => refusedCount >= 12, { what: "some are refused" });
  await until(
    async () => await readMetric(pool.aster, "aster_blocked_clients") === 140 - refusedCount,
    { what: "the others wait" },
  );
  using other = await connect();
  await other.call("RPUSH", "full", ...Array.from({ length: 140 - refusedCount }, () => "it"));
  await Promise.all(outcomes);
  assertEquals(await readMetric(pool.aster, "aster_dedicated_connections"), 0);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("a lost server fails those who wait there, and keys of two servers are refused", async () => {
  await using broken = await startRedisPool({ serverCount: 2 });
  using waiting = await RespClient.connect({ port: broken.aster.port });
  const keys = Array.from({ length: 20 }, (_, number) => `${number * 7919}k${number}`);
  await assertRejects(() => waiting.call("BLPOP", ...keys, "0"), Error, "CROSSSLOT");
  const failed = waiting.call("BLPOP", "k", "0").catch((error: Error) => error.message);
  const blockedAt = async () => {
    for (const server of broken.servers) {
      if (/blocked_clients:1/.test(String(await server.call("INFO", "clients")))) return server;
    }
    return null;
  };
  await until(async () => await blockedAt() !== null, { what: "it waits" });
  await (await blockedAt())![Symbol.asyncDispose]();
  assertMatch(String(await failed), /^ERR backend 127\.0\.0\.1:\d+: /);
  assert((await waiting.call("PING")) === "PONG");
});

Deno.test("an element above client_output_limit is let pass, alone, by a wait and by EXEC", async () => {
  await using small = await startRedisPool({ serverCount: 1, keys: "client_output_limit = 65536" });
  using client = await RespClient.connect({ port: small.aster.port });
  const large = "x".repeat(300_000);
  await client.call("RPUSH", "l", large);
  assertEquals(await client.call("BLPOP", "l", "0"), ["l", large]);
  await client.call("SET", "k", large);
  assertEquals((await client.pipeline([["MULTI"], ["GET", "k"], ["EXEC"]]))[2], [large]);
});
