/**
 * Nodes and slots as CLUSTER SHARDS and CLUSTER SLOTS show them.
 *
 * @module
 */
import {
  nodeHost,
  readShards,
  readSlots,
  unbracketed,
} from "../../../../../src/protocol/resp/cluster/shown_addresses.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function slots(text: string) {
  return readSlots(bytesOf(text), "10.0.0.9")?.ranges ?? null;
}

const id = "$40\r\n0123456789012345678901234567890123456789\r\n";

Deno.test("a slot map is read, in the forms of Redis 3, 4 and 7", () => {
  const master = { first: 0, last: 5460, master: "127.0.0.1:7001", replicas: ["127.0.0.1:7004"] };
  const head = "*1\r\n*4\r\n:0\r\n:5460\r\n";
  const node = (port: number, extra: string, words: number) =>
    `*${words}\r\n$9\r\n127.0.0.1\r\n:${port}\r\n${extra}`;
  assertEquals(slots(`${head}${node(7001, "", 2)}${node(7004, "", 2)}`), [master]);
  assertEquals(slots(`${head}${node(7001, id, 3)}${node(7004, id, 3)}`), [master]);
  const metadata = `${id}*2\r\n$8\r\nhostname\r\n$1\r\nh\r\n`;
  assertEquals(slots(`${head}${node(7001, metadata, 4)}${node(7004, `${id}*0\r\n`, 4)}`), [master]);
  const map = `${id}%1\r\n$8\r\nhostname\r\n*1\r\n:1\r\n`;
  assertEquals(slots(`${head}${node(7001, map, 4)}${node(7004, `${id}*-1\r\n`, 4)}`), [master]);
  assertEquals(slots("*0\r\n"), []);
});

Deno.test("the host that was asked stands in for one that is missing", () => {
  for (const host of ["$-1\r\n", "$0\r\n\r\n", "$1\r\n?\r\n", "_\r\n"]) {
    assertEquals(slots(`*1\r\n*3\r\n:5\r\n:5\r\n*3\r\n${host}:7001\r\n${id}`), [
      { first: 5, last: 5, master: "10.0.0.9:7001", replicas: [] },
    ]);
  }
});

Deno.test("a master whose address the cluster has lost leaves a gap, such a replica nothing", () => {
  const [lost, found] = [`*3\r\n$0\r\n\r\n:0\r\n${id}`, `*3\r\n$1\r\nh\r\n:7001\r\n${id}`];
  const range = (first: number, nodes: string) => `*4\r\n:${first}\r\n:${first}\r\n${nodes}`;
  const map = `*3\r\n${range(0, found + lost)}${range(1, lost + found)}${range(2, lost + lost)}`;
  assertEquals(slots(map), [{ first: 0, last: 0, master: "h:7001", replicas: [] }]);
});

Deno.test("IPv6 nodes get their brackets", () => {
  assertEquals(slots(`*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$3\r\n::1\r\n:7001\r\n`), [
    { first: 0, last: 16_383, master: "[::1]:7001", replicas: [] },
  ]);
});

Deno.test("what is no slot map is null", () => {
  const node = "*2\r\n$1\r\nh\r\n:7001\r\n";
  const broken = [
    ...["-ERR x\r\n", "+OK\r\n", "*-1\r\n", "*1\r\n", "*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n"],
    ...[`*1\r\n*3\r\n:0\r\n:16384\r\n${node}`, `*1\r\n*3\r\n:2\r\n:1\r\n${node}`],
    ...[`*1\r\n*3\r\n:-1\r\n:1\r\n${node}`, `*1\r\n*3\r\n$1\r\n0\r\n:1\r\n${node}`],
    ...[
      "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n$1\r\nh\r\n",
      "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
    ],
    ...["*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n:1\r\n:7001\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n+x\r\n"],
    ...[`*2\r\n*3\r\n:0\r\n:1\r\n${node}`, "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$9\r\nh\r\n:7001\r\n"],
    "*99999\r\n",
  ];
  for (const text of broken) assertEquals(slots(text), null, JSON.stringify(text));
});

type Reply = string | number | null | readonly Reply[];

/** A reply of RESP2. */
function resp(value: Reply): string {
  if (value === null) return "$-1\r\n";
  if (typeof value === "number") return `:${value}\r\n`;
  if (typeof value === "string") return `$${value.length}\r\n${value}\r\n`;
  return `*${value.length}\r\n${value.map(resp).join("")}`;
}

