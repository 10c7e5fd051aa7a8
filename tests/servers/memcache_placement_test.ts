import { assert, assertEquals } from "../deps.ts";
import { isMemcacheKey } from "../golden/placement_cases.ts";
import type { Aster } from "../support/aster.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/memcached_server.ts";
import { withDeadline } from "../support/poll.ts";
import { seededRandom } from "../support/seed.ts";
import {
  isCrowded,
  labelledAddresses,
  placementKeys,
  type PlacementPool,
  placementPools,
  startAsterPools,
  startNutcrackerPool,
} from "./placement.ts";
import { word } from "./raw_client.ts";

const SERVERS = 4;
/** The port that a server's label leaves out. */
const LABEL_PORT = 11_211;
const READ_BYTES = 64 * 1024;

let servers: MemcachedServer[];
let pools: PlacementPool[];
let aster: Aster;

Deno.test.beforeAll(async () => {
  servers = await Promise.all([
    ...Array.from({ length: SERVERS }, () => startMemcachedServer()),
    ...labelledAddresses(SERVERS).map((hostname) =>
      startMemcachedServer({ hostname, port: LABEL_PORT })
    ),
  ]);
  const addresses = servers.map((server) => server.address);
  const labelled = placementPools(addresses.slice(SERVERS)).slice(0, 1);
  pools = [
    ...placementPools(addresses.slice(0, SERVERS)),
    ...labelled.map((pool) => ({ ...pool, name: "port 11211" })),
  ];
  aster = await startAsterPools(pools, "memcache");
});

Deno.test.afterAll(async () => {
  await aster[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** Sends requests, one character a byte, and returns the replies, which all end in `end`. */
async function exchange(port: number, requests: readonly string[], end: string): Promise<string[]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const sent = sendAll(connection, word(requests.join("")));
  const replies: string[] = [];
  const buffer = new Uint8Array(READ_BYTES);
  let rest = "";
  while (replies.length < requests.length) {
    const count = await withDeadline(connection.read(buffer), "replies arrive");
    if (count === null) throw new Error(`Connection ended after ${replies.length} replies`);
    for (const byte of buffer.subarray(0, count)) rest += String.fromCharCode(byte);
    const parts = rest.split(end);
    rest = parts.pop()!;
    replies.push(...parts);
  }
  await sent;
  return replies;
}

async function sendAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Writes all keys through one proxy and reads them through the other. */
async function countMisplaced(
  keys: readonly string[],
  writerPort: number,
  readerPort: number,
  mark: string,
): Promise<number> {
  const values = keys.map((_, index) => `${mark} ${index}`);
  const written = await exchange(
    writerPort,
    keys.map((key, index) => `set ${key} 0 0 ${values[index]!.length}\r\n${values[index]}\r\n`),
    "\r\n",
  );
  assertEquals(new Set(written), new Set(["STORED"]));
  const read = await exchange(readerPort, keys.map((key) => `get ${key}\r\n`), "END\r\n");
  return read.filter((reply, index) => {
    const value = values[index]!;
    return reply !== `VALUE ${keys[index]} 0 ${value.length}\r\n${value}\r\n`;
  }).length;
}

Deno.test("every key lies where twemproxy puts it", async () => {
  const random = seededRandom("memcache placement");
  const misplaced: Record<string, number[]> = {};
  for (const [index, pool] of pools.entries()) {
    await using nutcracker = await startNutcrackerPool(pool, "memcache");
    const asterPort = aster.ports[index]!;
    const keys = placementKeys(random, pool.keyCount, isMemcacheKey).map((key) =>
      Array.from(key, (byte) => String.fromCharCode(byte)).join("")
    );
    const counts = [
      await countMisplaced(keys, nutcracker.port, asterPort, "by nutcracker"),
      await countMisplaced(keys, asterPort, nutcracker.port, "by aster"),
    ];
    if (counts.some((count) => count > 0)) misplaced[pool.name] = counts;
    await assertSpread(pool);
  }
  assertEquals(misplaced, {});
  assertEquals(pools.length, 37);
});

/** With all keys on one server nothing would be misplaced, so they must not be, where they can be apart. */
async function assertSpread(pool: PlacementPool): Promise<void> {
  const own = servers.filter(({ address }) =>
    pool.servers.some((line) => line.startsWith(address))
  );
  const stored = await Promise.all(
    own.map((server) => server.ask("stats\r\n", "END\r\n")),
  );
  const used = stored.filter((stats) => /STAT cmd_set [1-9]/.test(stats)).length;
  assert(used > 1 || isCrowded(pool), pool.name);
  for (const server of own) await server.ask("stats reset\r\n");
}
