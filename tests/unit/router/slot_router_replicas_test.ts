/**
 * Which reads go to which replica, and when the master reads instead.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { NO_PLACE } from "../../../src/router/router.ts";
import { PauseMode } from "../../../src/backend/server_orders.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { type NodeStates, NOTHING_KNOWN } from "../../../src/router/readers.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";
import type { FakeTcpConn } from "../../support/fakes/fake_tcp_conn.ts";
import { SlotScene } from "../../support/rigs/slot_scene.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const WITH_REPLICAS: SlotRange[] = [
  { first: 0, last: 16383, master: "h:7000", replicas: ["h:7001", "h:7002"] },
];

/** Has the connections to both replicas opened. */
async function openReplicas(scene: SlotScene): Promise<FakeTcpConn[]> {
  assertEquals([1, 2].map(() => scene.at(5, true)), ["h:7000", "h:7000"]);
  return [await scene.accept(7001), await scene.accept(7002)];
}

Deno.test("reads go to the replicas in turn once they are connected, writes never", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  await openReplicas(scene);
  const readers = [1, 2, 3, 4].map(() => scene.at(5, true));
  assertEquals(readers.toSorted(), ["rh:7001", "rh:7001", "rh:7002", "rh:7002"]);
  assertEquals([readers[0], readers[1]], [readers[2], readers[3]]);
  assertEquals([1, 2, 3].map(() => scene.at(5, false)), ["h:7000", "h:7000", "h:7000"]);
  await scene.ends();
});

Deno.test("a replica that is paused gets no reads until it goes on", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  await openReplicas(scene);
  const { orders } = scene.rig.context;
  const reads = () => [1, 2, 3, 4].map(() => scene.at(5, true)).toSorted();
  orders.pause("h:7001", { mode: PauseMode.All, endMs: Infinity });
  assertEquals(reads(), ["rh:7002", "rh:7002", "rh:7002", "rh:7002"]);
  orders.pause("h:7002", { mode: PauseMode.All, endMs: Infinity });
  assertEquals(new Set(reads()), new Set(["h:7000"]));
  orders.resume("h:7001");
  orders.resume("h:7002");
  assertEquals(reads(), ["rh:7001", "rh:7001", "rh:7002", "rh:7002"]);
  await scene.ends();
});

Deno.test("without the option reads go to the master", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "master");
  assertEquals(scene.at(5, true), "h:7000");
  assertEquals(scene.rig.network.attempts.length, 0);
  await scene.ends();
});

Deno.test("no read waits for a replica, or fails by one that refuses", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const master = await scene.accept(7000);
  assertEquals(master.takeWritten(), "get foo\n");
  await scene.rig.refuse(1);
  const replica = await scene.accept(7002);
  await client.conn.receives("get foo\nget foo\nput foo x\n");
  assertEquals(replica.takeWritten(), "get foo\nget foo\n");
  assertEquals(master.takeWritten(), "put foo x\n");
  await replica.ends();
  await master.receives("1\nok\n");
  assertEquals(
    client.conn.takeWritten(),
    "1\n-backend_closed h:7002\n-backend_closed h:7002\nok\n",
  );
  await client.conn.receives("get foo\n");
  assertEquals(master.takeWritten(), "get foo\n");
  await master.receives("2\n");
  await scene.ends(client);
});

Deno.test("a replica with a reply overdue is passed over", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  const [first] = await openReplicas(scene);
  const client = scene.client();
  await client.conn.receives("get foo\nget foo\n");
  assertEquals(first!.takeWritten(), "get foo\n");
  scene.rig.clock.advance(1001);
  assertEquals([scene.at(5, true), scene.at(5, true)], ["h:7000", "h:7000"]);
  await first!.receives("late\n");
  assertEquals([scene.at(5, true), scene.at(5, true)], ["rh:7001", "rh:7001"]);
  await scene.ends(client);
});

Deno.test("what a replica cannot answer now the master answers", async () => {
  for (const reply of ["-down\n", "-unready\n"]) {
    using scene = new SlotScene([{ ...WITH_REPLICAS[0]!, replicas: ["h:7001"] }], "prefer_replica");
    assertEquals(scene.at(5, true), "h:7000");
    const replica = await scene.accept(7001);
    const client = scene.client();
    await client.conn.receives("get foo\n");
    await replica.receives(reply);
    const master = await scene.accept(7000);
    assertEquals(master.takeWritten(), "get foo\n");
    await master.receives(reply);
    // One that calls the cluster down may just not know better: it is asked once more behind a fresh map.
    scene.router.confirmMap();
    if (reply === "-down\n") await master.receives(reply);
    assertEquals(client.conn.takeWritten(), reply);
    await scene.ends(client);
  }
});

