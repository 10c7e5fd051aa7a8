/**
 * What is asked of servers rather than of keys: the slots of a Redis Cluster, WAIT, and servers that want a login of the
 * proxy.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { respDescriptions } from "../../src/protocol/resp/commands/mod.ts";
import { RawClient, word } from "./raw_client.ts";
import { startRedisPool } from "./redis_pool.ts";

Deno.test("the keys of a slot are its owner's, and errors are a node's", async () => {
  await using cluster = await startRedisCluster({ masterCount: 3, replicaCount: 0 });
  await using aster = await startAster((port) => redisClusterConfig([cluster.addresses[0]!], port));
  for (const version of [2, 3] as const) {
    using proxy = await RawClient.connect(aster.port, version);
    for (const tag of ["a", "b", "c", "d"]) {
      await proxy.ask(["SET", `{${tag}}1`, "v"], ["SET", `{${tag}}2`, "v"]);
      const slot = await cluster.slotOf(tag);
      using owner = await RawClient.connect((await cluster.ownerOf(slot)).port, version);
      for (
        const words of [["COUNTKEYSINSLOT", String(slot)], ["GETKEYSINSLOT", String(slot), "9"]]
      ) {
        const expected = await owner.ask(["CLUSTER", ...words]);
        assertMatch(expected, /^(:2|\*2)\r\n/);
        assertEquals(await proxy.ask(["CLUSTER", ...words]), expected);
      }
    }
    using node = await RawClient.connect(cluster.masters[0]!.port, version);
    for (
      const line of [
        "COUNTKEYSINSLOT|COUNTKEYSINSLOT x|COUNTKEYSINSLOT -1|COUNTKEYSINSLOT 16384",
        "COUNTKEYSINSLOT 1 2|GETKEYSINSLOT 5|GETKEYSINSLOT 5 x|GETKEYSINSLOT x 5",
        "GETKEYSINSLOT 5 -1|GETKEYSINSLOT 16384 1|GETKEYSINSLOT 5 0|LINKS x|REPLICAS|REPLICAS x",
        "SLAVES x|nosuch|COUNTKEYSINSLOT 99999999999999999999",
      ].flatMap((lines) => lines.split("|"))
    ) {
      const words = ["CLUSTER", ...line.split(" ")];
      assertEquals(await proxy.ask(words), await node.ask(words), line);
    }
    assertEquals(await proxy.ask(["CLUSTER", "LINKS"]), "*0\r\n");
    assertEquals(await proxy.ask(["WAIT", "0", "1000"]), ":0\r\n");
  }
});

Deno.test("HELP of CLUSTER has a node's words for what is served", async () => {
  await using cluster = await startRedisCluster({ masterCount: 1, replicaCount: 0 });
  using node = await RawClient.connect(cluster.masters[0]!.port);
  await using aster = await startAster((port) => redisClusterConfig([cluster.addresses[0]!], port));
  using proxy = await RawClient.connect(aster.port);
  const titlesOf = (reply: string) => reply.split("\r\n").filter((line) => /^\+[A-Z]/.test(line));
  const theirs = titlesOf(await node.ask(["CLUSTER", "HELP"]));
  for (const title of titlesOf(await proxy.ask(["CLUSTER", "HELP"]))) {
    const [name] = title.slice(1).toLowerCase().split(" ");
    const since = respDescriptions.get(`cluster|${name}`)?.since ?? null;
    assert(theirs.includes(title) || since !== null, title);
  }
});

Deno.test("in front of one server odd cursors are read as the server reads them", async () => {
  await using pool = await startRedisPool({ serverCount: 1 });
  const keys = Array.from({ length: 100 }, (_, index) => [`k${index}`, "v"]).flat();
  for (const port of [pool.direct.port, pool.aster.port]) {
    using client = await RawClient.connect(port);
    await client.ask(["MSET", ...keys]);
  }
  using proxy = await RawClient.connect(pool.aster.port);
  using direct = await RawClient.connect(pool.direct.port);
  for (const cursor of ["-1", "+0", "-0", "", " 0", "x", "--1", "-2", "-x", "1e3"]) {
    const words = ["SCAN", cursor, "COUNT", "1000"];
    const countOf = (reply: string) => reply.replace(/(?<=\r\n\*)(\d+)[^]*$/, "$1");
    const [got, expected] = [await proxy.ask(words), await direct.ask(words)].map(countOf);
    // Which bucket a key is in is each server's own affair.
    const isOdd = /^-[1-9]/.test(cursor) && expected!.startsWith("*");
    if (isOdd) assertMatch(got!, /^\*2\r\n\$1\r\n0\r\n\*\d/);
    else assertEquals(got, expected, cursor);
  }
});

Deno.test("a server that wants a login of the proxy is not taken for one that wants it of the client", async () => {
  await using pool = await startRedisPool({ serverCount: 1 });
  await pool.servers[0]!.call("CONFIG", "SET", "requirepass", "secret");
  for (
    const line of [
      ...[
        "EVAL return~1 0",
        "EVAL return~1 1 k",
        "FCALL f 1 k",
        "BLPOP k 1",
        "SCAN 0",
        "RANDOMKEY",
      ],
      ...["DBSIZE", "GET k", "MGET a b", "SCRIPT LOAD return~1", "SCRIPT EXISTS x", "WATCH k"],
      ...["XREAD BLOCK 1 STREAMS k 0", "FUNCTION LIST", "PUBLISH a b"],
    ]
  ) {
    using client = await RawClient.connect(pool.aster.port);
    const reply = await client.ask(line.split(" ").map((one) => word(one.replace("~", " "))));
    assertMatch(reply, /^(\*2\r\n)?-ERR backend 127\.0\.0\.1:\d+: .*login/, line);
  }
  using client = await RawClient.connect(pool.aster.port);
  const replies = await client.ask(["MULTI"], ["SET", "k", "1"], ["EXEC"], ["INFO", "cluster"]);
  assertMatch(
    replies,
    /^\+OK\r\n-ERR backend .*login.*\r\n-(ERR backend .*login|EXECABORT).*\r\n\$30\r\n/,
  );
});
