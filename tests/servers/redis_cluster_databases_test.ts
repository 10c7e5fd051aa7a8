/**
 * Databases of a cluster, and slots that move with all their keys at once: both are Valkey 9's. In front of other
 * clusters clients hear what those say.
 *
 * @module
 */
import { startAster } from "../support/aster.ts";
import { patientTimeouts } from "../support/cluster_config.ts";
import { until } from "../support/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/redis_cluster.ts";
import { testedServer } from "../support/redis_server.ts";
import { RespClient, RespError } from "../support/resp_client.ts";
import { seededRandom } from "../support/seed.ts";
import { assert, assertEquals } from "../deps.ts";
import { CountingClient } from "./counting_load.ts";

const { product, version } = testedServer();
const isValkey9 = product === "valkey" && Number(version.split(".")[0]) >= 9;
/** Moves of runs of slots. */
const MOVES = 12;
const SLOTS_MOVED = 400;

function configOf(cluster: RedisCluster, port: number): string {
  return `
    [[clusters]]
    name = "databases"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis_cluster"
    servers = ${JSON.stringify(cluster.addresses)}
    thread = 2
    ${patientTimeouts()}
  `;
}

Deno.test("SELECT in front of a cluster is what its nodes say of it", async () => {
  const options = isValkey9 ? ["--cluster-databases", "4"] : [];
  await using cluster = await startRedisCluster({ replicaCount: 0, arguments: options });
  await using aster = await startAster((port) => configOf(cluster, port));
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
    await using aster = await startAster((port) => configOf(cluster, port));
    const clients = Array.from({ length: 8 }, (_, number) =>
      new CountingClient({
        ...{ port: aster.port, random, keyCount: 40, pipelineLength: 20 },
        name: `atomic:${number}`,
      }));
    for (let count = 0; count < MOVES; count++) {
      const source = cluster.masters[count % 3]!;
      const target = cluster.masters[(count + 1) % 3]!;
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
    const replies = clients.reduce((sum, client) => sum + client.replies, 0);
    console.log(`${MOVES} atomic moves of ${SLOTS_MOVED} slots, ${replies} checked replies`);
    assertEquals(clients.flatMap(({ violations }) => violations), []);
    assertEquals(clients.flatMap(({ errors }) => [...errors]), []);
    assert(replies > 5_000, `${replies} replies`);
  },
});

/** The first run of slots that a node has, as it says itself. */
async function firstSlotOf(node: RedisCluster["nodes"][number]) {
  const ranges = await node.call("CLUSTER", "SLOTS") as [number, number, [string, number]][];
  const own = ranges.find(([, , [, port]]) => port === node.announcedPort)!;
  return { first: own[0], last: own[1] };
}
