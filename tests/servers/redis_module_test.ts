/**
 * Commands of a module as it is published: FalkorDB's graphs, where its library is named by an environment variable.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { redisPoolConfig } from "./redis_pool.ts";

/** Path of the module, for servers that can load it. */
const MODULE = Deno.env.get("ASTER_TEST_GRAPH_MODULE") || null;
const GRAPHS = Array.from({ length: 12 }, (_, number) => `graph:${number}`);

/** Graphs go where their key is, are read and written, and what no server can place is refused. */
async function useGraphs(port: number, graphsHeld: () => Promise<number[]>): Promise<void> {
  using client = await RespClient.connect({ port });
  for (const graph of GRAPHS) {
    await client.call("GRAPH.QUERY", graph, `CREATE (:Node {name: '${graph}'})`);
    const query = "MATCH (n:Node) RETURN DISTINCT n.name";
    const reply = await client.call("graph.ro_query", graph, query) as unknown[][];
    assertEquals(reply[1], [[graph]]);
  }
  const held = await graphsHeld();
  assertEquals(held.reduce((sum, count) => sum + count, 0), GRAPHS.length);
  assert(held.filter((count) => count > 0).length > 1, `held ${held}`);
  // In a transaction as any other.
  const [, , , results] = await client.pipeline([
    ["MULTI"],
    ["GRAPH.QUERY", GRAPHS[0]!, "RETURN 1"],
    ["EXISTS", GRAPHS[0]!],
    ["EXEC"],
  ]) as unknown[][];
  assertEquals(results![1], 1);
  const [list] = await client.pipeline([["GRAPH.LIST"]]);
  assertMatch(
    list instanceof RespError ? list.message : "",
    /^ERR 'graph.list' is not supported: /,
  );
  for (const graph of GRAPHS) await client.call("GRAPH.DELETE", graph);
}

Deno.test({
  name: "a pool serves the graphs of a module as it is published",
  // The module has to be there.
  ignore: MODULE === null,
  async fn() {
    const options = { arguments: ["--loadmodule", MODULE!] };
    const servers = await Promise.all([startRedisServer(options), startRedisServer(options)]);
    await using _one = servers[0];
    await using _two = servers[1];
    await using aster = await startAster((port) => redisPoolConfig(servers, port));
    await useGraphs(
      aster.port,
      () => Promise.all(servers.map(async (server) => Number(await server.call("DBSIZE")))),
    );
  },
});

Deno.test({
  name: "a cluster serves the graphs of a module as it is published",
  // The module has to be there.
  ignore: MODULE === null,
  async fn() {
    const options = { replicaCount: 0, arguments: ["--loadmodule", MODULE!] };
    await using cluster = await startRedisCluster(options);
    await using aster = await startAster((port) =>
      redisClusterConfig([cluster.nodes[0]!.address], port)
    );
    await useGraphs(
      aster.port,
      () => Promise.all(cluster.masters.map(async (node) => Number(await node.call("DBSIZE")))),
    );
  },
});
