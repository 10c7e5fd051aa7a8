/**
 * Clients that write a whole pipeline before they read anything, as redis-py does, and such as leave midway.
 *
 * @module
 */
import { encodeCommand } from "../support/clients/resp_client.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";
import { assert, assertEquals } from "../deps.ts";

/** What redis-py's users send by one `pipeline.execute()`. */
const REQUESTS = 300_000;
/** All replies together are more than the kernel holds for a connection. */
const VALUE = "some bytes more than the kernel holds ".repeat(3);
const DEADLINE_MS = 120_000;

/** Writes all of it, and reads nothing meanwhile. */
async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

/** So many copies of `bytes`. */
function repeated(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(count * bytes.length);
  for (let index = 0; index < count; index++) all.set(bytes, index * bytes.length);
  return all;
}

/** Reads exactly as many bytes as `expected` copies of the reply take; where they differ, or -1. */
async function firstWrong(
  connection: Deno.TcpConn,
  reply: Uint8Array,
  count: number,
): Promise<number> {
  const room = new Uint8Array(256 * 1024);
  let position = 0;
  while (position < count * reply.length) {
    const byteCount = await connection.read(room);
    if (byteCount === null) return position;
    for (let index = 0; index < byteCount; index++) {
      if (room[index] !== reply[(position + index) % reply.length]) return position + index;
    }
    position += byteCount;
  }
  return -1;
}

async function startPool(keys = ""): Promise<RedisPool> {
  return await startRedisPool({ keys });
}

Deno.test("a pipeline of 300,000 GETs that is written whole before anything is read is answered", async () => {
  await using pool = await startPool("write_timeout = 2000");
  using client = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await client.write(encodeCommand(["SET", "key", VALUE]));
  assertEquals(await client.read(new Uint8Array(64)), 5);
  const requests = repeated(encodeCommand(["GET", "key"]), REQUESTS);
  await withDeadline(writeAll(client, requests), "all requests are taken", DEADLINE_MS);
  const reply = new TextEncoder().encode(`$${VALUE.length}\r\n${VALUE}\r\n`);
  const wrong = await withDeadline(
    firstWrong(client, reply, REQUESTS),
    "all replies",
    DEADLINE_MS,
  );
  assertEquals(wrong, -1);
});

Deno.test("so is one beside others that want as much, and share a small worker_output_limit", async () => {
  await using pool = await startPool("worker_output_limit = 4194304\nwrite_timeout = 10000");
  using first = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await first.write(encodeCommand(["SET", "key", VALUE]));
  assertEquals(await first.read(new Uint8Array(64)), 5);
  const reply = new TextEncoder().encode(`$${VALUE.length}\r\n${VALUE}\r\n`);
  const count = 100_000;
  const requests = repeated(encodeCommand(["GET", "key"]), count);
  const clients = [first];
  while (clients.length < 3) {
    clients.push(await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port }));
  }
  // They read while they write: those who do not would wait for each other.
  const wrong = await withDeadline(
    Promise.all(clients.map(async (client) => {
      const [found] = await Promise.all([
        firstWrong(client, reply, count),
        writeAll(client, requests),
      ]);
      return found;
    })),
    "all replies",
    DEADLINE_MS,
  );
  assertEquals(wrong, [-1, -1, -1]);
  for (const client of clients.slice(1)) client.close();
});

Deno.test("one that asks for more than client_output_limit and never reads is not read, then closed", async () => {
  await using pool = await startPool(
    "client_output_limit = 2097152\nmax_pipeline = 500\nwrite_timeout = 500",
  );
  using client = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await client.write(encodeCommand(["SET", "key", "v".repeat(1_000)]));
  assertEquals(await client.read(new Uint8Array(64)), 5);
  const requests = repeated(encodeCommand(["GET", "key"]), REQUESTS);
  const error = await withDeadline(
    writeAll(client, requests).then(() => null, (error) => error),
    "the end",
    DEADLINE_MS,
  );
  assert(error instanceof Error, "it could not write all of it");
  await until(() => pool.aster.logs().includes('"reason":"client_'), { what: "the reason" });
  assert(pool.aster.logs().includes('"reason":"client_write_timeout"'), pool.aster.logs());
});
