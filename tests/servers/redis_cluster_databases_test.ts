/**
 * Databases of a cluster, and slots that move with all their keys at once: both are Valkey 9's. In front of other
 * clusters clients hear what those say.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { testedServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { assert, assertEquals } from "../deps.ts";
import { CountingClient } from "./counting_load.ts";

const { product, version } = testedServer();
const isValkey9 = product === "valkey" && Number(version.split(".")[0]) >= 9;
/** Moves of runs of slots, at least and at most, and replies meanwhile: a busy machine needs more moves for those. */
const MOVES = 12;
const MOVES_MAX = 120;
const REPLIES = 5_000;
const SLOTS_MOVED = 400;

Deno.test("SELECT in front of a cluster is what its nodes say of it", async () => {
  const options = isValkey9 ? ["--cluster-databases", "4"] : [];
  await using cluster = await startRedisCluster({ replicaCount: 0, arguments: options });
  await using aster = await startAster((port) =>
    redisClusterConfig(cluster.addresses, port, "thread = 2")
  );
  using client = await RespClient.connect({ port: aster.port });
  assertEquals(await client.call("SET", "foo", "zero"), "OK");
  assertEquals(await client.call("SELECT", "0"), "OK");
  const [selected] = await client.pipeline([["SELECT", "1"]]);
  if (!isValkey9) {
    assertEquals(selected, new RespError("ERR SELECT is not allowed in cluster mode"));
    assertEquals(await client.call("GET", "foo"), "zero");
    return;
  }
  assertEquals(selected, "OK");
  const keys = Array.from({ length: 50 }, (_, number) => `key:${number}`);
  assertEquals(await client.call("GET", "foo"), null);
  assertEquals(await client.call("MSET", ...keys.flatMap((key) => [key, "one"])), "OK");
  assertEquals(await client.call("DBSIZE"), keys.length);
  assertEquals(await client.pipeline([["MULTI"], ["GET", keys[0]!], ["EXEC"]]), [
    "OK",
    "QUEUED",
    ["one"],
  ]);
  assertEquals(
    (await client.pipeline([["SELECT", "4"]]))[0],
    new RespError("ERR DB index is out of range"),
  );
  // A redirected request keeps its database.
  const slot = await cluster.slotOf(keys[0]!);
  const owner = await cluster.ownerOf(slot);
  const other = cluster.masters.find((master) => master !== owner)!;
  await owner.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", other.id);
  await until(async () => await cluster.ownerOf(slot) === other, { what: "the slot has moved" });
  assertEquals(await client.call("MGET", ...keys), keys.map(() => "one"));
  assertEquals(await client.call("SELECT", "0"), "OK");
  assertEquals(await client.call("GET", "foo"), "zero");
});

Deno.test({
  name: "slots that move with all their keys at once cost no client an error",
  // Only Valkey 9 and later have CLUSTER MIGRATESLOTS.
  ignore: !isValkey9,
  fn: async () => {
    const random = seededRandom("atomic migration");
    await using cluster = await startRedisCluster({ replicaCount: 0 });
    await using aster = await startAster((port) =>
      redisClusterConfig(cluster.addresses, port, "thread = 2")
    );
    const clients = Array.from({ length: 8 }, (_, number) =>
      new CountingClient({
        ...{ port: aster.port, random, keyCount: 40, pipelineLength: 20 },
        name: `atomic:${number}`,
      }));
    const replies = () => clients.reduce((sum, client) => sum + client.replies, 0);
    let moves = 0;
    for (; moves < MOVES || (replies() < REPLIES && moves < MOVES_MAX); moves++) {
      const source = cluster.masters[moves % 3]!;
      const target = cluster.masters[(moves + 1) % 3]!;
      const first = await firstSlotOf(source);
      const last = Math.min(first.last, first.first + SLOTS_MOVED - 1);
      await source.call(
        "CLUSTER",
        "MIGRATESLOTS",
        "SLOTSRANGE",
        first.first,
        last,
        "NODE",
        target.id,
      );
      await until(async () => await cluster.ownerOf(last) === target, {
        what: "the slots have moved",
        deadlineMs: 30_000,
      });
    }
    for (const client of clients) await client.stop();
    console.log(`${moves} atomic moves of ${SLOTS_MOVED} slots, ${replies()} checked replies`);
    assertEquals(clients.flatMap(({ violations }) => violations), []);
    assertEquals(clients.flatMap(({ errors }) => [...errors]), []);
    assert(replies() >= REPLIES, `${replies()} replies`);
  },
});

/** All keys that CLUSTERSCAN finds from the beginning on, as often as it finds them. */
async function scanCluster(client: RespClient, ...options: string[]): Promise<string[]> {
  const found: string[] = [];
  let cursor = "0";
  let calls = 0;
  do {
    const [next, keys] = await client.call("CLUSTERSCAN", cursor, ...options) as [string, string[]];
    found.push(...keys);
    cursor = next;
    calls += 1;
    assert(calls < 10_000, "it has an end");
  } while (cursor !== "0");
  return found;
}

Deno.test({
  name:
    "CLUSTERSCAN goes over all nodes as if there were one, whoever answers, and while a slot moves",
  // Only Valkey 9.1 and later have it.
  ignore: !isValkey9,
  fn: async () => {
    await using cluster = await startRedisCluster();
    for (const policy of ["master", "prefer_replica"]) {
      await using aster = await startAster((port) =>
        redisClusterConfig(
          cluster.addresses,
          port,
          `thread = 2\nread_policy = "${policy}"`,
        )
      );
      using client = await RespClient.connect({ port: aster.port });
      const keys = Array.from({ length: 2_000 }, (_, number) => `scan:${number}`);
      for (const key of keys) await client.call("SET", key, "1");
      for (const master of cluster.masters) await cluster.replicated(master);
      const found = await scanCluster(client, "MATCH", "scan:*", "COUNT", "50");
      assertEquals(found.toSorted(), keys.toSorted(), policy);
      const slot = await cluster.slotOf(keys[0]!);
      const ofSlot = await scanCluster(client, "SLOT", String(slot));
      assert(ofSlot.includes(keys[0]!));
      assertEquals(
        await Promise.all(ofSlot.map((key) => cluster.slotOf(key))),
        ofSlot.map(() => slot),
      );
      // Slots that move with all their keys at once are gone over where they are.
      let isOver = false;
      let moves = 0;
      const moving = (async () => {
        for (; !isOver; moves++) {
          const owner = await cluster.ownerOf(slot);
          const other = cluster.masters.find((master) => master !== owner)!;
          await owner.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", other.id);
          await until(async () => await cluster.ownerOf(slot) === other, { what: "it has moved" });
        }
      })();
      try {
        do {
          const unique = new Set(await scanCluster(client, "MATCH", "scan:*", "COUNT", "50"));
          assertEquals(unique.size, keys.length, policy);
        } while (moves < 3);
      } finally {
        isOver = true;
        await moving;
      }
    }
  },
});

/** The first run of slots that a node has, as it says itself. */
async function firstSlotOf(node: RedisCluster["nodes"][number]) {
  const ranges = await node.call("CLUSTER", "SLOTS") as [number, number, [string, number]][];
  const own = ranges.find(([, , [, port]]) => port === node.announcedPort)!;
  return { first: own[0], last: own[1] };
}
