import { assert, assertEquals } from "../deps.ts";
import { isMemcacheKey } from "../golden/placement_cases.ts";
import type { Aster } from "../support/servers/aster.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/servers/memcached_server.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { MemcacheText } from "./memcache_text.ts";
import {
  isCrowded,
  labelledAddresses,
  placementKeys,
  type PlacementPool,
  placementPools,
  startAsterPools,
  startNutcrackerPool,
} from "./placement.ts";

const SERVERS = 4;
/** The port that a server's label leaves out. */
const LABEL_PORT = 11_211;

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

/** Writes all keys through one proxy and reads them through the other. */
async function countMisplaced(
  keys: readonly string[],
  writer: MemcacheText,
  reader: MemcacheText,
  mark: string,
): Promise<number> {
  const values = keys.map((_, index) => `${mark} ${index}`);
  const written = await writer.ask(
    keys.map((key, index) => `set ${key} 0 0 ${values[index]!.length}\r\n${values[index]}\r\n`),
  );
  assertEquals(new Set(written), new Set(["STORED"]));
  const read = await reader.ask(keys.map((key) => `get ${key}\r\n`), "END\r\n");
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
    using other = await MemcacheText.connect(nutcracker.port);
    using own = await MemcacheText.connect(aster.ports[index]!);
    const keys = placementKeys(random, pool.keyCount, isMemcacheKey).map((key) =>
      Array.from(key, (byte) => String.fromCharCode(byte)).join("")
    );
    const counts = [
      await countMisplaced(keys, other, own, "by nutcracker"),
      await countMisplaced(keys, own, other, "by aster"),
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
