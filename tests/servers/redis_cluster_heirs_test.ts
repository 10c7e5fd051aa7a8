/**
 * Transactions in front of a real Redis Cluster whose masters give way to their replicas meanwhile.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import type { ClusterNode } from "../support/servers/cluster_node.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { delay, until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RespClient, RespError } from "../support/clients/resp_client.ts";

const NODE_TIMEOUT_MS = 1_000;

let cluster: RedisCluster;
let proxy: LocalProxy;

Deno.test.beforeAll(async () => {
  cluster = await startRedisCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS });
  proxy = startLocalProxy({ cache_type: "redis_cluster", servers: cluster.addresses });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
});

Deno.test.afterAll(async () => {
  proxy[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Masters vote for a replica of the same master once in two node timeouts, and are asked a little later. */
const VOTE_GAP_MS = 2 * NODE_TIMEOUT_MS + 500;
let votedAtMs = -VOTE_GAP_MS;

/** How a master gives way, and how it comes back. */
const FAILOVERS = {
  "by command": {
    async begin(_master: ClusterNode, replica: ClusterNode) {
      await delay(Math.max(0, votedAtMs + VOTE_GAP_MS - performance.now()));
      votedAtMs = performance.now();
      await cluster.failover(replica);
    },
    end: async (_master: ClusterNode) => {},
  },
  "killed": {
    async begin(master: ClusterNode, replica: ClusterNode) {
      const offset = await master.replicationOffset();
      await until(async () => await replica.replicationOffset() >= offset, {
        what: "it has what was acknowledged",
      });
      await master.kill();
      await cluster.failover(replica, "TAKEOVER");
    },
    end: (master: ClusterNode) => master.start(),
  },
} as const;

/** The master of `key` now, and its replica. */
async function shardOf(key: string): Promise<[ClusterNode, ClusterNode]> {
  await cluster.settled();
  const master = await cluster.ownerOf(await cluster.slotOf(key));
  for (const node of cluster.nodes) {
    if (await node.masterId() === master.id) return [master, node];
  }
  throw new Error(`${master.address} has no replica`);
}

/** Until its key is served, and by whom. */
async function isServedAgain(client: RespClient, key: string): Promise<void> {
  await until(async () => !((await client.pipeline([["GET", key]]))[0] instanceof RespError), {
    what: `${key} is served`,
  });
}

for (const [how, { begin, end }] of Object.entries(FAILOVERS)) {
  Deno.test(`no transaction is carried out unguarded whose master gave way since WATCH: ${how}`, async () => {
    for (const isChanged of [true, false]) {
      const key = `guarded:${how}:${isChanged}`;
      const [master, replica] = await shardOf(key);
      using watching = await proxy.connect();
      using other = await proxy.connect();
      await other.call("SET", key, "first");
      assertEquals(await watching.pipeline([["WATCH", key], ["GET", key]]), ["OK", "first"]);
      await begin(master, replica);
      await isServedAgain(other, key);
      if (isChanged) assertEquals(await other.call("SET", key, "other"), "OK");
      const replies = await watching.pipeline([["MULTI"], ["SET", key, "mine"], ["EXEC"]]);
      const executed = replies[2];
      assert(executed === null || executed instanceof RespError, `EXEC said ${executed}`);
      assertEquals(await other.call("GET", key), isChanged ? "other" : "first");
      // The next one watches at the heir.
      assertEquals(
        await watching.pipeline([["WATCH", key], ["MULTI"], ["SET", key, "next"], ["EXEC"]]),
        ["OK", "OK", "QUEUED", ["OK"]],
      );
      await end(master);
    }
  });

  Deno.test(`transactions run whole or not at all while their master gives way: ${how}`, async () => {
    const tag = `{whole:${how}}`;
    const [one, two] = [`${tag}one`, `${tag}two`];
    const clients = await Promise.all(Array.from({ length: 8 }, () => proxy.connect()));
    await clients[0]!.call("MSET", one, 0, two, 0);
    let done = 0;
    let failed = 0;
    let isOver = false;
    const running = clients.map(async (client) => {
      while (!isOver) {
        const replies = await client.pipeline([
          ["MULTI"],
          ["INCR", one],
          ["INCR", two],
          ["EXEC"],
          ["ECHO", "behind"],
        ]);
        assertEquals(replies[4], "behind");
        const executed = replies[3]!;
        if (Array.isArray(executed)) {
          assertEquals(executed[0], executed[1]);
          done += 1;
        } else failed += 1;
      }
    });
    for (let round = 0; round < 2; round++) {
      const doneThen = done;
      await until(() => done > doneThen + 100, { what: "they run" });
      const [master, replica] = await shardOf(tag);
      await begin(master, replica);
      const doneNow = done;
      await until(() => done > doneNow + 100, { what: "they run at the heir" });
      await end(master);
    }
    isOver = true;
    await Promise.all(running);
    const [first, second] = await clients[0]!.call("MGET", one, two) as [string, string];
    assertEquals(first, second);
    console.log(`${how}: ${done} transactions, ${failed} that failed`);
    // What a killed master had acknowledged, and not sent on yet, is lost with it.
    if (how === "by command") assertEquals(Number(first), done);
    for (const client of clients) client[Symbol.dispose]();
    await until(() => proxy.metrics().dedicatedTaken === 0, { what: "no connection is kept" });
  });
}
