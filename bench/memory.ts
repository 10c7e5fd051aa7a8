/**
 * What memory a proxy takes: for idle clients, for a large value, and for a client that asks and
 * never reads.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { delay, until } from "../tests/support/tools/poll.ts";
import type { RedisServer } from "../tests/support/servers/redis_server.ts";
import { RespClient } from "../tests/support/clients/resp_client.ts";
import type { RedisBackends } from "./backends.ts";
import { Bystanders, type Observation } from "./bystanders.ts";
import type { Finding } from "./checks.ts";
import { keyOf, valueOf } from "./data_set.ts";
import {
  openFilesMax,
  peakResidentBytes,
  resetPeakResident,
  residentBytes,
} from "./process_usage.ts";
import type { Proxy } from "./proxies.ts";
import type { Engine } from "./rows.ts";
import { MEMORY_TARGETS } from "./targets.ts";

const MEGABYTE = 1_000_000;

/** Files that a process needs beside the idle clients. */
const OTHER_FILES = 200;
/** Clients that connect at the same time. */
const CONNECT_BATCH = 100;
/** Memory that changes by less than this in {@link SETTLE_MS} has settled, in bytes. */
const SETTLED_BYTES = MEGABYTE;
const SETTLE_MS = 1_000;
const SETTLE_ROUNDS_MAX = 15;
/** Longest wait for a large value, in milliseconds. */
const LARGE_DEADLINE_MS = 60_000;
/**
 * How long other clients are watched, without the one that never reads and once replies flow to it.
 */
const WATCH_MS = 6_000;
/** Keys that are written so that some lie on each backend; neighbours tend to lie on the same. */
const TRIED_KEYS = 2_000;

/** Memory for many clients that do nothing. */
export async function checkIdleClients(
  proxy: Proxy,
  _backends: RedisBackends,
  engine: Engine,
): Promise<Finding[]> {
  const { idleClients } = MEMORY_TARGETS;
  const idleBytesMax = MEMORY_TARGETS.idleBytesMax[engine];
  const neededFiles = idleClients + OTHER_FILES;
  const files = Math.min(openFilesMax("self"), openFilesMax(proxy.pid));
  if (files < neededFiles) {
    throw new Error(`${files} open files are allowed; run it behind: ulimit -n ${neededFiles}`);
  }
  const base = await settledBytes(proxy.pid);
  const clients: Deno.TcpConn[] = [];
  try {
    while (clients.length < idleClients) clients.push(...await connectBatch(proxy.port));
    const connected = await settledBytes(proxy.pid) - base;
    // A connection that waits in the kernel costs nothing: an answer shows that it was accepted.
    for (let first = 0; first < clients.length; first += CONNECT_BATCH) {
      await Promise.all(clients.slice(first, first + CONNECT_BATCH).map(ping));
    }
    const used = await settledBytes(proxy.pid) - base;
    const what = `${idleClients} idle clients`;
    return [
      addedCheck(`${what}, connected`, connected, idleBytesMax, base),
      addedCheck(`${what}, each after one PING`, used, idleBytesMax, base),
    ];
  } finally {
    for (const client of clients) client.close();
  }
}

function connectBatch(port: number): Promise<Deno.TcpConn[]> {
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  return Promise.all(Array.from({ length: CONNECT_BATCH }, connect));
}

async function ping(client: Deno.TcpConn): Promise<void> {
  await client.write(new TextEncoder().encode("*1\r\n$4\r\nPING\r\n"));
  const buffer = new Uint8Array(64);
  const count = await client.read(buffer);
  const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  if (answer !== "+PONG\r\n") throw new Error(`PING was answered by ${JSON.stringify(answer)}`);
}

/** Memory for one large value, written and read back. */
export async function checkLargeValue(proxy: Proxy): Promise<Finding[]> {
  const { largeValueBytes, largeValueAddedBytesMax } = MEMORY_TARGETS;
  const base = await settledBytes(proxy.pid);
  resetPeakResident(proxy.pid);
  await setLargeValue(proxy.port, keyOf(0));
  const afterSet = peakResidentBytes(proxy.pid) - base;
  using client = await connectForLarge(proxy.port);
  const value = await client.call("GET", keyOf(0));
  const isWhole = value instanceof Uint8Array &&
    Buffer.compare(value, valueOf(0, largeValueBytes)) === 0;
  if (!isWhole) throw new Error("The large value came back changed");
  const peak = peakResidentBytes(proxy.pid) - base;
  const size = megabytes(largeValueBytes);
  return [
    addedCheck(`SET of ${size}, peak`, afterSet, largeValueAddedBytesMax, base),
    addedCheck(`SET and GET of ${size}, peak`, peak, largeValueAddedBytesMax, base),
  ];
}

/** Writes the large value through a proxy or right to a backend, by its port. */
async function setLargeValue(port: number, key: string): Promise<void> {
  using client = await connectForLarge(port);
  const value = valueOf(0, MEMORY_TARGETS.largeValueBytes);
  const reply = await client.call("SET", key, value);
  if (reply !== "OK") throw new Error(`SET of a large value was answered by ${String(reply)}`);
}

