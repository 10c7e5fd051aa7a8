/**
 * A failover by command in a paused Redis Cluster, behind which the old master is killed: nothing fails, nothing is lost.
 */
import { assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"];

Deno.test("pause, fail over and kill the old master, resume: no error, no write lost", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 3 });
  await using aster = await startAster(
    (port) => redisClusterConfig(cluster.addresses, port, "thread = 2"),
    { metrics: true },
  );
  const post = async (path: string) => {
    const url = `http://127.0.0.1:${aster.metricsPort}${path}`;
    const response = await fetch(url, { method: "POST" });
    return [response.status, await response.json()];
  };
  const confirmed = KEYS.map(() => 0);
  const errors: string[] = [];
  let isOver = false;
  const loads = KEYS.map(async (key, index) => {
    using client = await RespClient.connect({ port: aster.port });
    while (!isOver) {
      const [reply] = await client.pipeline([["INCR", key]]);
      confirmed[index]! += 1;
      if (reply !== confirmed[index]) errors.push(`${key}: ${reply}, not ${confirmed[index]}`);
    }
  });
  const queueing = ["a", "b", "c"].map(async (key) => {
    using client = await RespClient.connect({ port: aster.port });
    for (let count = 1; !isOver; count++) {
      const name = `{${key}}:tx`;
      const replies = await client.pipeline([["MULTI"], ["INCR", name], ["EXEC"]]);
      const expected = ["OK", "QUEUED", [count]];
      if (JSON.stringify(replies) !== JSON.stringify(expected)) {
        errors.push(`${key}: ${JSON.stringify(replies)}, not ${count}`);
      }
    }
  });
  const flow = async () => {
    const before = [...confirmed];
    await until(() => confirmed.every((count, index) => count > before[index]! + 20), {
      what: "every shard is written to",
    });
  };
  for (const [key, isWhole] of [["a", true], ["b", false]] as const) {
    await flow();
    const victim = await cluster.ownerOf(await cluster.slotOf(key));
    const [replica] = cluster.replicasOf(victim);
    const query = isWhole ? "cluster=slots" : `cluster=slots&server=${victim.address}`;
    const [status, answer] = await post(`/pause?${query}&max=60s`);
    assertEquals([status, answer.in_flight], [200, 0]);
    await cluster.failover(replica!);
    await victim.kill();
    assertEquals(await post(`/resume?${query}`), [200, { paused: false }]);
    await flow();
  }
  isOver = true;
  await withDeadline(Promise.all([...loads, ...queueing]), "the loads end");
  assertEquals(errors, []);
  using client = await RespClient.connect({ port: aster.port });
  for (const [index, key] of KEYS.entries()) {
    assertEquals(await client.call("GET", key), String(confirmed[index]), key);
  }
});
