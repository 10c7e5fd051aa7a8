import { assert, assertEquals, assertMatch } from "../deps.ts";
import type { Aster } from "../support/servers/aster.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { residentBytes } from "../support/servers/server_process.ts";
import { readMetric } from "./metrics.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const CLIENTS = 1000;
const MEGABYTE = 1024 * 1024;
/** What one client that reads nothing may add to the proxy: its limit and what is under way. */
const SLOW_CLIENT_LIMIT_BYTES = 150 * MEGABYTE;

let pool: RedisPool;
let aster: Aster;

const connected = () => readMetric(aster, "aster_front_connection");

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({
    metrics: true,
    keys: "thread = 2\nread_timeout = 5000\nwrite_timeout = 3000",
  });
  aster = pool.aster;
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

Deno.test(`${CLIENTS} clients at once each get their own`, async () => {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect({ port: aster.port })),
  );
  const replies = await Promise.all(clients.map((client, index) =>
    client.pipeline([
      ["SET", `client:${index}`, `value ${index}`],
      ["GET", `client:${index}`],
      ["ECHO", index],
    ])
  ));
  assertEquals(replies, replies.map((_, index) => ["OK", `value ${index}`, `${index}`]));
  assertEquals(await connected(), CLIENTS);
  // Half of them leave in the middle of what they ask.
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) await client.send(encodeCommand(["GET", `client:${index}`]));
    client.close();
  }
  await until(async () => await connected() === 0, { what: "all clients are gone" });
  assertEquals(await readMetric(aster, "aster_front_connection_incr"), CLIENTS);
});

Deno.test("clients who come after many others are served as before", async () => {
  using client = await RespClient.connect({ port: aster.port });
  const keys = Array.from({ length: CLIENTS }, (_, index) => ["GET", `client:${index}`]);
  assertEquals(await client.pipeline(keys), keys.map((_, index) => `value ${index}`));
});

/** Short replies after which some hundreds of requests may be in flight. */
const SHOWN = 1_000;

/**
 * Asks for the key `count` times. No reply comes before all are asked for: a client whose replies pile up is
 * not read on, so that only what it asked for by then could pile up.
 */
async function askWhilePaused(client: Deno.TcpConn, count: number): Promise<void> {
  const request = encodeCommand(["GET", "megabyte"]);
  // Until replies have shown how long they are, few requests are in flight.
  for (let asked = 0; asked < SHOWN; asked++) {
    await client.write(encodeCommand(["GET", "client:0"]));
  }
  const room = new Uint8Array(64 * 1024);
  for (let left = SHOWN * "$7\r\nvalue 0\r\n".length; left > 0;) {
    left -= await withDeadline(client.read(room), "short replies come") ?? 0;
  }
  await Promise.all(pool.servers.map((server) => server.pause()));
  try {
    for (let index = 0; index < count; index++) await client.write(request);
    await until(async () => await readMetric(aster, "aster_backend_in_flight") === count, {
      what: "all requests are sent",
    });
  } finally {
    for (const server of pool.servers) server.resume();
  }
}

for (
  const { megabytes, reason } of [
    { megabytes: 30, reason: "client_write_timeout" },
    { megabytes: 200, reason: "client_output_limit" },
  ]
) {
  Deno.test(`a client that leaves ${megabytes} MB is closed: ${reason}`, async () => {
    using client = await RespClient.connect({ port: aster.port });
    await client.call("SET", "megabyte", "m".repeat(MEGABYTE));
    const before = residentBytes(aster.pid);
    using slow = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
    await askWhilePaused(slow, megabytes);
    let most = 0;
    await until(async () => {
      const keys = Array.from({ length: 20 }, (_, index) => ["GET", `client:${index}`]);
      const replies = await withDeadline(client.pipeline(keys), "others are served", 5_000);
      assertEquals(replies, keys.map((_, index) => `value ${index}`));
      most = Math.max(most, residentBytes(aster.pid) - before);
      return aster.logs().includes(`"reason":"${reason}"`);
    }, { what: "the slow client is closed" });
    assert(most < SLOW_CLIENT_LIMIT_BYTES, `it took ${most} bytes`);
    assertEquals(await connected(), 1);
    assertEquals(await readMetric(aster, "aster_failures_total", `reason="${reason}"`), 1);
    const closed = aster.logs().match(/"Client closed: it does not take its replies".*/g);
    assertMatch(closed!.at(-1)!, new RegExp(`"reason":"${reason}"`));
  });
}

Deno.test("a client that reads slowly gets everything", async () => {
  using slow = await RespClient.connect({ port: aster.port });
  await slow.send(encodeCommand(["MGET", "megabyte", "megabyte"]));
  for (let count = 0; count < 30; count++) await slow.send(encodeCommand(["GET", "megabyte"]));
  assertEquals(String(await slow.read()).length, 2 * MEGABYTE + 1);
  for (let count = 0; count < 30; count++) {
    assertEquals(String(await slow.read()).length, MEGABYTE);
  }
});
