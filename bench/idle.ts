/**
 * What a proxy does without load: what it costs, and how soon it answers when somebody asks.
 *
 * @module
 */
import { delay } from "../tests/support/tools/poll.ts";
import type { RedisBackends } from "./backends.ts";
import type { Finding } from "./checks.ts";
import { cpuBetween, sampleCpu } from "./process_usage.ts";
import { type Proxy, startNutcracker } from "./proxies.ts";
import type { Engine } from "./rows.ts";
import { IDLE_TARGETS } from "./targets.ts";
import { median } from "./verdict.ts";

/** A started program compiles and collects on for a while, in milliseconds. */
const SETTLE_MS = 3_000;
/** How long an idle proxy is watched, in milliseconds. */
const IDLE_MS = 10_000;

/** Requests before any counts: engine and client compile what is hot. */
const WARM_UP_REQUESTS = 3_000;
/** Requests back to back, before the silences and again behind them. */
const BUSY_REQUESTS = 1_000;
/** Requests behind a silence. */
const SILENCES = 50;
/** Shortest silence and how much longer others are, in milliseconds. */
const SILENCE_MS = 50;
const SILENCE_SPREAD_MS = 51;

const KEY = "idle";
const REPLY = "$1\r\nx\r\n";

/** CPU time of the whole process while nobody is connected. */
export async function checkIdleCpu(proxy: Proxy): Promise<Finding[]> {
  await delay(SETTLE_MS);
  const startedAtMs = performance.now();
  const before = sampleCpu(proxy.pid);
  await delay(IDLE_MS);
  const { totalSeconds, isTicked } = cpuBetween(before, sampleCpu(proxy.pid));
  const seconds = (performance.now() - startedAtMs) / 1000;
  const share = totalSeconds / seconds;
  return [{
    name: `CPU of an idle proxy, ${seconds.toFixed(0)} s`,
    measured: `${percent(share)} of a core`,
    limit: `< ${percent(IDLE_TARGETS.cpuShareMax)}`,
    isReached: share < IDLE_TARGETS.cpuShareMax,
    note: isTicked ? "known in ticks of 10 ms only" : "",
  }];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/**
 * How much later than under load the first reply after a silence comes. The limit is the proxy's
 * own; what client, backend and machine add without one, and beside another one, is for reading.
 */
export async function checkFirstRequest(
  proxy: Proxy,
  backends: RedisBackends,
  engine: Engine,
): Promise<Finding[]> {
  const control = await measureSilences(backends.servers[0]!.port);
  const reference = await measureReference(backends, engine);
  const subject = await measureSilences(proxy.port);
  const limitMs = IDLE_TARGETS.firstRequestAddedMsMax;
  const what = `first request after ${SILENCE_MS}–${
    SILENCE_MS + SILENCE_SPREAD_MS - 1
  } ms of silence`;
  const forReading = { limit: "", isReached: null };
  return [
    {
      ...finding(what, subject),
      limit: `≤ +${limitMs} ms`,
      isReached: addedMs(subject) <= limitMs,
    },
    { ...finding("the same without a proxy", control), ...forReading },
    { ...finding("the same through nutcracker", reference), ...forReading },
  ];
}

async function measureReference(backends: RedisBackends, engine: Engine): Promise<Silences> {
  await using proxy = await startNutcracker({
    name: "nutcracker",
    suite: "redis",
    engine,
    backends,
  });
  return await measureSilences(proxy.port);
}

function addedMs({ busyMs, afterSilenceMs }: Silences): number {
  return afterSilenceMs - busyMs;
}

function finding(name: string, silences: Silences): Pick<Finding, "name" | "measured" | "note"> {
  const added = addedMs(silences);
  return {
    name,
    measured: `${added >= 0 ? "+" : ""}${added.toFixed(3)} ms`,
    note: `median ${silences.afterSilenceMs.toFixed(3)} ms, ` +
      `back to back ${silences.busyMs.toFixed(3)} ms`,
  };
}

interface Silences {
  /** Median of requests back to back. */
  busyMs: number;
  /** Median of requests each after a silence. */
  afterSilenceMs: number;
}

async function measureSilences(port: number): Promise<Silences> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  await ask(connection, `*3\r\n$3\r\nSET\r\n$${KEY.length}\r\n${KEY}\r\n$1\r\nx\r\n`, "+OK\r\n");
  await timeRequests(connection, WARM_UP_REQUESTS);
  const busyMs = await timeRequests(connection, BUSY_REQUESTS);
  const afterSilenceMs: number[] = [];
  for (let index = 0; index < SILENCES; index++) {
    // Uneven, so that no timer of the proxy keeps step with them.
    spin(SILENCE_MS + index * 17 % SILENCE_SPREAD_MS);
    afterSilenceMs.push(...await timeRequests(connection, 1));
  }
  busyMs.push(...await timeRequests(connection, BUSY_REQUESTS));
  return { busyMs: median(busyMs), afterSilenceMs: median(afterSilenceMs) };
}

/** Lets time pass without a rest: a client that sleeps wakes late itself. */
function spin(milliseconds: number): void {
  const endsAtMs = performance.now() + milliseconds;
  while (performance.now() < endsAtMs);
}

/** The latency of each of so many requests, one after the other. */
async function timeRequests(connection: Deno.TcpConn, count: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const sentAtMs = performance.now();
    await ask(connection, `*2\r\n$3\r\nGET\r\n$${KEY.length}\r\n${KEY}\r\n`, REPLY);
    latenciesMs.push(performance.now() - sentAtMs);
  }
  return latenciesMs;
}

/** @throws {Error} If the reply is not the expected one. */
async function ask(connection: Deno.TcpConn, request: string, reply: string): Promise<void> {
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(64);
  let length = 0;
  while (length < reply.length) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) throw new Error("Connection ended");
    length += count;
  }
  const answer = new TextDecoder().decode(buffer.subarray(0, length));
  if (answer !== reply) throw new Error(`A request was answered by ${JSON.stringify(answer)}`);
}
