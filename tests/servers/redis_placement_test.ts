import { assert, assertEquals } from "../deps.ts";
import type { Aster } from "../support/servers/aster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { seededRandom } from "../support/tools/seed.ts";
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

let servers: RedisServer[];
let pools: PlacementPool[];
let aster: Aster;

Deno.test.beforeAll(async () => {
  servers = await Promise.all([
    ...Array.from({ length: SERVERS }, () => startRedisServer()),
    ...labelledAddresses(SERVERS).map((hostname) =>
      startRedisServer({ hostname, port: LABEL_PORT })
    ),
  ]);
  const addresses = servers.map((server) => server.address);
  const labelled = placementPools(addresses.slice(SERVERS)).slice(0, 1);
  pools = [
    ...placementPools(addresses.slice(0, SERVERS)),
    ...labelled.map((pool) => ({ ...pool, name: "port 11211" })),
  ];
  aster = await startAsterPools(pools, "redis");
});

Deno.test.afterAll(async () => {
  await aster[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** Writes all keys through one proxy and reads them through the other; a key's value is `mark` and itself. */
async function countMisplaced(
  keys: readonly Uint8Array[],
  writer: RespClient,
  reader: RespClient,
  mark: string,
): Promise<number> {
  const written = await writer.pipeline(keys.map((key, index) => ["SET", key, `${mark} ${index}`]));
  assertEquals(new Set(written), new Set(["OK"]));
  const read = await reader.pipeline(keys.map((key) => ["GET", key]));
  return read.filter((value, index) => value !== `${mark} ${index}`).length;
}

Deno.test("every key lies where twemproxy puts it", async () => {
  const random = seededRandom("redis placement");
  const misplaced: Record<string, number[]> = {};
  for (const [index, pool] of pools.entries()) {
    await using nutcracker = await startNutcrackerPool(pool, "redis");
    using other = await RespClient.connect({ port: nutcracker.port });
    using own = await RespClient.connect({ port: aster.ports[index]! });
    const keys = placementKeys(random, pool.keyCount, () => true);
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
  const counts = await Promise.all(own.map((server) => server.call("DBSIZE")));
  const used = counts.filter((count) => Number(count) > 0).length;
  assert(used > 1 || isCrowded(pool), `${pool.name}: ${counts}`);
  for (const server of own) await server.call("FLUSHALL");
}
