/**
 * The whole process is stopped for a while and goes on, as by SIGSTOP, in a container without a share of the
 * processor, on a machine that was suspended. What the servers sent meanwhile lies in the sockets: they were not late.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";

const TIMEOUT_MS = 1_500;
/** How long the proxy stands still: longer than twice any timeout. */
const PAUSE_MS = 3_300;
const CLIENTS = 20;
/** More than the kernel takes of a reply before its client reads. */
const LARGE_BYTES = 32 * 1024 * 1024;

/** A proxy before `server` that waits for everything as long. */
function startProxy(port: number, keys = ""): Promise<Aster> {
  return startAster(
    (listen) =>
      `[[clusters]]
name = "pauses"
listen_addr = "127.0.0.1:${listen}"
cache_type = "redis"
servers = ["127.0.0.1:${port}:1"]
read_timeout = ${TIMEOUT_MS}
write_timeout = ${TIMEOUT_MS}
dial_timeout = ${TIMEOUT_MS}
${keys}
`,
    { metrics: true },
  );
}

/** Stops the proxy, lets `act` happen meanwhile, and lets the proxy go on when all timeouts are over. */
async function whileStopped(aster: Aster, act: () => unknown): Promise<void> {
  await aster.process.pause();
  await act();
  await delay(PAUSE_MS);
  aster.process.resume();
}

Deno.test("requests whose replies lie in the socket when the proxy goes on get them", async () => {
  await using server = await startRedisServer();
  await using aster = await startProxy(server.port);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect({ port: aster.port })),
  );
  try {
    await Promise.all(clients.map((client) => client.call("PING")));
    assertEquals(await clients[0]!.call("SET", "warm", "up"), "OK");
    // Replies are held back until the proxy stands still.
    await server.call("CLIENT", "PAUSE", 60_000, "WRITE");
    const before = await readMetric(aster, "aster_backend_requests_total");
    const replies = clients.map((client, index) => client.call("SET", `key:${index}`, index));
    await until(
      async () => await readMetric(aster, "aster_backend_requests_total") >= before + CLIENTS,
      { what: "all requests are sent" },
    );
    await whileStopped(aster, () => server.call("CLIENT", "UNPAUSE"));
    assertEquals(await Promise.all(replies), clients.map(() => "OK"));
    assertEquals(await clients[0]!.call("GET", "key:0"), "0");
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("a server whose ping is answered while the proxy stands still is not ejected", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using aster = await startProxy(
    server.addr.port,
    "ping_fail_limit = 1\nping_succ_interval = 500\nping_interval = 500",
  );
  using connection = await server.accept();
  const ping = async () => await connection.read(new Uint8Array(64));
  const pong = () => connection.write(new TextEncoder().encode("+PONG\r\n"));
  await ping();
  await pong();
  for (let round = 0; round < 3; round++) {
    await ping();
    await whileStopped(aster, pong);
  }
  // It is pinged on over the same connection, as after a ping that was answered.
  assertEquals(await ping(), "PING".length + 10);
  assertEquals(aster.logs().includes("ejected"), false, aster.logs());
});

Deno.test("a handshake that is answered while the proxy stands still is over in time", async () => {
  using backend = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using aster = await startProxy(backend.addr.port, 'backend_auth = "secret"');
  using client = await RespClient.connect({ port: aster.port });
  const reply = client.call("GET", "key");
  using connection = await backend.accept();
  const bytes = new Uint8Array(4096);
  await connection.read(bytes);
  await whileStopped(aster, () => connection.write(new TextEncoder().encode("+OK\r\n")));
  await connection.read(bytes);
  await connection.write(new TextEncoder().encode("$5\r\nvalue\r\n"));
  assertEquals(await reply, "value");
});

Deno.test("a client that takes its reply while the proxy stands still gets all of it", async () => {
  await using server = await startRedisServer();
  await using aster = await startProxy(server.port);
  using watcher = await RespClient.connect({ port: aster.port });
  await server.call("SET", "large", "x".repeat(LARGE_BYTES));
  using client = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
  await client.write(new TextEncoder().encode("GET large\r\n"));
  await until(async () => / omem=[1-9]/.test(String(await watcher.call("CLIENT", "LIST"))), {
    what: "bytes wait for the client",
  });
  const received = { bytes: 0 };
  const wanted = `$${LARGE_BYTES}\r\n`.length + LARGE_BYTES + 2;
  const reading = (async () => {
    const room = new Uint8Array(1024 * 1024);
    while (received.bytes < wanted) {
      const count = await client.read(room);
      if (count === null) break;
      received.bytes += count;
    }
  })();
  await whileStopped(aster, () => {});
  await withDeadline(reading, "the rest of the reply");
  assertEquals(received.bytes, wanted);
});

Deno.test("a client is as old as its connection, however long its worker was idle before", async () => {
  await using server = await startRedisServer();
  await using aster = await startProxy(server.port);
  using early = await RespClient.connect({ port: aster.port });
  assertEquals(await early.call("PING"), "PONG");
  await delay(2_100);
  const beganMs = performance.now();
  using late = await RespClient.connect({ port: aster.port });
  const info = String(await late.call("CLIENT", "INFO"));
  const list = String(await late.call("CLIENT", "LIST"));
  const mostSeconds = (performance.now() - beganMs) / 1000;
  const agesIn = (text: string) =>
    [...text.matchAll(/ age=(\d+) idle=(\d+) /g)].map(([, age, idle]) => [
      Number(age),
      Number(idle),
    ]);
  const [own, ...others] = agesIn(info);
  const [first, second] = agesIn(list);
  assertEquals(others, []);
  for (const seconds of [...own!, ...second!]) assert(seconds <= mostSeconds, list);
  for (const seconds of first!) assert(seconds >= 2, list);
});