Deno.test("a replica's connection is of the readonly profile of the client's protocol version", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  const client = { number: 1, profiles: PROFILES[3] };
  scene.router.connectionFor(5, true, client);
  await scene.accept(7001);
  await scene.accept(7002);
  const profileOf = (isRead: boolean) => scene.router.connectionFor(5, isRead, client)!.profile;
  assertStrictEquals(profileOf(true), PROFILES[3].replica);
  assertStrictEquals(profileOf(false), PROFILES[3].master);
  await scene.ends();
});

const states = (known: Partial<NodeStates>): NodeStates => ({ ...NOTHING_KNOWN, ...known });

Deno.test("a replica that its probe has left out gets no reads", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica");
  await openReplicas(scene);
  scene.router.setNodeStates(states({ out: new Set(["h:7001"]) }));
  assertEquals(new Set([1, 2, 3].map(() => scene.at(5, true))), new Set(["rh:7002"]));
  scene.router.setNodeStates(states({ out: new Set(["h:7001", "h:7002"]) }));
  assertEquals(scene.at(5, true), "h:7000");
  // It stays out under another map.
  scene.router.setMap(SlotMap.fromRanges(WITH_REPLICAS));
  assertEquals(scene.at(5, true), "h:7000");
  scene.router.setNodeStates(NOTHING_KNOWN);
  assertEquals(new Set([1, 2].map(() => scene.at(5, true))), new Set(["rh:7001", "rh:7002"]));
  await scene.ends();
});

Deno.test("with the policy replica no read goes to a master, whatever happens", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "replica");
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const replica = await scene.accept(7002);
  await scene.rig.refuse(1);
  assertEquals(replica.takeWritten(), "");
  await client.conn.receives("get foo\n");
  assertEquals(replica.takeWritten(), "get foo\n");
  await replica.receives("-unready\n");
  assertEquals(client.conn.takeWritten(), "-connect_refused h:7001\n-unready\n");
  scene.router.setNodeStates(states({ out: new Set(["h:7001", "h:7002"]) }));
  await client.conn.receives("get foo\n");
  assertEquals(client.conn.takeWritten(), "-no_replica\n");
  assertEquals(scene.rig.network.countTo(7000), 0);
  await scene.ends(client);
});

Deno.test("the replicas of the proxy's zone come first", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "prefer_replica", "z2");
  await openReplicas(scene);
  const zones = new Map([["h:7000", "z2"], ["h:7001", "z1"], ["h:7002", "z2"]]);
  scene.router.setNodeStates(states({ zones }));
  assertEquals(new Set([1, 2, 3].map(() => scene.at(5, true))), new Set(["rh:7002"]));
  scene.router.setNodeStates(states({ zones, out: new Set(["h:7002"]) }));
  assertEquals(new Set([1, 2, 3].map(() => scene.at(5, true))), new Set(["rh:7001"]));
  await scene.ends();
});

Deno.test("with the policy lowest_latency whoever answers soonest is read from, masters too", async () => {
  using scene = new SlotScene(WITH_REPLICAS, "lowest_latency");
  const latencies = new Map([["h:7000", 2], ["h:7001", 3], ["h:7002", 1]]);
  scene.router.setNodeStates(states({ latencies }));
  assertEquals(scene.at(5, true), "h:7000");
  await scene.accept(7002);
  assertEquals(scene.at(5, true), "rh:7002");
  scene.router.setNodeStates(states({ latencies, out: new Set(["h:7002"]) }));
  scene.at(5, true);
  await scene.accept(7000);
  await scene.accept(7001);
  assertEquals(scene.at(5, true), "h:7000");
  scene.router.setNodeStates(states({ latencies: new Map([["h:7001", 1]]) }));
  assertEquals([scene.at(5, true), scene.at(5, false)], ["rh:7001", "h:7000"]);
  await scene.ends();
});

Deno.test("why a place has no backend is said of that place, whatever was asked for before", () => {
  using scene = new SlotScene([{ first: 0, last: 99, master: "h:7000", replicas: [] }], "replica");
  assertEquals(scene.at(5, true), null);
  assertEquals(scene.router.whyUnplaced(5), failures.noReplica);
  assertEquals(scene.router.whyUnplaced(100), failures.slotUncovered);
  assertEquals(scene.router.whyUnplaced(NO_PLACE), failures.slotUncovered);
  assertEquals(scene.router.whyUnplaced(5), failures.noReplica);
});