function connectForLarge(port: number): Promise<RespClient> {
  return RespClient.connect({ port, bytes: true, deadlineMs: LARGE_DEADLINE_MS });
}

/** Memory for a client that asks and never reads, and what other clients notice of it. */
export async function checkUnreadReplies(
  proxy: Proxy,
  backends: RedisBackends,
): Promise<Finding[]> {
  const { unreadGets, unreadAddedBytesMax, largeValueBytes } = MEMORY_TARGETS;
  const [largeKey, otherKey] = await keysOnEachBackend(proxy, backends);
  // Not through the proxy, which may keep buffers of that size for what comes next.
  await setLargeValue(backends.servers[0]!.port, largeKey);
  const base = await settledBytes(proxy.pid);
  await using bystanders = await Bystanders.start(proxy.port, otherKey);
  // The same without a proxy: what these notice too is the machine's, not the proxy's.
  await using controls = await Bystanders.start(backends.servers[1]!.port, otherKey);
  const watch = (event: Promise<unknown>) =>
    Promise.all([bystanders.watch(event), controls.watch(event)]);
  const [without, controlWithout] = await watch(delay(WATCH_MS));
  resetPeakResident(proxy.pid);
  using hog = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  const get = `*2\r\n$3\r\nGET\r\n$${largeKey.length}\r\n${largeKey}\r\n`;
  await hog.write(new TextEncoder().encode(get.repeat(unreadGets)));
  const [beside, controlBeside] = await watch(repliesFlow(backends.servers[0]!));
  const added = peakResidentBytes(proxy.pid) - base;
  const name = `${unreadGets} GETs of ${megabytes(largeValueBytes)}, never read`;
  return [
    addedCheck(`${name}, peak`, added, unreadAddedBytesMax, base),
    bystandersCheck([without, beside], [controlWithout, controlBeside]),
  ];
}

/**
 * Judges what clients noticed, each pair without and with the client that never reads. A request
 * waits for a core at the backend and at the client, through a proxy twice more: so often may it
 * notice that the cores are taken by the backend of the large value.
 */
function bystandersCheck(
  [without, beside]: [Observation, Observation],
  [controlWithout, controlBeside]: [Observation, Observation],
): Finding {
  const { bystanderAddedP99MsMax } = MEMORY_TARGETS;
  const addedMs = beside.p99Ms - without.p99Ms;
  const controlAddedMs = Math.max(0, controlBeside.p99Ms - controlWithout.p99Ms);
  const errors = beside.errors + without.errors;
  return {
    name: "clients of another backend meanwhile, p99",
    measured: `${beside.p99Ms.toFixed(1)} ms, before ${without.p99Ms.toFixed(1)} ms`,
    limit: `+${bystanderAddedP99MsMax} ms over twice no proxy's, no error`,
    isReached: errors === 0 && addedMs - 2 * controlAddedMs <= bystanderAddedP99MsMax,
    note:
      `${beside.requests} requests, ${errors} errors, longest ${beside.longestMs.toFixed(1)} ms; ` +
      `without a proxy p99 ${controlBeside.p99Ms.toFixed(1)} ms, ` +
      `before ${controlWithout.p99Ms.toFixed(1)} ms, longest ${
        controlBeside.longestMs.toFixed(1)
      } ms`,
  };
}

/**
 * Waits until a backend has executed what it was sent, and then for the replies to go where they
 * can.
 */
async function repliesFlow(server: RedisServer): Promise<void> {
  using client = await RespClient.connect({ port: server.port, deadlineMs: LARGE_DEADLINE_MS });
  await client.call("PING");
  await delay(WATCH_MS);
}

/**
 * A key that lies on the first backend and one that lies on the second, as this proxy places them.
 */
async function keysOnEachBackend(
  proxy: Proxy,
  backends: RedisBackends,
): Promise<[string, string]> {
  using client = await RespClient.connect({ port: proxy.port });
  await client.pipeline(
    Array.from({ length: TRIED_KEYS }, (_, index) => ["SET", keyOf(index), "x"]),
  );
  const found: string[] = [];
  for (const server of backends.servers) {
    found.push(String(await server.call("RANDOMKEY")));
  }
  const [first, second] = found;
  if (first === undefined || second === undefined || found.includes("null")) {
    throw new Error("All keys that were tried lie on one backend");
  }
  return [first, second];
}

/** Resident memory once it has stopped changing. */
async function settledBytes(pid: number): Promise<number> {
  let previous = residentBytes(pid);
  let round = 0;
  await until(async () => {
    await delay(SETTLE_MS);
    const current = residentBytes(pid);
    const hasSettled = Math.abs(current - previous) < SETTLED_BYTES;
    previous = current;
    return hasSettled || ++round >= SETTLE_ROUNDS_MAX;
  }, { what: "memory settles", deadlineMs: SETTLE_MS * SETTLE_ROUNDS_MAX * 2 });
  return previous;
}

function addedCheck(
  name: string,
  addedBytes: number,
  limitBytes: number,
  baseBytes: number,
): Finding {
  return {
    name,
    measured: `+${megabytes(addedBytes)}`,
    limit: `< ${megabytes(limitBytes)}`,
    isReached: addedBytes < limitBytes,
    note: `idle proxy ${megabytes(baseBytes)}`,
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}
