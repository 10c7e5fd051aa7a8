/**
 * How long a node of a Redis Cluster is known that the map in use does not have.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { SWEEP_INTERVAL_MS } from "../../../src/router/cluster_nodes.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { HALVES, SlotScene } from "../../support/rigs/slot_scene.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a backend that leaves the map answers what it has, and is closed once nobody uses it", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const leaving = await scene.accept(7001);
  scene.router.setMap(SlotMap.fromRanges([{ ...HALVES[0]!, last: 16383 }]));
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  await leaving.receives("1\n");
  assertEquals([client.conn.takeWritten(), leaving.isClosed], ["1\n", false]);
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  assertEquals(leaving.isClosed, true);
  assertEquals([...scene.router.backends()].map(({ address }) => address), ["h:7000"]);
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  assertEquals(scene.rig.clock.watchedCount, 0);
  await scene.ends(client);
});

Deno.test("a node in no map that is still asked keeps its connection", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const source = await scene.accept(7001);
  await source.receives("-ask 12182 h:7005\n");
  const importing = await scene.accept(7005);
  await importing.receives("ok\n1\n");
  for (let count = 0; count < 3; count++) {
    scene.rig.clock.advance(SWEEP_INTERVAL_MS);
    await client.conn.receives("get foo\n");
    await source.receives("-ask 12182 h:7005\n");
    await importing.receives("ok\n1\n");
  }
  assertEquals([client.conn.takeWritten(), importing.isClosed], ["1\n1\n1\n1\n", false]);
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  assertEquals(importing.isClosed, true);
  await scene.ends(client);
});

Deno.test("a node outside the map that gets no requests is let go, although it is pinged", async () => {
  using scene = new SlotScene();
  scene.rig.context.limits.circuitTimeouts = 1;
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const conn = await scene.accept(7001);
  await turn();
  scene.rig.clock.advance(1001);
  const [, lost] = [...scene.router.backends()];
  assertEquals([lost!.address, lost!.barredBy], ["h:7001", failures.circuitOpen]);
  await scene.accept(7001);
  scene.router.setMap(
    SlotMap.fromRanges([{ first: 0, last: 16383, master: "h:7000", replicas: [] }]),
  );
  await conn.receives("late\n");
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  lost!.requests += 1;
  scene.rig.clock.advance(SWEEP_INTERVAL_MS);
  assertEquals([...scene.router.backends()].map(({ address }) => address), ["h:7000"]);
  assertEquals(lost!.barredBy, null);
  await scene.ends(client);
});
