/**
 * `max_memory_bytes`: floods of replies that nobody takes, and of requests that nobody answers, end with the fattest,
 * while memory stays near the limit and everybody else is served.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";

const MIB = 1024 * 1024;
const VALUE_BYTES = MIB - 1024;
/** Each leaves so much untaken, which the limits of one client and one worker allow. */
const CLIENT_MIB = 50;
const FAT_CLIENTS = 40;
/** Far less than all of them could have. */
const LIMIT_MIB = 200;

const encoder = new TextEncoder();

function textOf(port: number, servers: Record<string, number>, limitBytes: number): string {
  const entries = Object.entries(servers).map(([type, at], index) => `
[[clusters]]
name = "${type}"
listen_addr = "127.0.0.1:${port + index}"
cache_type = "${type}"
thread = 2
servers = ["127.0.0.1:${at}"]
client_output_limit = ${4 * CLIENT_MIB * MIB}
worker_output_limit = ${4096 * MIB}
write_timeout = 60_000
read_timeout = 60_000
`);
  return `[runtime]\nmax_memory_bytes = ${limitBytes}\n${entries.join("")}`;
}

/** Clients that are accepted: later on others may have to wait. */
async function connectAll(port: number, count: number): Promise<Deno.TcpConn[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    await client.write(encoder.encode("nosuch\r\n"));
    await withDeadline(client.read(new Uint8Array(256)), "it is accepted");
    return client;
  }));
}

