import {
  clusterInfoText,
  clusterMyIdReply,
  clusterNodesText,
  clusterSlotsReply,
  proxyNodeName,
} from "../../../../../src/protocol/resp/cluster/cluster_answers.ts";
import { readSlots } from "../../../../../src/protocol/resp/cluster/cluster_shown.ts";
import { assert, assertEquals, assertMatch } from "../../../../deps.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const name = proxyNodeName("10.0.0.1", 9001);

Deno.test("the proxy's name is 40 hexadecimal digits that hang on its address alone", () => {
  assertMatch(name, /^[0-9a-f]{40}$/);
  assertEquals(proxyNodeName("10.0.0.1", 9001), name);
  assert(proxyNodeName("10.0.0.1", 9002) !== name, "another port");
  assert(proxyNodeName("10.0.0.2", 9001) !== name, "another host");
  assertEquals(text(clusterMyIdReply("10.0.0.1", 9001)), `$40\r\n${name}\r\n`);
});

Deno.test("CLUSTER SLOTS shows one master of all slots", () => {
  const reply = clusterSlotsReply("10.0.0.1", 9001);
  assertEquals(
    text(reply),
    `*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$8\r\n10.0.0.1\r\n:9001\r\n$40\r\n${name}\r\n*0\r\n`,
  );
  assertEquals(readSlots(reply, "")?.ranges, [
    { first: 0, last: 16_383, master: "10.0.0.1:9001", replicas: [] },
  ]);
});

Deno.test("CLUSTER NODES has one line; the bus port is 0 where it cannot be", () => {
  const line = `${name} 10.0.0.1:9001@19001 myself,master - 0 0 1 connected 0-16383\n`;
  assertEquals(clusterNodesText("10.0.0.1", 9001), line);
  assertMatch(clusterNodesText("10.0.0.1", 60_000), / 10\.0\.0\.1:60000@0 myself,master /);
});

Deno.test("CLUSTER INFO says that all is well", () => {
  const reply = clusterInfoText();
  assertMatch(reply, /cluster_state:ok\r\ncluster_slots_assigned:16384\r\n/);
  assertMatch(reply, /\r\ncluster_known_nodes:1\r\ncluster_size:1\r\n/);
});