function shards(value: Reply, usesTls = false) {
  return readShards(bytesOf(resp(value)), "10.0.0.9", usesTls);
}

function node(id: string, port: number, ...more: Reply[]): Reply {
  return ["id", id, "port", port, "ip", "10.0.0.1", "endpoint", "10.0.0.1", ...more];
}

const MASTER = ["role", "master", "replication-offset", 5, "health", "online"] as const;
const REPLICA = ["role", "replica", "replication-offset", 5, "health", "online"] as const;

Deno.test("shards are read: slots, master, replicas, zones", () => {
  const nodes = [node("A", 1, ...REPLICA), node("B", 2, ...MASTER, "availability-zone", "z1")];
  const shown = shards([["slots", [0, 5, 7, 7], "nodes", nodes]])!;
  const owner = { master: "10.0.0.1:2", replicas: ["10.0.0.1:1"], id: "B" };
  assertEquals(shown.ranges, [{ first: 0, last: 5, ...owner }, { first: 7, last: 7, ...owner }]);
  assertEquals([...shown.nodes].map(([id, { zone }]) => [id, zone]), [["A", ""], ["B", "z1"]]);
  assertEquals(shards([])?.ranges, []);
});

Deno.test("a replica that has failed or is loading is left out, and a former master beside its heir", () => {
  const without = (health: string): Reply[] => [...REPLICA.slice(0, -1), health];
  const former: Reply[] = [...MASTER.slice(0, -1), "fail"];
  const nodes = [
    ...[node("A", 1, ...former), node("B", 2, ...MASTER)],
    ...[node("C", 3, ...without("fail")), node("D", 4, ...without("loading"))],
  ];
  const owner = { master: "10.0.0.1:2", replicas: [], id: "B" };
  assertEquals(shards([["slots", [0, 1], "nodes", nodes]])?.ranges, [
    { first: 0, last: 1, ...owner },
  ]);
  // Without an heir it stays: others may think so for a while after it has come back.
  assertEquals(shards([["slots", [0, 1], "nodes", [node("A", 1, ...former)]]])?.ranges, [
    { first: 0, last: 1, master: "10.0.0.1:1", replicas: [], id: "A" },
  ]);
});

Deno.test("a node is reached by the endpoint it prefers, and by its TLS port where that is asked for", () => {
  const named = (endpoint: Reply): Reply => [
    ...["id", "A", "port", 1, "tls-port", 2, "ip", "10.0.0.1", "endpoint", endpoint],
    ...["hostname", "h.example"],
    ...MASTER,
  ];
  const master = (endpoint: Reply, usesTls = false) =>
    shards([["slots", [0, 0], "nodes", [named(endpoint)]]], usesTls)?.ranges[0]?.master;
  assertEquals(master("h.example"), "h.example:1");
  assertEquals(master("h.example", true), "h.example:2");
  assertEquals(master("?"), "10.0.0.1:1");
  assertEquals([master(""), master(null)], ["10.0.0.9:1", "10.0.0.9:1"]);
});

Deno.test("a field of a node that nobody knows is passed over", () => {
  const nodes = [node("A", 1, ...MASTER, "new", ["x", 1], "newer", 7)];
  assertEquals(shards([["slots", [0, 0], "nodes", nodes, "more", [1]]])?.ranges.length, 1);
});

Deno.test("what is no answer to CLUSTER SHARDS is null", () => {
  const whole = [node("A", 1, ...MASTER)];
  const broken: Reply[] = [
    "x",
    [["slots", [0], "nodes", whole]],
    [["slots", [5, 4], "nodes", whole]],
    [["slots", [0, 16_384], "nodes", whole]],
    [["slots", [0, 1], "nodes", "x"]],
    [["slots", [0, 1], "nodes", [["id"]]]],
    [["slots", [0, 1]]],
    [["slots", [0, 1], "nodes", [["id", "A", "port", 65_536]]]],
  ];
  for (const value of broken) assertEquals(shards(value), null, JSON.stringify(value));
  assertEquals(readShards(bytesOf("-ERR unknown subcommand\r\n"), "h"), null);
});

Deno.test("hosts of nodes that leave theirs out", () => {
  assertEquals(nodeHost("[::1]", "", "h"), "::1");
  assertEquals([nodeHost("", "10.0.0.1", "h"), nodeHost("?", "?", "h")], ["h", "h"]);
  assertEquals([unbracketed("[::1]"), unbracketed("::1")], ["::1", "::1"]);
});
