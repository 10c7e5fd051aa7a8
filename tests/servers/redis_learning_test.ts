/**
 * Commands that only the servers know are learned from them: a module, compiled here, has some. Without a compiler there
 * is nothing to learn.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { findCompiler } from "../support/tools/c_compiler.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { redisPoolConfig } from "./redis_pool.ts";

const compiler = findCompiler();
const ENGINES = ["deno", ...(Deno.build.os === "linux" ? ["epoll"] : [])] as const;

/** Compiles the module into `folder`; returns the arguments that have a server load it. */
async function loadModule(folder: string): Promise<string[]> {
  const source = new URL("learned_module.c", import.meta.url).pathname;
  const output = `${folder}/learned.so`;
  const args = ["-shared", "-fPIC", "-o", output, source];
  const { success, stderr } = await new Deno.Command(compiler!, { args }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
  return ["--loadmodule", output];
}

async function errorOf(client: RespClient, ...words: string[]): Promise<string> {
  const [reply] = await client.pipeline([words]);
  return reply instanceof RespError ? reply.message : `no error: ${reply}`;
}

/** Keys as many as asked for; together they are on every server. */
const KEYS = Array.from({ length: 40 }, (_, index) => `key:${index}`);

/** What holds of a pool and of a cluster whose servers all have the module, at a proxy on `port`. */
async function testLearned(port: number, counts: () => Promise<number[]>): Promise<void> {
  using client = await RespClient.connect({ port });
  // A pipeline whose first request is unknown: each has its own reply, in order.
  assertEquals(
    await client.pipeline([
      ["learnput", KEYS[0]!, "first"],
      ["get", KEYS[0]!],
      ["learnget", KEYS[0]!],
      ["nosuchcommand"],
      ["ping"],
    ]).then((replies) => replies.map((reply) => reply instanceof RespError ? "error" : reply)),
    ["OK", "first", "first", "error", "PONG"],
  );
  await client.pipeline(KEYS.map((key) => ["LEARNPUT", key, key]));
  const got = await client.pipeline(KEYS.map((key) => ["get", key]));
  assertEquals(got, KEYS, "each went where GET looks");
  const held = await counts();
  assertEquals(held.filter((count) => count === 0), [], "to every server");
  assertEquals(await client.call("learn.put", "dotted", "1"), "OK");
  assertEquals(await client.call("get", "dotted"), "1");
  assertEquals(await client.call("learnfamily", "PUT", "dotted", "2"), "OK");
  assertEquals(await client.call("get", "dotted"), "2");
  assertMatch(
    await errorOf(client, "learnfamily", "where"),
    /^ERR 'learnfamily where' is not supported: /,
  );
  // All shards, and the sum.
  assertEquals(await client.call("learncount"), KEYS.length + 1);

  await testPolicies(client, await counts());
  await testKeySpecifications(client);

  // Another client, or this one's later requests, would wait behind it on a connection that is shared.
  using other = await RespClient.connect({ port });
  const order: string[] = [];
  const waited = client.call("learnpop", KEYS[0]!).then((reply: RespValue) => {
    order.push(String(reply));
  });
  await other.pipeline(KEYS.map((key) => ["get", key])).then(() => order.push("others"));
  await waited;
  assertEquals(order, ["others", "WAITED"]);

  assertMatch(await errorOf(client, "learnadmin"), /^ERR 'learnadmin' is not supported: /);
  assertMatch(await errorOf(client, "learnwhere"), /^ERR 'learnwhere' is not supported: /);
  assertMatch(await errorOf(client, "learn.nothing", "a"), /^ERR unknown command 'learn.nothing'/);
  assertMatch(await errorOf(client, "learnget"), /^ERR wrong number of arguments for 'learnget'/);

  // In a transaction as any other.
  assertEquals(
    await client.pipeline([["multi"], ["learnput", "t", "1"], ["learnget", "t"], ["exec"]]),
    ["OK", "QUEUED", "QUEUED", ["OK", "1"]],
  );
  const listed = await client.call("COMMAND", "LIST") as string[];
  const learned = listed.filter((name) => name.startsWith("learn")).sort();
  // Of the family only what is served.
  assertEquals(learned, [
    "learn.put",
    "learnall",
    "learnany",
    "learncount",
    "learneach",
    "learnfamily",
    "learnfamily|put",
    "learnget",
    "learninto",
    "learnjoined",
    "learnleast",
    "learnmany",
    "learnmost",
    "learnone",
    "learnpop",
    "learnput",
  ]);
}

/** How the replies of all shards become one; `held` are the keys that each of them has. */
async function testPolicies(client: RespClient, held: readonly number[]): Promise<void> {
  const most = Math.max(...held);
  const least = Math.min(...held);
  assert(least < most, `all servers have ${most} keys`);
  const above = (count: number) => held.filter((keys) => keys > count).length;
  assertEquals(await client.call("learnmost"), most);
  assertEquals(await client.call("learnleast"), least);
  for (const count of [least - 1, least, most]) {
    const word = String(count);
    const isAll = Number(above(count) === held.length);
    const isAny = Number(above(count) > 0);
    assertEquals(await client.call("learnall", word), [1, isAll, 0]);
    assertEquals(await client.call("learnany", word), [1, isAny, 0]);
    const [one, each] = await client.pipeline([["learnone", word], ["learneach", word]]);
    const error = new RespError("ERR not over");
    assertEquals(one, isAny === 1 ? "OVER" : error);
    assertEquals(each, isAll === 1 ? "OVER" : error);
  }
  const joined = await client.call("learnjoined", String(least)) as number[];
  assertEquals(joined.length, 3 * held.length);
  assertEquals(joined.reduce((sum, value) => sum + value, 0), held.length + above(least));
}

/** Keys that the columns of a row do not tell. */
async function testKeySpecifications(client: RespClient): Promise<void> {
  assertEquals(await client.call("learnmany", "2", "{t}1", "{t}2", "many"), 2);
  assertEquals(await client.pipeline([["get", "{t}1"], ["get", "{t}2"]]), ["many", "many"]);
  for (const key of KEYS.slice(0, 8)) {
    assertEquals(await client.call("learninto", `of ${key}`, "into", key), "OK");
    assertEquals(await client.call("get", key), `of ${key}`);
    assertEquals(await client.call("learnmany", "1", key, key), 1);
    assertEquals(await client.call("get", key), key);
  }
  assertMatch(
    await errorOf(client, "learnmany", String(KEYS.length), ...KEYS, "x"),
    /same (slot|server)|give them a common hash tag/,
  );
}

for (const io of ENGINES) {
  Deno.test({
    name: `a pool learns what its servers have, on ${io}, in each of 2 workers`,
    // The module has to be compiled.
    ignore: compiler === null,
    async fn() {
      const folder = Deno.makeTempDirSync();
      try {
        const args = await loadModule(folder);
        await using one = await startRedisServer({ arguments: args });
        await using two = await startRedisServer({ arguments: args });
        const servers = [one, two];
        await using aster = await startAster((port) =>
          `[runtime]\nio = "${io}"\n${redisPoolConfig(servers, port, "thread = 2\n")}`
        );
        const counts = () =>
          Promise.all(servers.map(async (server) => Number(await server.call("DBSIZE"))));
        await testLearned(aster.port, counts);
        // Whichever worker they reach.
        for (let index = 0; index < 8; index++) {
          using client = await RespClient.connect({ port: aster.port });
          assertEquals(await client.call("learnget", "dotted"), "2");
        }
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  name: "a cluster learns what its nodes have",
  // The module has to be compiled.
  ignore: compiler === null,
  async fn() {
    const folder = Deno.makeTempDirSync();
    try {
      const args = await loadModule(folder);
      await using cluster = await startRedisCluster({ replicaCount: 0, arguments: args });
      await using aster = await startAster((port) =>
        redisClusterConfig([cluster.nodes[0]!.address], port)
      );
      await testLearned(
        aster.port,
        () => Promise.all(cluster.nodes.map(async (node) => Number(await node.call("DBSIZE")))),
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "of servers of which one lacks a command nothing is learned of it",
  // The module has to be compiled.
  ignore: compiler === null,
  async fn() {
    const folder = Deno.makeTempDirSync();
    try {
      await using one = await startRedisServer({ arguments: await loadModule(folder) });
      await using two = await startRedisServer();
      await using aster = await startAster((port) => redisPoolConfig([one, two], port));
      using client = await RespClient.connect({ port: aster.port });
      assertMatch(await errorOf(client, "learnput", "a", "1"), /^ERR unknown command 'learnput'/);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "users of some keys have learned commands with these keys, and none else",
  // The module has to be compiled.
  ignore: compiler === null,
  async fn() {
    const folder = Deno.makeTempDirSync();
    try {
      await using server = await startRedisServer({ arguments: await loadModule(folder) });
      const auth = `[clusters.auth]
users = [
  { username = "default", password = "all" },
  { username = "app", password = "p", key_patterns = ["app:*"] },
  { username = "reader", password = "r", commands = ["+@read", "+auth"] },
]`;
      await using aster = await startAster((port) => redisPoolConfig([server], port, auth));
      using client = await RespClient.connect({ port: aster.port });
      // Nothing is asked for strangers.
      assertMatch(await errorOf(client, "learnput", "app:1", "1"), /^ERR unknown command/);
      await client.call("AUTH", "app", "p");
      assertEquals(await client.call("learnput", "app:1", "1"), "OK");
      assertMatch(await errorOf(client, "learnput", "b", "1"), /^NOPERM/);
      assertMatch(await errorOf(client, "learncount"), /^NOPERM/);
      await client.call("AUTH", "reader", "r");
      assertEquals(await client.call("learnget", "app:1"), "1");
      assertMatch(await errorOf(client, "learnput", "app:1", "2"), /^NOPERM/);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "a proxy in front of another learns from it what its servers have",
  // The module has to be compiled.
  ignore: compiler === null,
  async fn() {
    const folder = Deno.makeTempDirSync();
    try {
      await using server = await startRedisServer({ arguments: await loadModule(folder) });
      await using inner = await startAster((port) => redisPoolConfig([server], port));
      const address = `127.0.0.1:${inner.port}`;
      await using outer = await startAster((port) => redisPoolConfig([{ address }], port));
      using client = await RespClient.connect({ port: outer.port });
      assertEquals(await client.call("learn.put", "a", "1"), "OK");
      assertEquals(await client.call("learnget", "a"), "1");
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});
