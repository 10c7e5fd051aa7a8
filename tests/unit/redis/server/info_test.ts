/**
 * INFO has the lines libraries look for, by section, and those of the servers around them.
 *
 * @module
 */
import { createRedisFeatures } from "../../../../src/redis/features.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { bulkLine, FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import type { RedisContext } from "../../../../src/redis/core/feature.ts";

/** What is said where no server answers. */
function infoAlone(version: 2 | 3, line: string, options: Partial<RedisContext> = {}): string {
  using scene = new FeatureScene(createRedisFeatures, options, version);
  scene.rig.router.shards = () => [];
  scene.ask(line);
  return scene.client.replies.join("");
}

Deno.test("INFO has what libraries wait for and what the proxy counts, whether servers answer or not", () => {
  const text = infoAlone(2, "INFO");
  for (
    const line of [
      "redis_version:7.0.15",
      "redis_mode:standalone",
      "tcp_port:9002",
      "uptime_in_seconds:90061",
      "uptime_in_days:1",
      "connected_clients:3",
      "blocked_clients:1",
      "loading:0",
      "total_connections_received:5",
      "total_commands_processed:11",
      "total_error_replies:2",
      "role:master",
      "connected_slaves:0",
      "cluster_enabled:0",
      "proxy_backends:4",
      "proxy_backends_asked:0",
      "proxy_backends_answered:0",
    ]
  ) assertEquals([line, text.includes(`\r\n${line}\r\n`)], [line, true]);
});

Deno.test("in front of a Redis Cluster it says that it is one", () => {
  const text = infoAlone(2, "INFO", { isCluster: true });
  assertMatch(text, /\r\nredis_mode:cluster\r\n[^]*\r\ncluster_enabled:1\r\n/);
});

Deno.test("INFO names the length of its text in bytes, and RESP3 has it verbatim", () => {
  const [, length, body] = /^\$(\d+)\r\n(.*)\r\n$/s.exec(infoAlone(2, "INFO"))!;
  assertEquals(Number(length), body!.length);
  assertMatch(infoAlone(3, "INFO cluster"), /^=\d+\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n/);
});

Deno.test("INFO gives the sections asked for, whatever their case", () => {
  const titles = (line: string) => infoAlone(2, line).match(/(?<=# )\w+/g) ?? [];
  assertEquals(infoAlone(2, "INFO CLUSTER"), "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
  assertEquals(infoAlone(2, "INFO nonsense"), "$0\r\n\r\n");
  assertEquals(infoAlone(2, `INFO ${"x".repeat(100_000)}`), "$0\r\n\r\n");
  assertEquals(titles("INFO cluster stats"), ["Stats", "Cluster"]);
  assertEquals(titles("INFO proxy"), ["Proxy"]);
  for (const line of ["INFO", "INFO default", "INFO all", "INFO everything", "INFO stats all"]) {
    assertEquals(titles(line), [
      ...["Server", "Clients", "Persistence", "Stats", "Replication", "Cluster", "Proxy"],
    ], line);
  }
});

const SERVER = (keys: number) =>
  bulkLine(
    "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux\r\ntcp_port:1\r\n\r\n" +
      "# Clients\r\nconnected_clients:9\r\nmaxclients:100\r\n\r\n" +
      `# Keyspace\r\ndb0:keys=${keys},expires=0,avg_ttl=0\r\n\r\n# Other\r\nmodule_field:1\r\n`,
  );

Deno.test("servers' fields stand around the proxy's own, in a server's order", async () => {
  using scene = new FeatureScene(createRedisFeatures);
  scene.ask("INFO everything");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives(SERVER(0));
  await turn();
  assertEquals(requestsIn(conns[0]!.written), ["INFO server", "INFO everything"]);
  await conns[0]!.receives(SERVER(3));
  await conns[1]!.receives(SERVER(4));
  const [text] = scene.client.replies;
  assertMatch(
    text!,
    /# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux\r\ntcp_port:9002\r\nuptime_in_seconds:/,
  );
  assertMatch(text!, /# Clients\r\nconnected_clients:3\r\nmaxclients:200\r\nblocked_clients:1\r\n/);
  assertMatch(text!, /# Keyspace\r\ndb0:keys=7,/);
  assertMatch(text!, /# Other\r\nmodule_field:2\r\n/);
  assertMatch(text!, /proxy_backends_asked:2\r\nproxy_backends_answered:2\r\n/);
  scene.client.stage?.onClose();
  await scene.ends();
});
