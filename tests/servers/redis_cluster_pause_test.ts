/**
 * A failover by command in a paused Redis Cluster, behind which the old master is killed: nothing fails, nothing is lost.
 */
import { assertEquals } from "../deps.ts";
import { startAster } from "../support/aster.ts";
import { patientTimeouts } from "../support/cluster_config.ts";
import { until, withDeadline } from "../support/poll.ts";
import { startRedisCluster } from "../support/redis_cluster.ts";
import { RespClient } from "../support/resp_client.ts";

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"];

Deno.test("pause, fail over and kill the old master, resume: no error, no write lost", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 3 });
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "slots"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis_cluster"
thread = 2
servers = [${cluster.addresses.map((address) => `"${address}"`).join(", ")}]
${patientTimeouts("")}
`, { metrics: true });
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
  const flow = async () => {
    const before = [...confirmed];
    await until(() => confirmed.every((count, index) => count > before[index]! + 20), {
      what: "every shard is written to",
    });
  };
  await flow();
  const victim = await cluster.ownerOf(await cluster.slotOf("a"));
  const [replica] = cluster.replicasOf(victim);
  const [status, answer] = await post("/pause?cluster=slots&max=60s");
  assertEquals([status, answer.in_flight], [200, 0]);
  await cluster.failover(replica!);
  await victim.kill();
  assertEquals(await post("/resume?cluster=slots"), [200, { paused: false }]);
  await flow();
  isOver = true;
  await withDeadline(Promise.all(loads), "the loads end");
  assertEquals(errors, []);
  using client = await RespClient.connect({ port: aster.port });
  for (const [index, key] of KEYS.entries()) {
    assertEquals(await client.call("GET", key), String(confirmed[index]), key);
  }
});
