/**
 * Hostile backends. How it works: 1. a proxy with three clusters whose backends answer with
 * anything, and one with an honest Redis; 2. clients of the first three pipeline requests: each
 * gets a reply, whatever it is, or its connection ends, in time; 3. clients of the honest one check
 * every reply; 4. at the end the proxy holds nothing.
 */
import { assert, assertEquals } from "../deps.ts";
import { becomesIdle, idleDescriptors, memoryBytes } from "../model/proxy_watch.ts";
import { startAster } from "../support/servers/aster.ts";
import { delay, withDeadline } from "../support/tools/poll.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand } from "../support/clients/resp_client.ts";
import { type Random, scaled, seededRandom } from "../support/tools/seed.ts";
import { Bystanders } from "./bystanders.ts";
import { countReplies } from "./reply_count.ts";
import { startHostileBackend } from "./hostile_backend.ts";

const TALKS = 120;
const CLIENTS = 6;
const MEMORY_LIMIT_BYTES = 500 * 1024 * 1024;
/**
 * Connecting, and twice a read timeout for a request that was sent on to another backend, and
 * patience.
 */
const ANSWER_DEADLINE_MS = 10_000;

const encoder = new TextEncoder();

function configuration(type: string, port: number, servers: readonly string[]): string {
  return `
[[clusters]]
name = "${type}-${port}"
listen_addr = "127.0.0.1:${port}"
cache_type = "${type}"
servers = [${servers.map((server) => `"${server}"`).join(", ")}]
read_timeout = 300
dial_timeout = 200
`;
}

Deno.test("whatever backends answer, clients get a reply or an end, and other clusters theirs", async () => {
  const random = seededRandom("backends");
  await using redis = await startRedisServer();
  await using first = await startHostileBackend(random, false);
  await using second = await startHostileBackend(random, false);
  await using third = await startHostileBackend(random, true);
  for (const backend of [first, second]) backend.peers.push(first.port, second.port);
  const resp = [first.address, second.address];
  const weighted = (addresses: readonly string[]) => addresses.map((address) => `${address}:1`);
  await using aster = await startAster((one, two, three, four) =>
    [
      configuration("redis", one!, weighted(resp)),
      configuration("memcache", two!, weighted([third.address])),
      configuration("redis_cluster", three!, resp),
      configuration("redis", four!, weighted([redis.address])).replace("300", "10000"),
    ].join(""), { portCount: 4, metrics: true });
  const [redisPort, memcachePort, clusterPort, honestPort] = aster.ports as number[];
  const idleCount = await idleDescriptors(aster);
  const bystanders = new Bystanders(honestPort!, false, random.next());
  let left = scaled(TALKS);
  const talk = async () => {
    while (left > 0) {
      left -= 1;
      const port = random.pick([redisPort!, memcachePort!, clusterPort!]);
      await talkOnce(random, port, port === memcachePort);
      assertEquals(aster.process.status, null, "the proxy lives");
      assert(memoryBytes(aster) < MEMORY_LIMIT_BYTES);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, talk));
  await bystanders.stop();
  const metrics = await becomesIdle(aster, idleCount);
  assertEquals(metrics.failures("generation_mismatch"), 0);
  assertEquals(metrics.sum("aster_worker_restarts_total"), 0);
});

/** Pipelines a few requests, and reads until each has a reply or the stream ends. */
async function talkOnce(random: Random, port: number, isMemcache: boolean): Promise<void> {
  const count = random.between(1, 30);
  const requests = Array.from({ length: count }, () => request(random, isMemcache));
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    for (const bytes of requests) await socket.write(bytes);
    await withDeadline(
      readReplies(socket, count, isMemcache),
      `${count} replies, or the end`,
      ANSWER_DEADLINE_MS,
    );
  } finally {
    socket.close();
  }
  await delay(0);
}

function request(random: Random, isMemcache: boolean): Uint8Array {
  const key = () => `key${random.below(20)}`;
  if (!isMemcache) {
    const words = random.pick([["GET"], ["MGET", key(), key()], ["DEL", key()], ["INCR"], ["TTL"]]);
    return encodeCommand([...words, key()]);
  }
  const text = random.pick([
    `get ${key()} ${key()}\r\n`,
    `set ${key()} 0 0 3\r\nabc\r\n`,
    `incr ${key()} 1\r\n`,
    `delete ${key()}\r\n`,
  ]);
  return encoder.encode(text);
}

async function readReplies(
  socket: Deno.TcpConn,
  count: number,
  isMemcache: boolean,
): Promise<void> {
  let received = new Uint8Array(0);
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const found = countReplies(received, isMemcache);
    assert(found <= count, `${found} replies to ${count} requests`);
    if (found === count) return;
    let byteCount: number | null = null;
    try {
      byteCount = await socket.read(buffer);
    } catch {
      // Reset.
    }
    if (byteCount === null) return;
    const joined = new Uint8Array(received.length + byteCount);
    joined.set(received);
    joined.set(buffer.subarray(0, byteCount), received.length);
    received = joined;
  }
}