/** Asks for far more than it takes, until it is closed. */
async function takeNothing(client: Deno.TcpConn, request: Uint8Array): Promise<void> {
  try {
    for (let count = 0; count < CLIENT_MIB; count++) {
      let sent = 0;
      while (sent < request.length) sent += await client.write(request.subarray(sent));
    }
    // Nothing is read; the end shows when something is sent.
    while (true) {
      await client.write(encoder.encode("\r\n"));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch {
    // It was closed, or reset.
  } finally {
    client.close();
  }
}

const memoryMib = async (aster: Aster) => await readMetric(aster, "aster_memory_usage") / 1024;

for (const type of ["redis", "memcache"] as const) {
  Deno.test(`${type}: replies that nobody takes stay within max_memory_bytes, and others are served`, async () => {
    await using server = type === "redis"
      ? await startRedisServer()
      : await startMemcachedServer({ arguments: ["-m", "64"] });
    const { port: at } = server;
    await using aster = await startAster(
      (port) => textOf(port, { [type]: at }, LIMIT_MIB * MIB),
      { metrics: true },
    );
    const { port } = aster;
    const value = "v".repeat(VALUE_BYTES);
    using neighbour = await Deno.connect({ hostname: "127.0.0.1", port });
    const talk = async (text: string, expected: string) => {
      const bytes = encoder.encode(text);
      let sent = 0;
      while (sent < bytes.length) sent += await neighbour.write(bytes.subarray(sent));
      const reply = new Uint8Array(256);
      const count = await neighbour.read(reply);
      assertEquals(new TextDecoder().decode(reply.subarray(0, count ?? 0)), expected);
    };
    const isRedis = type === "redis";
    if (isRedis) {
      await talk(`*3\r\n$3\r\nSET\r\n$3\r\nfat\r\n$${VALUE_BYTES}\r\n${value}\r\n`, "+OK\r\n");
    } else await talk(`set fat 0 0 ${VALUE_BYTES}\r\n${value}\r\n`, "STORED\r\n");
    const before = await memoryMib(aster);
    const request = isRedis ? encodeCommand(["GET", "fat"]) : encoder.encode("get fat\r\n");
    const clients = await connectAll(port, FAT_CLIENTS);
    const floods = clients.map((client) => takeNothing(client, request));
    let most = 0;
    let asked = 0;
    const closed = () => readMetric(aster, "aster_failures_total", 'reason="memory_limit"');
    await until(async () => {
      asked += 1;
      if (isRedis) await talk("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", `:${asked}\r\n`);
      else await talk(`set n 0 0 1\r\n1\r\n`, "STORED\r\n");
      most = Math.max(most, await memoryMib(aster));
      return asked > 100 && await closed() > 0 &&
        await readMetric(aster, "aster_buffered_bytes") <= LIMIT_MIB * MIB;
    }, { what: "the fattest are closed", deadlineMs: 60_000 });
    // V8 is late in freeing what is let go of, on a busy machine most of all. Without the limit it would be 2,000 MiB
    // more at least.
    assert(
      most < before + 8 * LIMIT_MIB,
      `${most.toFixed(0)} MiB at most, ${before.toFixed(0)} MiB before`,
    );
    assertMatch(aster.logs(), /Closed to save memory: max_memory_bytes is used up/);
    await aster.stop();
    await Promise.all(floods);
  });
}

/** Waits until the other side has closed a connection, whatever it says before. */
async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  const bytes = new Uint8Array(1024);
  const ended = (async () => {
    while (await connection.read(bytes).catch(() => null) !== null);
  })();
  await withDeadline(ended, "the connection is closed");
}

Deno.test("requests for a server that stands still, and a request that does not end, are let go as well", async () => {
  await using still = await startRedisServer();
  await using server = await startRedisServer();
  await using aster = await startAster((...ports) =>
    `[runtime]
max_memory_bytes = ${200 * MIB}

[[clusters]]
name = "still"
listen_addr = "127.0.0.1:${ports[0]}"
cache_type = "redis"
servers = ["${still.address}"]
max_backend_queue_bytes = ${1024 * MIB}
backend_queue_soft_bytes = ${1024 * MIB}
read_timeout = 60_000
write_timeout = 60_000

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${ports[1]}"
cache_type = "redis"
servers = ["${server.address}"]
`, { metrics: true, portCount: 2 });
  using neighbour = await RespClient.connect({ port: aster.ports[1]! });
  const [endless] = await connectAll(aster.ports[1]!, 1) as [Deno.TcpConn];
  await still.pause();
  try {
    using flood = await RespClient.connect({ port: aster.port, deadlineMs: 30_000 });
    const set = encodeCommand(["SET", "a", "v".repeat(4 * MIB)]);
    const sending = (async () => {
      for (let count = 0; count < 100; count++) await flood.send(set);
    })();
    for (let count = 1; count <= 100; count++) {
      assertEquals(await neighbour.call("INCR", "n"), count);
    }
    await sending;
    assertMatch(
      String(await flood.read().catch(String)),
      /max_memory_bytes/,
    );
    assert(await readMetric(aster, "aster_failures_total", 'reason="memory_limit"') > 20);
    // A request that is announced, sent for the most part, and not ended.
    await endless.write(encoder.encode(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${400 * MIB}\r\n`));
    const part = new Uint8Array(MIB);
    let isClosed = false;
    for (let sent = 0; sent < 390 && !isClosed; sent++) {
      for (let at = 0; at < part.length && !isClosed;) {
        at += await endless.write(part.subarray(at)).catch(() => {
          isClosed = true;
          return 0;
        });
      }
    }
    // The proxy looks now and then: all may have been taken by then, and is too much for as long as it does not end.
    await untilClosed(endless);
    assertEquals(await neighbour.call("PING"), "PONG");
    // V8 frees late what was let go of.
    await until(async () => await memoryMib(aster) < 700, { what: "memory is given back" });
  } finally {
    still.resume();
    endless.close();
  }
});

Deno.test("while the process takes too much nobody is accepted, and a reload lets them in", async () => {
  await using server = await startRedisServer();
  await using aster = await startAster(
    (port) => textOf(port, { redis: server.port }, 0),
    { metrics: true },
  );
  const { port, configFile } = aster;
  const reload = async (limitBytes: number) => {
    const seen = aster.logs().length;
    await Deno.writeTextFile(configFile, textOf(port, { redis: server.port }, limitBytes));
    aster.process.signal("SIGHUP");
    await until(() => /Configuration reloaded/.test(aster.logs().slice(seen)), {
      what: "the reload",
    });
  };
  using inside = await RespClient.connect({ port });
  // Resident memory grows beyond the least limit by what is sent through once.
  const large = "v".repeat(60 * MIB);
  for (let count = 0; count < 3; count++) await inside.call("SET", "a", large);
  await reload(128 * MIB);
  await aster.logged(/Nobody is accepted: the process takes more than max_memory_bytes/);
  using waiting = await RespClient.connect({ port, deadlineMs: 30_000 });
  await waiting.send("PING\r\n");
  await until(
    async () => await readMetric(aster, "aster_failures_total", 'reason="memory_short"') > 0,
    { what: "somebody waits" },
  );
  assertEquals(await inside.call("GET", "b"), null);
  await reload(0);
  assertEquals(await waiting.read(), "PONG");
});

Deno.test("clients that subscribe to very much are closed for it, too, and scripts are forgotten", async () => {
  await using server = await startRedisServer();
  const text = (port: number, limitBytes: number) =>
    textOf(port, { redis: server.port }, limitBytes)
      .replace("thread = 2", "thread = 1\nscript_cache_bytes = 67_108_864");
  await using aster = await startAster((port) => text(port, 0), { metrics: true });
  const { port, configFile } = aster;
  using neighbour = await RespClient.connect({ port });
  using scripts = await RespClient.connect({ port, deadlineMs: 30_000 });
  for (let count = 0; count < 31; count++) {
    const body = `return ${count} -- ${"x".repeat(2 * MIB)}`;
    await scripts.call("SCRIPT", "LOAD", body);
  }
  const subscribers: Deno.TcpConn[] = [];
  const NAMES = 50_000;
  const names = Array.from({ length: NAMES }, (_, index) => index);
  for (const client of ["a", "b", "c", "d"]) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    subscribers.push(connection);
    const tail = "n".repeat(400);
    const words = ["SUBSCRIBE", ...names.map((index) => `${client}${index}${tail}`)];
    const request = encodeCommand(words);
    for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
    // Its last confirmation counts all.
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(MIB);
    for (let seen = ""; !seen.endsWith(`:${NAMES}\r\n`);) {
      const count = await withDeadline(connection.read(bytes), "confirmations");
      seen = (seen + decoder.decode(bytes.subarray(0, count!))).slice(-16);
    }
  }
  const buffered = () => readMetric(aster, "aster_buffered_bytes");
  assert(await buffered() > 200 * MIB, `${await buffered()}`);
  await Deno.writeTextFile(configFile, text(port, 128 * MIB));
  aster.process.signal("SIGHUP");
  await until(async () => await buffered() <= 128 * MIB, { what: "the fattest are closed" });
  // What a worker logs is written by the main thread, in its own time.
  await aster.logged(/Forgotten to save memory: max_memory_bytes is used up/);
  await aster.logged(/Closed to save memory: max_memory_bytes is used up/);
  assertEquals(await neighbour.call("INCR", "n"), 1);
  for (const connection of subscribers) connection.close();
});
