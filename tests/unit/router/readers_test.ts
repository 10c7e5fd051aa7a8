/**
 * Which node of a shard is read from; on connections it is in `slot_router_replicas_test.ts`.
 *
 * @module
 */
import { Backend } from "../../../src/backend/backend.ts";
import type { ReadPolicy } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { NOTHING_KNOWN, Readers } from "../../../src/router/readers.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

function arranged(policy: ReadPolicy, zone: string, states = NOTHING_KNOWN): string[] {
  using rig = new CoreRig({ backendCount: 0 });
  const [master, ...replicas] = [1, 2, 3].map((port) =>
    new Backend({ endpoint: tcpEndpoint("h", port) }, rig.context)
  );
  const readers = new Readers({ policy, zone, orders: rig.context.orders });
  readers.arrange(master!, replicas, states);
  return readers.all.map(({ address }) => address);
}

Deno.test("replicas are readers, but for those that are out", () => {
  assertEquals(arranged("prefer_replica", ""), ["h:2", "h:3"]);
  assertEquals(arranged("replica", "", { ...NOTHING_KNOWN, out: new Set(["h:2"]) }), ["h:3"]);
});

Deno.test("by latency the master is one of them; those not known come last", () => {
  const latencies = new Map([["h:3", 1], ["h:1", 2]]);
  const states = { ...NOTHING_KNOWN, latencies };
  assertEquals(arranged("lowest_latency", "", states), ["h:3", "h:1", "h:2"]);
});

Deno.test("those of the proxy's zone come first; without a zone there is no order", () => {
  const zones = new Map([["h:3", "z"], ["h:2", ""]]);
  assertEquals(arranged("prefer_replica", "z", { ...NOTHING_KNOWN, zones }), ["h:3", "h:2"]);
  assertEquals(arranged("prefer_replica", "", { ...NOTHING_KNOWN, zones }), ["h:2", "h:3"]);
});
