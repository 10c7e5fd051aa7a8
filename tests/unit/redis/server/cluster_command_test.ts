/**
 * CLUSTER shows cluster-aware clients the proxy as the one node of all slots.
 *
 * @module
 */
import { type TcpEndpoint, tcpEndpoint } from "../../../../src/endpoint.ts";
import { respCommands, respDescriptions } from "../../../../src/protocol/resp/commands/mod.ts";
import { integerReply } from "../../../../src/protocol/resp/write/replies.ts";
import { clusterAnswer } from "../../../../src/redis/server/cluster_command.ts";
import { knownServers } from "../../../support/rigs/redis_context.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import {
  infoSource,
  localRequest,
  LocalRigClient,
  textOf,
} from "../../../support/rigs/local_rig.ts";

function cluster(isCluster: boolean, ...words: string[]): string {
  return answer(new LocalRigClient(), isCluster, words);
}

function answer(
  client: LocalRigClient,
  isCluster: boolean,
  words: readonly string[],
  siblings: readonly TcpEndpoint[] = [],
  usesTls = false,
): string {
  const request = localRequest(client, "CLUSTER", ...words);
  const options = {
    commands: respCommands,
    isCluster,
    advertisedTo: () => tcpEndpoint("10.1.2.3", 9001),
    speaksTls: () => usesTls,
    siblings,
    info: infoSource,
  };
  const nodes = { askOwner: () => integerReply(42), askStatistics: () => integerReply(43) };
  return textOf(clusterAnswer(request, options, knownServers("7.0.15"), nodes)!);
}

Deno.test("CLUSTER SLOTS, NODES and SHARDS name the advertised address for all slots", () => {
  assertMatch(
    cluster(true, "SLOTS"),
    /^\*1\r\n\*3\r\n:0\r\n:16383\r\n\*4\r\n\$8\r\n10.1.2.3\r\n:9001\r\n\$40\r\n/,
  );
  assertMatch(cluster(true, "NODES"), / 10\.1\.2\.3:9001@19001 myself,master .* 0-16383\n/);
  assertMatch(cluster(true, "SHARDS"), /\$8\r\n10.1.2.3\r\n/);
});

Deno.test("CLUSTER SHARDS is made of maps in RESP3, of arrays in RESP2", () => {
  const name = cluster(true, "MYID").split("\r\n")[1];
  const shards = (version: 2 | 3, shard: string, node: string) => {
    assertEquals(
      answer(new LocalRigClient(version), true, ["SHARDS"]),
      `*1\r\n${shard}\r\n$5\r\nslots\r\n*2\r\n:0\r\n:16383\r\n$5\r\nnodes\r\n*1\r\n${node}\r\n` +
        `$2\r\nid\r\n$40\r\n${name}\r\n$4\r\nport\r\n:9001\r\n$2\r\nip\r\n$8\r\n10.1.2.3\r\n` +
        "$8\r\nendpoint\r\n$8\r\n10.1.2.3\r\n$4\r\nrole\r\n$6\r\nmaster\r\n" +
        "$18\r\nreplication-offset\r\n:0\r\n$6\r\nhealth\r\n$6\r\nonline\r\n",
    );
  };
  shards(2, "*4", "*14");
  shards(3, "%2", "%7");
});

Deno.test("a client of TLS finds in CLUSTER SHARDS the port of TLS under its name, as at a server", () => {
  const ports = (usesTls: boolean) => {
    const text = answer(new LocalRigClient(), true, ["SHARDS"], [], usesTls);
    return text.match(/(?:tls-)?port\r\n:\d+/g);
  };
  assertEquals(ports(true), ["tls-port\r\n:9001"]);
  assertEquals(ports(false), ["port\r\n:9001"]);
});

Deno.test("CLUSTER NODES and INFO are text in RESP3", () => {
  const client = new LocalRigClient(3);
  assertMatch(answer(client, true, ["NODES"]), /^=\d+\r\ntxt:[0-9a-f]{40} 10\.1\.2\.3:9001@19001 /);
  assertMatch(answer(client, true, ["INFO"]), /^=\d+\r\ntxt:cluster_state:ok\r\n/);
});

Deno.test("what only a slot's owner knows is asked there; the proxy has no links and no replicas", () => {
  assertEquals(cluster(true, "COUNTKEYSINSLOT", "1"), ":42\r\n");
  assertEquals(cluster(true, "GETKEYSINSLOT", "1", "2"), ":42\r\n");
  assertMatch(cluster(true, "GETKEYSINSLOT", "1"), /^-ERR wrong number of arguments/);
  assertEquals(cluster(true, "LINKS"), "*0\r\n");
  const name = cluster(true, "MYID").split("\r\n")[1]!;
  assertEquals([cluster(true, "REPLICAS", name), cluster(true, "slaves", name)], [
    "*0\r\n",
    "*0\r\n",
  ]);
  assertEquals(cluster(true, "REPLICAS", "x"), "-ERR Unknown node x\r\n");
  assertMatch(cluster(false, "LINKS"), /^-ERR This instance has cluster support disabled/);
});

