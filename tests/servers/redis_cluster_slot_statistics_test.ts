/**
 * CLUSTER SLOT-STATS in front of a cluster: what its masters count, together. Servers that do not know the subcommand
 * say so.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";

type Statistics = [slot: number, map: (string | number)[]][];

/** Slots that are asked about at a time. */
const RANGE = 1_024;

/** The number of keys that an entry tells. */
function keysOf([, map]: Statistics[number]): number {
  return Number(map[map.indexOf("key-count") + 1]);
}

/** The text of a reply that has to be an error. */
function errorOf(reply: RespValue): string {
  assert(reply instanceof RespError, JSON.stringify(reply));
  return (reply as RespError).message;
}

Deno.test("statistics of slots are those of all masters", async () => {
  await using cluster = await startRedisCluster({ masterCount: 3, replicaCount: 0 });
  await using aster = await startAster((port) => redisClusterConfig([cluster.addresses[0]!], port));
  using proxy = await RespClient.connect({ port: aster.port });
  const keys = ["a", "b", "c", "d", "e", "f"].flatMap((tag, index) =>
    Array.from({ length: index + 1 }, (_, number) => `{${tag}}${number}`)
  );
  await proxy.pipeline(keys.map((key) => ["SET", key, "v"]));
  const ask = async (...words: string[]): Promise<RespValue> =>
    (await proxy.pipeline([["CLUSTER", "SLOT-STATS", ...words]]))[0]!;
  const nodes = await Promise.all(
    cluster.masters.map(({ port }) => RespClient.connect({ port })),
  );
  const askNodes = async (...words: string[]) => (await Promise.all(
    nodes.map(async (node) => (await node.pipeline([["CLUSTER", "SLOT-STATS", ...words]]))[0]!),
  ));
  try {
    const told = await askNodes("SLOTSRANGE", "0", "9");
    if (told[0] instanceof RespError) {
      return assertEquals(errorOf(await ask("SLOTSRANGE", "0", "9")), errorOf(told[0]));
    }
    const shown: Statistics = [];
    for (let first = 0; first < 16_384; first += RANGE) {
      const range = ["SLOTSRANGE", String(first), String(first + RANGE - 1)];
      const expected = (await askNodes(...range) as unknown as Statistics[]).flat();
      const got = await ask(...range) as unknown as Statistics;
      assertEquals(got, expected.sort(([one], [other]) => one - other));
      shown.push(...got);
    }
    assertEquals(shown.map(([slot]) => slot), Array.from({ length: 16_384 }, (_, slot) => slot));
    assertEquals(shown.reduce((sum, entry) => sum + keysOf(entry), 0), keys.length);
    const most = await ask("ORDERBY", "KEY-COUNT", "LIMIT", "6") as unknown as Statistics;
    assertEquals(most.map(keysOf), [6, 5, 4, 3, 2, 1]);
    const slots: number[] = [];
    for (const tag of ["f", "e", "d", "c", "b", "a"]) slots.push(await cluster.slotOf(tag));
    assertEquals(most.map(([slot]) => slot), slots);
    for (
      const line of [
        "SLOTSRANGE 0 x",
        "SLOTSRANGE 5 1",
        "SLOTSRANGE 0",
        "ORDERBY no-such-metric",
        "ORDERBY key-count LIMIT 0",
        "ORDERBY key-count ASC DESC",
        "ORDERBY",
      ]
    ) {
      const words = line.split(" ");
      const [got, [error]] = [await ask(...words), await askNodes(...words)];
      assertEquals(errorOf(got), errorOf(error!), line);
    }
  } finally {
    for (const node of nodes) node[Symbol.dispose]();
  }
});
