/**
 * Requests that come before the proxy knows a Redis Cluster's slot map: they wait for it, whatever they are.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import {
  type RedisCluster,
  SLOT_COUNT,
  startRedisCluster,
} from "../support/servers/redis_cluster.ts";
import { RespClient, RespError, type RespWord } from "../support/clients/resp_client.ts";
import { ScriptedNode, type ScriptedReply, slotsReply } from "../support/fakes/scripted_node.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { RawClient } from "./raw_client.ts";

/** A seed that tells the map of a real cluster when the test says so. */
class LateSeed implements AsyncDisposable {
  readonly node = new ScriptedNode();
  readonly #told = Promise.withResolvers<ScriptedReply>();
  readonly #cluster: RedisCluster;

  constructor(cluster: RedisCluster) {
    this.#cluster = cluster;
    this.node.slots = this.#told.promise;
  }

  openProxy(keys: Record<string, number> = {}): LocalProxy {
    return startLocalProxy({
      cache_type: "redis_cluster",
      servers: [this.node.address],
      ...keys,
    });
  }

  tell(): void {
    const { masters } = this.#cluster;
    const firstOf = (index: number) => Math.floor(index * SLOT_COUNT / masters.length);
    this.#told.resolve(
      slotsReply(
        masters.map(({ address }, index) => [firstOf(index), firstOf(index + 1) - 1, address]),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tell();
    await this.node[Symbol.asyncDispose]();
  }
}

/** What is asked before the map is there, and what is answered. */
const KINDS: readonly (readonly [requests: RespWord[][], replies: RegExp])[] = [
  [[["SET", "plain", 1], ["GET", "plain"], ["PING"]], /^\["OK","1","PONG"\]$/],
  [[["MSET", "{1}a", 1, "{2}b", 2], ["MGET", "{1}a", "{2}b"]], /^\["OK",\["1","2"\]\]$/],
  [[["DBSIZE"], ["KEYS", "none"], ["RANDOMKEY"]], /^\[\d+,\[\],("|null)/],
  [[["SCAN", 0, "MATCH", "none"]], /^\[\["\d+",\[\]\]\]$/],
  [
    [["MULTI"], ["PING"], ["SET", "tx", 1], ["INCR", "tx"], ["EXEC"]],
    /^\["OK","QUEUED","QUEUED","QUEUED",\["PONG","OK",2\]\]$/,
  ],
  [[["WATCH", "w"], ["MULTI"], ["GET", "w"], ["EXEC"]], /^\["OK","OK","QUEUED",\[null\]\]$/],
  [[["RPUSH", "list", "x"], ["BLPOP", "list", 0]], /^\[1,\["list","x"\]\]$/],
  [[["EVAL", "return KEYS[1]", 1, "k"]], /^\["k"\]$/],
  [[["SCRIPT", "LOAD", "return 1"]], /^\["[0-9a-f]{40}"\]$/],
  [[["FUNCTION", "LIST"]], /^\[\[\]\]$/],
  [[["INFO", "server"]], /redis_version:/],
  [[["SUBSCRIBE", "channel"]], /^\[\["subscribe","channel",1\]\]$/],
  [[["PUBLISH", "nobody", "x"]], /^\[0\]$/],
  [[["SPUBLISH", "nobody", "x"]], /^\[0\]$/],
];

async function allKinds(cluster: RedisCluster): Promise<void> {
  await using seed = new LateSeed(cluster);
  using proxy = seed.openProxy();
  const clients: RespClient[] = [];
  const asked: Promise<unknown>[] = [];
  let answered = 0;
  for (const [requests] of KINDS) {
    const client = await proxy.connect();
    clients.push(client);
    assertEquals(await client.call("PING"), "PONG", "what needs no server is answered at once");
    const replies = client.pipeline(requests);
    replies.then(() => answered += 1, () => {});
    asked.push(replies);
  }
  await until(() => seed.node.slotsAsked > 0, { what: "the map is asked for" });
  using witness = await proxy.connect();
  assertEquals(await witness.pipeline([["PING"], ["ECHO", "x"], ["RESET"]]), [
    "PONG",
    "x",
    "RESET",
  ]);
  assertEquals(answered, 0);
  seed.tell();
  for (const [index, [, expected]] of KINDS.entries()) {
    assertMatch(JSON.stringify(await asked[index]), expected);
  }
  for (const client of clients) client.close();
  assertEquals(proxy.metrics().errorReplies, 0);
}

/** Databases, which only nodes can say they have: those of Valkey 9 may have several. */
async function databases(cluster: RedisCluster): Promise<void> {
  const select = async (port: number) => {
    using client = await RespClient.connect({ port });
    return String((await client.pipeline([["SELECT", 1]]))[0]);
  };
  await using seed = new LateSeed(cluster);
  using proxy = seed.openProxy();
  const asked = Array.from({ length: 3 }, () => select(proxy.port));
  await until(() => seed.node.slotsAsked > 0, { what: "the map is asked for" });
  using witness = await proxy.connect();
  assertEquals(await witness.call("SELECT", 0), "OK", "what every node has is answered at once");
  seed.tell();
  const ofNode = await select(cluster.masters[0]!.port);
  assertEquals(await Promise.all(asked), asked.map(() => ofNode));
}

async function leavingClients(cluster: RedisCluster): Promise<void> {
  await using seed = new LateSeed(cluster);
  using proxy = seed.openProxy();
  const halfClosed = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await halfClosed.write(new TextEncoder().encode("SET half 1\r\nGET half\r\nMGET half none\r\n"));
  await halfClosed.closeWrite();
  for (let count = 0; count < 20; count++) {
    const leaving = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    await leaving.write(new TextEncoder().encode("GET half\r\nBLPOP half 0\r\n"));
    leaving.close();
  }
  using staying = await RawClient.connect(proxy.port);
  const asked = staying.ask(["GET", "none"], ["RESET"], ["GET", "none"]);
  await until(() => seed.node.slotsAsked > 0, { what: "the map is asked for" });
  seed.tell();
  assertEquals(await asked, "$-1\r\n+RESET\r\n$-1\r\n");
  const replies = await new Response(halfClosed.readable).text();
  assertEquals(replies, "+OK\r\n$1\r\n1\r\n*2\r\n$1\r\n1\r\n$-1\r\n");
  await until(() => proxy.metrics().clientsConnected === 1, { what: "those that left are gone" });
}

/** More than is read ahead, and more than `max_pipeline`. */
async function muchAtOnce(cluster: RedisCluster): Promise<void> {
  await using seed = new LateSeed(cluster);
  using proxy = seed.openProxy({ max_pipeline: 10 });
  using client = await proxy.connect();
  const requests = Array.from({ length: 2_000 }, (_, index): RespWord[] => [
    "SET",
    `much:${index}`,
    "x".repeat(index % 100),
  ]);
  const asked = client.pipeline([...requests, ["ECHO", "end"]]);
  await until(() => seed.node.slotsAsked > 0, { what: "the map is asked for" });
  seed.tell();
  const replies = await asked;
  assertEquals(replies.pop(), "end");
  assert(replies.every((reply) => reply === "OK"));
}

async function noMap(cluster: RedisCluster): Promise<void> {
  await using seed = new LateSeed(cluster);
  using proxy = seed.openProxy({ dial_timeout: 200 });
  using client = await proxy.connect();
  const requests: RespWord[][] = [["GET", "a"], ["PING"], ["DBSIZE"], ["MGET", "{a}", "{b}"]];
  for (let round = 0; round < 2; round++) {
    const [got, pong, size, values] = await client.pipeline(requests);
    for (const error of [got, size, ...values as unknown[]]) {
      assert(error instanceof RespError, String(error));
      assertMatch(String(error), /no node has answered CLUSTER SLOTS yet/);
    }
    assertEquals(pong, "PONG");
  }
  seed.tell();
  await until(async () => (await client.pipeline([["GET", "a"]]))[0] === null, {
    what: "a map that comes later is used",
  });
}

/** The proxy as a process, with two workers, whose ports open before anything is known. */
async function atStart(cluster: RedisCluster): Promise<void> {
  const config = (port: number) => redisClusterConfig(cluster.addresses, port, "thread = 2");
  let port = 0;
  await using aster = await startAster((free) => config(port = free));
  const clients = await Promise.all(
    Array.from({ length: 8 }, () => RespClient.connect({ port })),
  );
  for (const reply of await Promise.all(clients.map((client) => client.call("GET", "none")))) {
    assertEquals(reply, null);
  }
  for (const client of clients) client.close();
  let isOver = false;
  const failed: string[] = [];
  const load = (async () => {
    while (!isOver) {
      using client = await RespClient.connect({ port });
      const [reply] = await client.pipeline([["GET", "none"]]);
      if (reply !== null) failed.push(String(reply));
    }
  })();
  await using heir = await startAster(() => config(port), {
    arguments: ["--takeover", "--log-level", "debug", "--log-format", "json"],
  });
  isOver = true;
  await load;
  assertEquals(failed, []);
  const log = heir.logs();
  assert(log.indexOf("Slot map changed") < log.indexOf("aster is ready"), log);
  assertEquals((await aster.stop()).code, 0);
  using client = await RespClient.connect({ port });
  assertEquals(await client.call("GET", "none"), null);
}

Deno.test("requests before the first slot map", async (test) => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  await test.step("all kinds of them wait, and are carried out", () => allKinds(cluster));
  await test.step("SELECT of another database than 0", () => databases(cluster));
  await test.step("clients that leave, and those that only end their side", () =>
    leavingClients(cluster));
  await test.step("a client that sends much", () => muchAtOnce(cluster));
  await test.step("without a map they fail after dial_timeout, later ones at once", () =>
    noMap(cluster));
  await test.step("none fails at the start, nor at a takeover", () => atStart(cluster));
});
