/**
 * What cluster-aware clients are told of the proxies.
 *
 * @module
 */
import {
  clusterInfoText,
  clusterNodesText,
  clusterSlotsReply,
  type ShownProxy,
} from "../../../../../src/protocol/resp/cluster/proxies_as_nodes.ts";
import { readSlots } from "../../../../../src/protocol/resp/cluster/shown_addresses.ts";
import { assertEquals, assertMatch } from "../../../../deps.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const ALONE: ShownProxy = {
  hostname: "10.0.0.1",
  port: 9001,
  id: "a".repeat(40),
  firstSlot: 0,
  lastSlot: 16_383,
};
const PAIR: ShownProxy[] = [
  { ...ALONE, lastSlot: 8_191 },
  { ...ALONE, hostname: "10.0.0.2", id: "b".repeat(40), firstSlot: 8_192 },
];

Deno.test("CLUSTER SLOTS shows each proxy as a master of its slots", () => {
  const reply = clusterSlotsReply([ALONE]);
  assertEquals(
    text(reply),
    `*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$8\r\n10.0.0.1\r\n:9001\r\n$40\r\n${ALONE.id}\r\n*0\r\n`,
  );
  assertEquals(readSlots(clusterSlotsReply(PAIR), "")?.ranges, [
    { first: 0, last: 8_191, master: "10.0.0.1:9001", replicas: [] },
    { first: 8_192, last: 16_383, master: "10.0.0.2:9001", replicas: [] },
  ]);
});

Deno.test("CLUSTER NODES has a line for each; the bus port is 0 where it cannot be", () => {
  const line = `${ALONE.id} 10.0.0.1:9001@19001 myself,master - 0 0 1 connected 0-16383\n`;
  assertEquals(clusterNodesText([ALONE], ALONE.id), line);
  const high = clusterNodesText([{ ...ALONE, port: 60_000 }], ALONE.id);
  assertMatch(high, / 10\.0\.0\.1:60000@0 myself,master /);
  assertEquals(
    clusterNodesText(PAIR, PAIR[1]!.id).split("\n").map((one) => one.split(" ").slice(1)),
    [
      ["10.0.0.1:9001@19001", "master", "-", "0", "0", "1", "connected", "0-8191"],
      ["10.0.0.2:9001@19001", "myself,master", "-", "0", "0", "2", "connected", "8192-16383"],
      [],
    ],
  );
});

Deno.test("CLUSTER INFO says that all is well", () => {
  const reply = clusterInfoText(1);
  assertMatch(reply, /cluster_state:ok\r\ncluster_slots_assigned:16384\r\n/);
  assertMatch(reply, /\r\ncluster_known_nodes:1\r\ncluster_size:1\r\n/);
});
