/**
 * Each limit under a flood that is beyond it, again and again: it is counted, the neighbour is served at once, and what
 * the process takes stays as it was behind the first floods.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Floods behind which memory is measured for the first time: by then V8 has its space for young objects. */
const WARM_UPS = 4;
const FLOODS = 4;
/** What memory may grow by meanwhile. */
const GROWTH_SHARE = 0.2;
const GROWTH_MIB = 20;
/** Longest wait of the neighbour, milliseconds; the machine may be busy. */
const NEIGHBOUR_MS = 2_000;

/** Where a flood goes. */
interface Target {
  readonly aster: Aster;
  readonly server: RedisServer;
}

interface Limit {
  readonly key: string;
  /** Lines of the cluster's entry. */
  readonly lines: string;
  /** Under which reason it is counted; null: what is beyond it waits. */
  readonly reason: string | null;
  flood(target: Target): Promise<void>;
}

/** Writes as much as is taken, and reads what comes until the other side closes or `enough` has come. */
async function talk(port: number, bytes: Uint8Array, enough: number): Promise<number> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const writing = (async () => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  })().catch(() => {});
  const room = new Uint8Array(64 * KIB);
  let received = 0;
  while (received < enough) {
    const read = connection.read(room).catch(() => null);
    const count = await withDeadline(read, "a reply, or the end", 20_000);
    if (count === null) break;
    received += count;
  }
  connection.close();
  await writing;
  return received;
}

/** A client that is one of those that may be: the one before it may not have left yet, and others may be quicker. */
async function admitted(port: number): Promise<RespClient> {
  let client: RespClient | null = null;
  await until(async () => {
    const one = await RespClient.connect({ port });
    if (await one.call("PING").catch(() => null) === "PONG") client = one;
    else one[Symbol.dispose]();
    return client !== null;
  }, { what: "a client is admitted" });
  return client!;
}

/** Such connections at a time. */
async function inRows(count: number, row: number, one: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += row) {
    await Promise.all(Array.from({ length: row }, () => one()));
  }
}

function repeated(command: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(command.length * count);
  for (let index = 0; index < count; index++) bytes.set(command, index * command.length);
  return bytes;
}

const PING = encodeCommand(["PING"]);
const FAT_BYTES = 100_000;

