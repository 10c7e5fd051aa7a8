/**
 * What the proxy counts in front of a real Redis Cluster, by node and command, equals what the nodes count themselves,
 * over both workers and while slots move.
 */
import { assert, assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { callsOf } from "./cluster_calls.ts";
import { readMetric } from "./metrics.ts";

const CLIENTS = 8;
const ROUNDS = 60;
const MOVES = 6;
/** Commands of the load that neither the proxy nor the test sends by itself. */
const COMMANDS = ["get", "set", "mget", "mset", "del", "incr", "hset", "lpush", "exec"];

async function load(client: RespClient, tag: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: 6 }, (_, index) => `{s${(round + index) % 40}}:${tag}`);
    const replies = await client.pipeline([
      ["SET", keys[0]!, "v".repeat(round * 10)],
      ["GET", keys[0]!],
      ["MSET", ...keys.flatMap((key) => [key, String(round)])],
      ["INCR", keys[1]!],
      ["HSET", `{s1}h:${tag}`, "f", "v"],
      ["LPUSH", keys[2]!, "x"],
    ]);
    // LPUSH to a string is an error, and counts as a call all the same.
    assertEquals(replies.filter((reply) => reply instanceof RespError).length, 1);
    await client.pipeline([["MGET", ...keys], ["DEL", ...keys]]);
    if (round % 10 === 0) await client.pipeline([["MULTI"], ["APPEND", keys[4]!, "x"], ["EXEC"]]);
  }
}

async function moveSlots(cluster: RedisCluster): Promise<void> {
  for (let number = 0; number < MOVES; number++) {
    const slot = await cluster.slotOf(`{s${number * 5}}`);
    const owner = await cluster.ownerOf(slot);
    const target = cluster.masters[(cluster.masters.indexOf(owner) + 1) % cluster.masters.length]!;
    await cluster.migrateSlot(slot, target);
  }
}

Deno.test("requests are counted by node and command as the nodes count them, while slots move", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  await using aster = await startAster(
    (port) => redisClusterConfig(cluster.addresses, port, "thread = 2"),
    { metrics: true },
  );
  const opened: RespClient[] = [];
  try {
    await clientsOfBothWorkers(aster.port, opened);
    while (opened.length < CLIENTS) opened.push(await RespClient.connect({ port: aster.port }));
    await Promise.all([
      moveSlots(cluster),
      ...opened.map((client, index) => load(client, `t${index}`)),
    ]);
    // Also where all slots had moved late, there is somebody to whom that is new.
    await load(opened[0]!, "last");
    let total = 0;
    let rejected = 0;
    for (const node of cluster.masters) {
      for (const command of COMMANDS) {
        const calls = await callsOf(node, command);
        const counted = await readMetric(
          aster,
          "aster_request_duration_seconds_count",
          `backend="${node.address}"`,
          `command="${command}"`,
        );
        // Who is redirected is a request of both nodes.
        assertEquals(counted, calls.run + calls.rejected, `${command} at ${node.address}`);
        total += counted;
        rejected += calls.rejected;
      }
    }
    assert(total > 8 * CLIENTS * ROUNDS, String(total));
    assert(rejected > 0);
    assertEquals(await readMetric(aster, "aster_redirects_total"), rejected);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});
