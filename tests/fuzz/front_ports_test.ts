/**
 * Hostile clients on the front ports. How it works: 1. a proxy with a Redis and a memcache pool,
 * real servers behind; 2. well-behaved clients of both check every reply; 3. beside them hostile
 * clients send random and damaged bytes, and whole requests of every command with any words, or
 * reset before they are accepted; 4.
 * afterwards nobody was disturbed, no backend connection lost its step, and everything is given
 * back.
 */
import { assert, assertEquals } from "../deps.ts";
import { becomesIdle, idleDescriptors, memoryBytes, scrape } from "../model/proxy_watch.ts";
import { startAster } from "../support/servers/aster.ts";
import { startMemcachedServer } from "../support/servers/memcached_server.ts";
import { delay, withDeadline } from "../support/tools/poll.ts";
import { randomCuts } from "../support/tools/random_cuts.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand } from "../support/clients/resp_client.ts";
import { resetBeforeAccept } from "../support/clients/unaccepted_connections.ts";
import { type Random, scaled, seededRandom } from "../support/tools/seed.ts";
import { Bystanders } from "./bystanders.ts";
import { countReplies } from "./reply_count.ts";
import { anyMemcacheRequest, anyRedisRequest, hostileStream } from "./hostile_bytes.ts";
import { startPool } from "./pool.ts";

const STREAMS = 250;
const HOSTILE_CLIENTS = 6;
const MEMORY_LIMIT_BYTES = 500 * 1024 * 1024;
/** A hostile client leaves when nothing comes for this long, in milliseconds. */
const SILENCE_MS = 40;
/** Clients that reset at a time. */
const RESETS_MAX = 100;
const WHOLE_TALKS = 60;
const HALF_CLOSED_TALKS = 150;
const MARKER = "the-marker-behind-all";

const decoder = new TextDecoder("latin1");

Deno.test("whatever clients send, the others get their replies and the proxy lives", async () => {
  const random = seededRandom("front ports");
  await using redis = await startRedisServer();
  await using memcached = await startMemcachedServer();
  await using aster = await startAster((redisPort, memcachePort) => `
[[clusters]]
name = "redis"
listen_addr = "127.0.0.1:${redisPort}"
cache_type = "redis"
servers = ["${redis.address}:1"]
read_timeout = 10000
[[clusters]]
name = "memcache"
listen_addr = "127.0.0.1:${memcachePort}"
cache_type = "memcache"
servers = ["${memcached.address}:1"]
read_timeout = 10000
`, { portCount: 2, metrics: true });
  const [redisPort, memcachePort] = aster.ports as [number, number];
  const idleCount = await idleDescriptors(aster);
  const redisSide = new Bystanders(redisPort, false, random.next());
  const memcacheSide = new Bystanders(memcachePort, true, random.next());
  let left = scaled(STREAMS);
  const attack = async () => {
    while (left > 0) {
      left -= 1;
      const isMemcache = random.chance(0.5);
      const stream = hostileStream(random, isMemcache ? anyMemcacheRequest : anyRedisRequest);
      await sendStream(random, isMemcache ? memcachePort : redisPort, stream);
      assertEquals(aster.process.status, null, "the proxy lives");
      assert(memoryBytes(aster) < MEMORY_LIMIT_BYTES);
    }
  };
  const reset = async () => {
    while (left > 0) {
      resetBeforeAccept(
        random.chance(0.5) ? memcachePort : redisPort,
        random.between(1, RESETS_MAX),
      );
      await delay(random.between(1, 100));
    }
  };
  await Promise.all([...Array.from({ length: HOSTILE_CLIENTS }, attack), reset()]);
  await redisSide.stop();
  await memcacheSide.stop();

  const metrics = await becomesIdle(aster, idleCount);
  for (
    const reason of ["backend_stray", "backend_malformed", "backend_timeout", "backend_closed"]
  ) {
    assertEquals(metrics.failures(reason), 0, reason);
  }
  assertEquals(metrics.sum("aster_worker_restarts_total"), 0);
});

/** Sends a stream in random pieces, takes what comes back, and leaves in some way. */
async function sendStream(random: Random, port: number, stream: Uint8Array): Promise<void> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const reading = drain(socket);
  try {
    const pieces = random.chance(0.5) ? randomCuts(random, stream.length).slice(0, 50) : [];
    let start = 0;
    for (const length of [...pieces, stream.length]) {
      for (const end = Math.min(stream.length, start + length); start < end;) {
        start += await socket.write(stream.subarray(start, end));
      }
    }
    if (random.chance(0.3)) await socket.closeWrite();
    if (random.chance(0.8)) await reading.isSilent();
  } catch {
    // The proxy may close at any byte.
  }
  try {
    socket.close();
  } catch {
    // Closed already.
  }
  await reading.hasEnded;
}

function drain(socket: Deno.TcpConn): { isSilent: () => Promise<void>; hasEnded: Promise<void> } {
  let lastMs = performance.now();
  let isOver = false;
  const read = async () => {
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (await socket.read(buffer) !== null) lastMs = performance.now();
    } catch {
      // Reset, or closed by ourselves.
    }
    isOver = true;
  };
  const isSilent = async () => {
    lastMs = performance.now();
    while (!isOver && performance.now() - lastMs < SILENCE_MS) await delay(5);
  };
  return { isSilent, hasEnded: read() };
}