const limits: Limit[] = [
  {
    key: "max_clients",
    lines: "max_clients = 2",
    reason: "client_limit",
    async flood({ aster: { port } }) {
      // The neighbour is one of the two; this is the other.
      using _ = await admitted(port);
      await inRows(1_000, 50, () => talk(port, PING, MIB));
    },
  },
  {
    key: "max_clients_per_address",
    lines: "max_clients_per_address = 2",
    reason: "client_address_limit",
    async flood({ aster: { port } }) {
      using _ = await admitted(port);
      await inRows(1_000, 50, () => talk(port, PING, MIB));
    },
  },
  {
    key: "client_idle_timeout",
    lines: "client_idle_timeout = 300",
    reason: "client_idle",
    flood: ({ aster: { port } }) => inRows(400, 400, () => talk(port, PING, MIB)),
  },
  {
    key: "max_request_bytes",
    lines: `max_request_bytes = ${64 * KIB}`,
    reason: "client_request_limit",
    flood: ({ aster: { port } }) => {
      const request = encodeCommand(["SET", "a", "v".repeat(4 * MIB)]);
      return inRows(60, 10, () => talk(port, request, MIB));
    },
  },
  {
    key: "max_pipeline",
    lines: "max_pipeline = 100",
    reason: null,
    flood: ({ aster: { port } }) => {
      const count = 20_000;
      return inRows(
        4,
        4,
        () => talk(port, repeated(encodeCommand(["GET", "no"]), count), 5 * count),
      );
    },
  },
  {
    key: "client_output_limit",
    lines: "client_output_limit = 1_000_000",
    reason: "client_output_limit",
    async flood({ aster, server }) {
      await server.pause();
      const { port } = aster;
      const request = repeated(encodeCommand(["GET", "fat"]), 60);
      const connections = await Promise.all(
        Array.from({ length: 5 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
      );
      for (const connection of connections) await connection.write(request);
      await until(async () => await readMetric(aster, "aster_backend_in_flight") >= 5 * 60, {
        what: "all are in flight",
      });
      const before = await readMetric(
        aster,
        "aster_failures_total",
        'reason="client_output_limit"',
      );
      server.resume();
      await until(
        async () =>
          await readMetric(aster, "aster_failures_total", 'reason="client_output_limit"') ===
            before + connections.length,
        { what: "all are closed" },
      );
      for (const connection of connections) connection.close();
    },
  },
  {
    key: "max_backend_queue_bytes",
    lines: "max_backend_queue_bytes = 1_000_000\nbackend_queue_soft_bytes = 1_000_000",
    reason: "backend_queue_full",
    async flood({ aster, server }) {
      const { port } = aster;
      const request = encodeCommand(["SET", "a", "v".repeat(300_000)]);
      await server.pause();
      const before = await readMetric(aster, "aster_failures_total", 'reason="backend_queue_full"');
      const clients: Deno.TcpConn[] = [];
      await until(async () => {
        const client = await Deno.connect({ hostname: "127.0.0.1", port });
        clients.push(client);
        for (let at = 0; at < request.length;) at += await client.write(request.subarray(at));
        return await readMetric(aster, "aster_failures_total", 'reason="backend_queue_full"') >
          before + 5;
      }, { what: "the queue is full", intervalMs: 1 });
      server.resume();
      const room = new Uint8Array(256);
      for (const client of clients) {
        await withDeadline(client.read(room), "a reply");
        client.close();
      }
    },
  },
  {
    key: "rate_limit",
    lines: 'rate_limit = { per_second = 100, burst = 100, per = "client" }',
    reason: "rate_limited",
    flood: ({ aster: { port } }) => {
      const count = 20_000;
      const request = repeated(encodeCommand(["GET", "no"]), count);
      return inRows(4, 4, () => talk(port, request, 5 * count));
    },
  },
];

for (const { key, lines, reason, flood } of limits) {
  Deno.test(`${key}: floods beyond it take no more memory each time, and the neighbour is served`, async () => {
    await using server = await startRedisServer();
    await using aster = await startAster((port) =>
      `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${server.address}"]
read_timeout = 60_000
write_timeout = 60_000
${lines}
`, { metrics: true });
    await server.call("SET", "fat", "v".repeat(FAT_BYTES));
    const memoryMib = async () => await readMetric(aster, "aster_memory_usage") / KIB;
    using neighbour = await RespClient.connect({ port: aster.port });
    let isOver = false;
    let longestMs = 0;
    let asked = 0;
    const asking = (async () => {
      while (!isOver) {
        const startMs = performance.now();
        // It is answered by the proxy itself: servers stand still at times.
        assertEquals(await neighbour.call("PING", asked), String(asked));
        longestMs = Math.max(longestMs, performance.now() - startMs);
        asked += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    // Where a flood fails, that is what the test shall say.
    asking.catch(() => {});
    for (let round = 0; round < WARM_UPS; round++) await flood({ aster, server });
    const before = await memoryMib();
    for (let round = 0; round < FLOODS; round++) await flood({ aster, server });
    const after = await memoryMib();
    isOver = true;
    await asking;
    console.log(
      `${key}: ${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB; the neighbour waited for ` +
        `${longestMs.toFixed(0)} ms at most, ${asked} times`,
    );
    if (reason !== null) {
      assert(await readMetric(aster, "aster_failures_total", `reason="${reason}"`) > FLOODS);
    }
    assert(after <= before * (1 + GROWTH_SHARE) + GROWTH_MIB, `${before} MiB, then ${after} MiB`);
    assert(asked > FLOODS && longestMs < NEIGHBOUR_MS, `${longestMs} ms`);
  });
}
