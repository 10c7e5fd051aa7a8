/**
 * Which proxies cluster-aware clients are shown, and who has which slots.
 *
 * @module
 */
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { clusterView, nodeId } from "../../../../src/redis/server/shown_cluster.ts";
import { assertEquals } from "../../../deps.ts";

const OWN = tcpEndpoint("10.0.0.2", 9001);

Deno.test("without siblings the proxy has all slots", () => {
  const { proxies, ownId } = clusterView([], OWN);
  assertEquals(proxies, [{
    hostname: "10.0.0.2",
    port: 9001,
    id: ownId,
    firstSlot: 0,
    lastSlot: 16_383,
  }]);
});

Deno.test("a node's id is the SHA-1 of its address", () => {
  assertEquals(nodeId(OWN), "3aab68db25a2444bc921dd1f7183500e0e6134d5");
});

Deno.test("siblings share the slots, in the order of their addresses, whatever their order in the file", () => {
  const siblings = ["10.0.0.3", "10.0.0.1", "10.0.0.2"].map((host) => tcpEndpoint(host, 9001));
  const view = clusterView(siblings, OWN);
  assertEquals(view, clusterView(siblings.toReversed(), OWN));
  assertEquals(
    view.proxies.map(({ hostname, firstSlot, lastSlot }) => [hostname, firstSlot, lastSlot]),
    [["10.0.0.1", 0, 5_460], ["10.0.0.2", 5_461, 10_921], ["10.0.0.3", 10_922, 16_383]],
  );
  assertEquals(view.proxies[1]!.id, view.ownId);
});
