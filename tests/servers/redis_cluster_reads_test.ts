/**
 * Who of a shard's nodes gets how many reads, by the servers' own counts, and what becomes of a replica that stops.
 *
 * @module
 */
import { startAster } from "../support/aster.ts";
import { patientTimeouts } from "../support/cluster_config.ts";
import { delay, until } from "../support/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/redis_cluster.ts";
import { RespClient, RespError } from "../support/resp_client.ts";
import { seededRandom } from "../support/seed.ts";
import { assert, assertEquals } from "../deps.ts";
import { callsOf, forgetCalls } from "./cluster_calls.ts";

const KEYS = Array.from({ length: 200 }, (_, number) => `read:${number}`);
const CLIENTS = 8;
const READS = 24_000;
const WRITES = 2_000;
/** Most by which a replica's share may differ from an even one, percent. */
const UNEVEN_PERCENT = 10;

function configOf(cluster: RedisCluster, port: number, policy: string): string {
  return `
    [[clusters]]
    name = "reads"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis_cluster"
    servers = ${JSON.stringify(cluster.addresses)}
    read_policy = "${policy}"
    thread = 2
    ${patientTimeouts()}
  `;
}

/** Reads and writes by several clients, mixed. */
async function load(port: number, readCount: number, writeCount: number): Promise<void> {
  const random = seededRandom("reads of replicas");
  const share = writeCount / (readCount + writeCount);
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      using client = await RespClient.connect({ port });
      for (let left = (readCount + writeCount) / CLIENTS; left > 0; left -= 50) {
        const requests = Array.from({ length: 50 }, () => {
          const key = random.pick(KEYS);
          return random.chance(share) ? ["SET", key, key] : ["GET", key];
        });
        const replies = await client.pipeline(requests);
        for (const [index, reply] of replies.entries()) {
          const [name, key] = requests[index]!;
          assertEquals(reply, name === "SET" ? "OK" : key!);
        }
      }
    }),
  );
}

async function storeKeys(cluster: RedisCluster, port: number): Promise<void> {
  using client = await RespClient.connect({ port });
  for (const key of KEYS) assertEquals(await client.call("SET", key, key), "OK");
  for (const master of cluster.masters) await cluster.replicated(master);
}

/** Reads until no master gets any: then each worker is connected to every replica. */
async function warmUp(cluster: RedisCluster, port: number): Promise<void> {
  await until(async () => {
    await forgetCalls(cluster.nodes);
    await load(port, 800, 0);
    const reads = await Promise.all(cluster.masters.map((master) => callsOf(master, "get")));
    return reads.every(({ run }) => run === 0);
  }, { what: "every replica is connected to", deadlineMs: 20_000 });
}

async function evenShares(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) => configOf(cluster, port, "prefer_replica"));
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  await forgetCalls(cluster.nodes);
  await load(aster.port, READS, WRITES);
  let reads = 0;
  const shares: string[] = [];
  for (const master of cluster.masters) {
    await cluster.replicated(master);
    const replicas = cluster.replicasOf(master);
    const counts = await Promise.all(replicas.map((replica) => callsOf(replica, "get")));
    const even = counts.reduce((sum, { run }) => sum + run, 0) / counts.length;
    for (const [index, { run, rejected }] of counts.entries()) {
      assertEquals(rejected, 0, "nothing is redirected");
      const percent = 100 * (run - even) / even;
      assert(Math.abs(percent) <= UNEVEN_PERCENT, `${run} reads, ${even} would be even`);
      shares.push(`${percent.toFixed(1)} %`);
      reads += run;
      // A write that is replicated is counted as one: there are no others.
      const writes = await callsOf(replicas[index]!, "set");
      assertEquals(writes, await callsOf(master, "set"));
    }
    assertEquals((await callsOf(master, "get")).run, 0);
  }
  console.log(
    `${reads} reads, off even by ${shares.join(", ")}; none redirected, none at a master`,
  );
  assert(reads > 0.9 * READS);
}

async function stoppedReplica(cluster: RedisCluster): Promise<void> {
  await using aster = await startAster((port) =>
    configOf(cluster, port, "replica").replace(/read_timeout = \d+/, "read_timeout = 500")
  );
  await storeKeys(cluster, aster.port);
  await warmUp(cluster, aster.port);
  const [stopped] = cluster.replicasOf(await cluster.ownerOf(await cluster.slotOf(KEYS[0]!)));
  using client = await RespClient.connect({ port: aster.port });
  const reads = Array.from({ length: 100 }, () => ["GET", KEYS[0]!]);
  const areAnswered = async () =>
    (await client.pipeline(reads)).every((reply) => !(reply instanceof RespError));
  await stopped!.pause();
  try {
    // Its probe leaves it out: not even one read in a while goes there to see.
    await until(areAnswered, { what: "the other replica has all reads", deadlineMs: 20_000 });
    for (let round = 0; round < 30; round++) {
      assert(await areAnswered());
      await delay(50);
    }
  } finally {
    stopped!.resume();
  }
  await until(async () => {
    await forgetCalls([stopped!]);
    assert(await areAnswered());
    return (await callsOf(stopped!, "get")).run > 0;
  }, { what: "it is read from again", deadlineMs: 20_000 });
}

Deno.test("reads are spread over the replicas evenly, and go to no master", async (test) => {
  await using cluster = await startRedisCluster({ replicaCount: 6 });
  await test.step("even shares", () => evenShares(cluster));
  await test.step("a replica that stops, and goes on", () => stoppedReplica(cluster));
});
