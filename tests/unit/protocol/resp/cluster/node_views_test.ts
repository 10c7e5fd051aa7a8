/**
 * A cluster as one node sees it, out of CLUSTER NODES and what shows its nodes' addresses.
 *
 * @module
 */
import {
  clusterDialect,
  tlsClusterDialect,
} from "../../../../../src/protocol/resp/cluster/cluster_dialect.ts";
import { readView } from "../../../../../src/protocol/resp/cluster/node_views.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

const REFUSED = "-ERR unknown subcommand\r\n";

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** What is read of CLUSTER SHARDS, CLUSTER NODES and, if it is asked for, CLUSTER SLOTS. */
function view(shards: string, nodes: string, slots?: string) {
  const replies = [shards, nodes, ...slots === undefined ? [] : [slots]];
  return readView(replies.map(bytesOf), "10.0.0.9");
}

/** CLUSTER NODES' answer, and no other one. */
function nodes(...lines: string[]) {
  const read = view(REFUSED, bulk(lines.map((line) => `${line}\n`).join("")), REFUSED);
  return read === null || read === "more" ? read : read.ranges;
}

Deno.test("CLUSTER NODES says who has which slots, and under which epoch", () => {
  const ranges = nodes(
    "A 127.0.0.1:7001@17001 myself,master - 0 0 5 connected 0-5 7 [8->-B] [9-<-C]",
    "B 127.0.0.1:7002@17002,h2.example master - 0 1 6 connected 8-16383",
    "C 127.0.0.1:7003@17003 slave A 0 1 5 connected",
  );
  const owner = { master: "127.0.0.1:7001", replicas: ["127.0.0.1:7003"], epoch: 5, id: "A" };
  assertEquals(ranges, [
    { first: 0, last: 5, ...owner },
    { first: 7, last: 7, ...owner },
    { first: 8, last: 16_383, master: "127.0.0.1:7002", replicas: [], epoch: 6, id: "B" },
  ]);
});

Deno.test("a node says which one it is", () => {
  const lines = [
    "A 127.0.0.1:7001@17001 master - 0 0 5 connected 0-5",
    "B 127.0.0.1:7002@17002 myself,slave A 0 1 5 connected",
  ];
  const read = view(REFUSED, bulk(lines.join("\n")), REFUSED);
  assertEquals(read === null || read === "more" ? read : read.self, "B");
});

Deno.test("nodes that have failed, shake hands or have no address give nothing to read from", () => {
  const ranges = nodes(
    "A 127.0.0.1:7001@17001 master,fail - 0 0 5 disconnected 0-5",
    "B 127.0.0.1:7002@17002 slave,fail A 0 1 5 connected",
    "C :0@0 slave,noaddr A 0 1 5 disconnected",
    "D 127.0.0.1:7004@17004 handshake - 0 1 0 connected",
    "E 127.0.0.1:7005@17005 slave,fail? A 0 1 5 connected",
    "F :0@0 master,noaddr - 0 1 4 disconnected 6-7",
  );
  const owner = { master: "127.0.0.1:7001", replicas: ["127.0.0.1:7005"], epoch: 5, id: "A" };
  assertEquals(ranges, [{ first: 0, last: 5, ...owner }]);
});

Deno.test("a node without a host is the one that was asked; IPv6 has no brackets there", () => {
  assertEquals(
    (nodes("A :7001@17001 myself,master - 0 0 1 connected 0") as { master: string }[])[0]?.master,
    "10.0.0.9:7001",
  );
  assertEquals(
    (nodes("A ::1:7001@17001 master - 0 0 1 connected 0") as { master: string }[])[0]?.master,
    "[::1]:7001",
  );
});

Deno.test("addresses are those that clients are to use, and ids are told", () => {
  const shards = `*1\r\n*4\r\n${bulk("slots")}*0\r\n${bulk("nodes")}*1\r\n*8\r\n` +
    `${bulk("id")}${bulk("A")}${bulk("port")}:6379\r\n${bulk("endpoint")}${bulk("h.example")}` +
    `${bulk("availability-zone")}${bulk("z1")}`;
  const read = view(shards, bulk("A 10.0.0.1:7001@17001 master - 0 0 1 connected 0-9\n"));
  assertEquals(read, {
    ranges: [{ first: 0, last: 9, master: "h.example:6379", replicas: [], epoch: 1, id: "A" }],
    ids: new Set(["A"]),
    self: "",
    zones: new Map([["h.example:6379", "z1"]]),
  });
});

Deno.test("where CLUSTER SHARDS is refused CLUSTER SLOTS is asked for", () => {
  const lines = bulk("A 10.0.0.1:7001@17001 master - 0 0 1 connected 0-9\n");
  assertEquals(view(REFUSED, lines), "more");
  const slots = (host: string) =>
    `*1\r\n*3\r\n:0\r\n:9\r\n*3\r\n${bulk(host)}:6379\r\n${bulk("A")}`;
  const master = (host: string) => {
    const read = view(REFUSED, lines, slots(host));
    return read === null || read === "more" ? read : read.ranges[0]?.master;
  };
  assertEquals(master("h.example"), "h.example:6379");
  // It has no host name: then its IP address is better than the host that was asked.
  assertEquals(master("?"), "10.0.0.1:7001");
});

Deno.test("where CLUSTER NODES is refused there are no epochs", () => {
  const slots = `*1\r\n*3\r\n:0\r\n:9\r\n*3\r\n${bulk("h")}:1\r\n${bulk("A")}`;
  assertEquals(view(REFUSED, REFUSED, slots), {
    ranges: [{ first: 0, last: 9, master: "h:1", replicas: [] }],
    ids: new Set(["A"]),
    self: "",
    zones: new Map(),
  });
  assertEquals(view(REFUSED, REFUSED, REFUSED), null);
});

Deno.test("what is no answer to CLUSTER NODES is none", () => {
  const broken = ["", "A", "A h:1@2 master - 0 0 x connected 0", "A h:1@2 master - 0 0 1 up 9-8"];
  for (const line of broken) assertEquals(nodes(line), null, line);
  assertEquals(nodes("A h:1@2 master - 0 0 1 connected 0-16384"), null);
  assertEquals(nodes("A h:1@2 master - 0 0 1 connected zero"), null);
});

Deno.test("over TLS nodes are reached by their ports for it, if they have such", () => {
  const shards = (ports: string) =>
    `*1\r\n*4\r\n${bulk("slots")}*0\r\n${bulk("nodes")}*1\r\n*${
      4 + ports.split(":").length * 2 - 2
    }\r\n` +
    `${bulk("id")}${bulk("A")}${bulk("endpoint")}${bulk("h")}${ports}`;
  const [plain, tls] = [`${bulk("port")}:1\r\n`, `${bulk("tls-port")}:2\r\n`];
  const lines = bulk("A 10.0.0.1:2@17001 master - 0 0 1 connected 0-9\n");
  const masterOf = ({ readView }: typeof clusterDialect, ports: string) => {
    const read = readView([shards(ports), lines].map(bytesOf), "10.0.0.9");
    return read === null || read === "more" ? read : read.ranges[0]?.master;
  };
  assertEquals(masterOf(clusterDialect, plain + tls), "h:1");
  assertEquals(masterOf(tlsClusterDialect, plain + tls), "h:2");
  // What CLUSTER NODES says is of the port that was asked.
  assertEquals(masterOf(tlsClusterDialect, plain), "10.0.0.1:2");
});