Deno.test("every subcommand that is not refused is answered", () => {
  const described = [...respDescriptions.values()].filter(({ name }) =>
    name.startsWith("cluster|")
  );
  assertEquals(described.length > 30, true);
  for (const { name, arity, route } of described) {
    const words = [name.slice("cluster|".length), ...Array(Math.abs(arity) - 2).fill("1")];
    const reply = cluster(true, ...words);
    assertEquals(reply.includes("unknown subcommand"), false, name);
    assertEquals(reply.includes("is not supported"), route.reason !== null, name);
    assertEquals(reply.includes("10.1.2.3"), /^cluster\|(slots|shards|nodes)$/.test(name), name);
  }
});

Deno.test("each proxy is a shard: its id is the same in all, and none of a node", () => {
  const siblings = [tcpEndpoint("10.1.2.4", 9001), tcpEndpoint("10.1.2.3", 9001)];
  const alone = cluster(true, "MYSHARDID");
  assertMatch(alone, /^\$40\r\n[0-9a-f]{40}\r\n$/);
  assertEquals(answer(new LocalRigClient(), true, ["MYSHARDID"], siblings), alone);
  assertEquals(cluster(true, "MYID") === alone, false);
  assertMatch(cluster(true, "MYSHARDID", "x"), /^-ERR wrong number of arguments/);
});

Deno.test("statistics of slots are the nodes'", () => {
  assertEquals(cluster(true, "SLOT-STATS", "SLOTSRANGE", "0", "9"), ":43\r\n");
  assertMatch(cluster(true, "SLOT-STATS", "SLOTSRANGE"), /wrong number .*'cluster\|slot-stats'/);
});

Deno.test("what changes a cluster, or concerns one node, is refused by its reason", () => {
  const refused = (name: string) =>
    `-ERR 'cluster|${name}' is not supported: it concerns one node of the cluster; ` +
    "send it to that node\r\n";
  for (const name of ["failover", "setslot", "addslots", "reset", "meet", "migrateslots"]) {
    assertEquals(cluster(true, name.toUpperCase(), "1"), refused(name));
  }
  assertMatch(
    cluster(true, "SYNCSLOTS", "x"),
    /^-ERR 'cluster\|syncslots' is not supported: the nodes of a cluster say it to each other/,
  );
  assertMatch(cluster(true, "NOSUCH"), /^-ERR unknown subcommand 'NOSUCH'/);
});

Deno.test("siblings are shown as one cluster", () => {
  const siblings = [tcpEndpoint("10.1.2.4", 9001), tcpEndpoint("10.1.2.3", 9001)];
  const ask = (...words: string[]) => answer(new LocalRigClient(), true, words, siblings);
  const own = ask("MYID").split("\r\n")[1]!;
  const lines = ask("NODES").split("\n").slice(1, 3);
  assertMatch(lines[0]!, new RegExp(`^${own} 10.1.2.3:9001@19001 myself,master .* 0-8191$`));
  assertMatch(lines[1]!, / 10\.1\.2\.4:9001@19001 master .* 8192-16383$/);
  assertMatch(ask("SLOTS"), /^\*2\r\n\*3\r\n:0\r\n:8191\r\n/);
  assertMatch(ask("SHARDS"), /^\*2\r\n/);
  assertMatch(ask("INFO"), /cluster_known_nodes:2\r\ncluster_size:2\r\n/);
  assertEquals(ask("REPLICAS", lines[1]!.split(" ")[0]!), "*0\r\n");
});

Deno.test("CLUSTER HELP lists what is answered", () => {
  const lines = cluster(true, "HELP").split("\r\n+").map((line) => line.split(" ")[0]);
  for (
    const name of [
      "INFO",
      "KEYSLOT",
      "LINKS",
      "COUNTKEYSINSLOT",
      "GETKEYSINSLOT",
      "REPLICAS",
      "MYID",
      "MYSHARDID",
      "NODES",
      "SHARDS",
      "SLOTS",
      "SLOT-STATS",
    ]
  ) {
    assertEquals(lines.includes(name), true, name);
  }
});

Deno.test("CLUSTER INFO, MYID and KEYSLOT are answered", () => {
  assertMatch(cluster(true, "INFO"), /cluster_state:ok\r\n/);
  assertMatch(cluster(true, "MYID"), /^\$40\r\n[0-9a-f]{40}\r\n$/);
  assertEquals(cluster(true, "KEYSLOT", "123456789"), ":12739\r\n");
  assertEquals(cluster(true, "KEYSLOT", "{foo}bar"), cluster(true, "KEYSLOT", "foo"));
});

Deno.test("other subcommands, wrong counts, and a pool that is no cluster are refused", () => {
  assertMatch(cluster(true, "MEETS", "x"), /^-ERR unknown subcommand 'MEETS'/);
  assertMatch(cluster(true, "SLOTS", "x"), /^-ERR wrong number of arguments for 'cluster\|slots'/);
  assertEquals(cluster(false, "SLOTS"), "-ERR This instance has cluster support disabled\r\n");
});
