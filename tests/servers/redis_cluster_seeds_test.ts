/**
 * Nodes of a real Redis Cluster that the configuration names, and that are not there yet, not there any more, or
 * elsewhere.
 *
 * @module
 */
import { type FaultRelay, startFaultRelay } from "../support/servers/fault_relay.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { delay, until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import type { RespClient, RespWord } from "../support/clients/resp_client.ts";
import { RespError } from "../support/clients/resp_client.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { CountingClient } from "./counting_load.ts";

/** From when a node has no slots any more to when it goes, milliseconds. */
const EMPTY_MS = 1_000;
/** Keys of every master. */
const KEYS = Array.from({ length: 60 }, (_, number) => `key:${number}`);
const NO_NODE = "No node of the cluster answers CLUSTER SLOTS";

/** Whether every node serves. */
async function isServed(client: RespClient): Promise<boolean> {
  const replies = await client.pipeline(KEYS.map((key): RespWord[] => ["SET", key, key]));
  return replies.every((reply) => reply === "OK");
}

/** Waits for maps that are asked for from now on. */
async function fetchesGoOn(proxy: LocalProxy): Promise<void> {
  const { topologyRefreshes } = proxy.metrics();
  await until(() => proxy.metrics().topologyRefreshes > topologyRefreshes + 3, {
    what: "maps are fetched",
  });
}

Deno.test("all seeds are down at the start, and the cluster comes up where one of them is", async () => {
  const ports = Array.from({ length: 3 }, findFreePort);
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [`127.0.0.1:${findFreePort()}`, `127.0.0.1:${ports[1]}`],
    dial_timeout: 300,
  });
  using client = await proxy.connect();
  const [reply] = await client.pipeline([["GET", KEYS[0]!]]);
  assertMatch(reply instanceof RespError ? reply.message : "", /no node has answered/);
  await until(() => proxy.messages().includes(NO_NODE), { what: "it is said" });
  await using cluster = await startRedisCluster({ ports });
  await until(() => isServed(client), { what: "it is served", deadlineMs: 20_000 });
  assertEquals(proxy.backends().toSorted(), cluster.addresses.toSorted());
});

Deno.test("every seed gives way to a node that no file names, and no client notices", async () => {
  const random = seededRandom("seeds that go");
  await using cluster = await startRedisCluster();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: cluster.masters.map(({ address }) => address),
    fetch_interval: 200,
  });
  const clients = Array.from({ length: 6 }, (_, number) =>
    new CountingClient({
      ...{ port: proxy.port, random, keyCount: 40, pipelineLength: 20 },
      name: `seeds:${number}`,
    }));
  const heirs = cluster.masters.map((master) => cluster.replicasOf(master)[0]!);
  for (const heir of heirs) await cluster.failover(heir);
  await delay(EMPTY_MS);
  for (const seed of cluster.masters) {
    for (const node of cluster.nodes) {
      if (node !== seed && node.isRunning) await node.call("CLUSTER", "FORGET", seed.id);
    }
    await seed.kill();
  }
  await fetchesGoOn(proxy);
  // What changes now only those say whom no file names.
  const slot = await cluster.slotOf(clients[0]!.key(0));
  const owner = await cluster.ownerOf(slot);
  await cluster.migrateSlot(slot, heirs.find((heir) => heir !== owner)!);
  const repliesThen = clients.map(({ replies }) => replies);
  await until(() => clients.every(({ replies }, index) => replies > repliesThen[index]! + 500), {
    what: "all go on",
  });
  for (const client of clients) await client.stop();
  console.log(
    `${clients.reduce((sum, { replies }) => sum + replies, 0)} checked replies while 3 seeds went`,
  );
  assertEquals(clients.flatMap(({ violations }) => violations), []);
  assertEquals(clients.flatMap(({ errors }) => [...errors]), []);
  assertEquals(proxy.messages().filter((message) => message === NO_NODE), []);
  await until(() => proxy.backends().length === heirs.length, { what: "the seeds are let go" });
  assertEquals(proxy.backends().toSorted(), heirs.map(({ address }) => address).toSorted());
});

Deno.test("each node moves to another address, and is found by the names in the file", async () => {
  const ports = Array.from({ length: 3 }, findFreePort);
  const relaysTo = () => Promise.all(ports.map((port) => startFaultRelay(port)));
  await using owned = new AsyncDisposableStack();
  const former = await relaysTo();
  for (const relay of former) owned.use(relay);
  await using cluster = await startRedisCluster({
    ...{ ports, masterCount: 3 },
    announcedPorts: former.map(({ port }) => port),
  });
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: ports.map((port) => `localhost:${port}`),
    dial_timeout: 1_000,
  });
  using client = await proxy.connect();
  await until(() => isServed(client), { what: "it is served" });
  const addresses = (relays: readonly FaultRelay[]) => relays.map(({ address }) => address).sort();
  assertEquals(proxy.backends().toSorted(), addresses(former));
  const next = await relaysTo();
  for (const [index, node] of cluster.nodes.entries()) {
    owned.use(next[index]!);
    await node.call("CONFIG", "SET", "cluster-announce-port", next[index]!.port);
  }
  for (const relay of former) await relay[Symbol.asyncDispose]();
  const movedAtMs = performance.now();
  await until(() => isServed(client), { what: "it is served again", deadlineMs: 30_000 });
  console.log(`served again ${Math.round(performance.now() - movedAtMs)} ms after the move`);
  await until(() => proxy.backends().length === next.length, { what: "the former are let go" });
  assertEquals(proxy.backends().toSorted(), addresses(next));
  const values = await client.call("MGET", ...KEYS);
  assertEquals(values, KEYS);
  assert(proxy.metrics().topologyRefreshes > 1);
});

Deno.test("a cluster that is made anew on the same addresses is served, though its epochs are lower", async () => {
  const ports = Array.from({ length: 3 }, findFreePort);
  await using owned = new AsyncDisposableStack();
  const former = owned.use(await startRedisCluster({ ports, masterCount: 3 }));
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: former.addresses,
    dial_timeout: 1_000,
    fetch_interval: 200,
  });
  using client = await proxy.connect();
  await until(() => isServed(client), { what: "it is served" });
  for (const node of former.nodes) {
    for (let count = 0; count < 5; count++) await node.call("CLUSTER", "BUMPEPOCH");
  }
  await fetchesGoOn(proxy);
  for (const node of former.nodes) await node.kill();
  // Each node has slots that another one had.
  const rotated = [...ports.slice(1), ports[0]!];
  const next = owned.use(await startRedisCluster({ ports: rotated, masterCount: 3 }));
  await until(() => isServed(client), { what: "it is served again", deadlineMs: 30_000 });
  await fetchesGoOn(proxy);
  const { redirects } = proxy.metrics();
  assert(await isServed(client));
  assertEquals(proxy.metrics().redirects, redirects, "the map is that of the new cluster");
  assertEquals(proxy.backends().toSorted(), next.addresses.toSorted());
});