Deno.test("every whole request of Redis has exactly one reply, whatever it asks", async () => {
  const random = seededRandom("whole requests");
  await using pool = await startPool();
  const { aster } = pool;
  for (let talk = scaled(WHOLE_TALKS); talk > 0; talk--) await talkWhole(random, aster.port);
  const metrics = await scrape(aster);
  for (
    const reason of ["backend_stray", "backend_malformed", "backend_timeout", "backend_closed"]
  ) {
    assertEquals(metrics.failures(reason), 0, reason);
  }
});

/**
 * Pipelines requests and a marker behind them; the marker's reply is the last of as many as there
 * are.
 */
async function talkWhole(random: Random, port: number): Promise<void> {
  const requests: Uint8Array[] = [];
  while (requests.length < 30) {
    const request = anyRedisRequest(random);
    // Behind QUIT nothing more is answered, nor while a request waits for another client's act; inline
    // requests may break off within a word. Subscribing has a reply for each channel.
    if (
      /^\*(?!.*\r\n([ps]?(un)?subscribe|quit|client|b[lrz]|block))/is.test(decoder.decode(request))
    ) {
      requests.push(request);
    }
  }
  // Ends a transaction, which would queue the marker.
  requests.push(encodeCommand(["RESET"]));
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  for (const request of [...requests, encodeCommand(["ECHO", MARKER])]) await socket.write(request);
  const received: number[] = [];
  const buffer = new Uint8Array(64 * 1024);
  while (!decoder.decode(Uint8Array.from(received.slice(-40))).includes(MARKER)) {
    const count = await withDeadline(socket.read(buffer), "the marker comes back");
    if (count === null) throw new Error(`Closed behind ${shown(requests)}`);
    received.push(...buffer.subarray(0, count));
  }
  const replies = countReplies(Uint8Array.from(received), false);
  assertEquals(replies, requests.length + 1, `replies to ${shown(requests)}`);
}

Deno.test("a client that ends its input is closed, whatever it asks, with at most one reply a request", async () => {
  const random = seededRandom("half-closed clients");
  await using pool = await startPool();
  const { aster } = pool;
  const idleCount = await idleDescriptors(aster);
  let left = scaled(HALF_CLOSED_TALKS);
  const talk = async () => {
    for (; left > 0; left--) await talkHalfClosed(random, aster.port);
  };
  await Promise.all(Array.from({ length: HOSTILE_CLIENTS }, talk));
  const metrics = await becomesIdle(aster, idleCount);
  assertEquals(metrics.sum("aster_blocked_clients"), 0);
  for (const reason of ["backend_stray", "backend_malformed", "backend_timeout"]) {
    assertEquals(metrics.failures(reason), 0, reason);
  }
});

/** Sends requests, many of which block, in pieces, ends the input at some moment, and reads to the end. */
async function talkHalfClosed(random: Random, port: number): Promise<void> {
  const requests: Uint8Array[] = [];
  const wanted = random.between(1, 20);
  while (requests.length < wanted) {
    const request = random.chance(0.3) ? blockingRequest(random) : anyRedisRequest(random);
    // CLIENT pauses and kills the others; subscribing has a reply for each channel; what arrives behind QUIT and the
    // close resets the connection.
    if (/^\*(?!.*\r\n([ps]?(un)?subscribe|client|quit))/is.test(decoder.decode(request))) {
      requests.push(request);
    }
  }
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const received: number[] = [];
  const reading = (async () => {
    const buffer = new Uint8Array(64 * 1024);
    for (let count = await socket.read(buffer); count !== null; count = await socket.read(buffer)) {
      received.push(...buffer.subarray(0, count));
    }
  })();
  const sending = (async () => {
    for (const request of requests) {
      await socket.write(request);
      if (random.chance(0.1)) await delay(random.below(3));
    }
    await socket.closeWrite();
  })();
  await withDeadline(Promise.all([reading, sending]), `closed behind ${shown(requests)}`);
  const replies = countReplies(Uint8Array.from(received), false);
  assert(replies <= requests.length, `${replies} replies to ${shown(requests)}`);
}

function blockingRequest(random: Random): Uint8Array {
  const key = random.pick(["hostile:a", "hostile:b", "{hostile}c"]);
  return encodeCommand(random.pick([
    ["BLPOP", key, "0"],
    ["BRPOP", key, "0.01"],
    ["BLMOVE", "{hostile}c", "{hostile}d", "LEFT", "RIGHT", "0"],
    ["BZPOPMIN", key, "0"],
    ["BLMPOP", "0", "1", key, "LEFT"],
    ["XREAD", "BLOCK", "0", "STREAMS", key, "$"],
    ["RPUSH", key, "x"],
    ["DEL", key],
  ]));
}

function shown(requests: readonly Uint8Array[]): string {
  return requests.map((request) => JSON.stringify(decoder.decode(request))).join("\n");
}
