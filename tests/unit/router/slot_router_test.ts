/**
 * From slots to backends.
 *
 * @module
 */
import { ShardsState } from "../../../src/router/router.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { HALVES, SlotScene } from "../../support/rigs/slot_scene.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("before the first map every request fails with the reason, and a refresh is asked for", async () => {
  using scene = new SlotScene([]);
  const client = scene.client();
  await client.conn.receives("get foo\nmget foo bar\nany\n");
  assertEquals(client.conn.takeWritten().split("\n").slice(0, 2), [
    "-topology_unknown",
    "-topology_unknown ,-topology_unknown ",
  ]);
  assertEquals(scene.refreshes.length > 0, true);
  await scene.ends(client);
});

Deno.test("keys go to the master of their slot; a gap fails and asks for a refresh", async () => {
  using scene = new SlotScene([HALVES[1]!]);
  const client = scene.client();
  await client.conn.receives("get foo\nget bar\nget {foo}bar\nput foo x\nany\n");
  const backend = await scene.accept(7001);
  assertEquals(backend.takeWritten(), "get foo\nget {foo}bar\nput foo x\nany\n");
  await backend.receives("1\n2\n3\n4\n");
  assertEquals(client.conn.takeWritten(), "1\n-slot_uncovered\n2\n3\n4\n");
  assertEquals(scene.refreshes, ["?"]);
  await scene.ends(client);
});

Deno.test("only a change of masters raises the epoch", () => {
  using scene = new SlotScene();
  const { epoch } = scene.router;
  scene.router.setMap(SlotMap.fromRanges(HALVES));
  assertEquals(scene.router.epoch, epoch);
  scene.router.setMap(SlotMap.fromRanges([{ ...HALVES[0]!, replicas: ["h:7002"] }, HALVES[1]!]));
  assertEquals(scene.router.epoch, epoch);
  scene.router.setMap(SlotMap.fromRanges([{ ...HALVES[0]!, last: 8190 }, HALVES[1]!]));
  assertEquals(scene.router.epoch, epoch + 1);
});

Deno.test("requests to all shards wait for the map of one time, in their order", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const former = await scene.accept(7001);
  await former.receives("-moved 12182 h:7002\n");
  const heir = await scene.accept(7002);
  await heir.receives("1\n");
  assertEquals(scene.router.shardsState, ShardsState.Awaited);
  await client.conn.receives("count\nget bar\n");
  assertEquals(scene.rig.network.countTo(7000), 0);
  scene.router.setMap(SlotMap.fromRanges([HALVES[0]!, { ...HALVES[1]!, master: "h:7002" }]));
  assertEquals([scene.router.shardsState, scene.waitsEnded], [ShardsState.Known, 1]);
  client.session.parseOn();
  await turn();
  const other = await scene.accept(7000);
  assertEquals(other.takeWritten(), "count\nget bar\n");
  await other.receives("3\n2\n");
  await heir.receives("4\n");
  assertEquals(client.conn.takeWritten(), "1\n7\n2\n");
  assertEquals(former.takeWritten(), "get foo\n");
  await scene.ends(client);
});

Deno.test("without such a map what reads fails, what writes goes to all that may hold keys", async () => {
  using scene = new SlotScene([{ ...HALVES[0]!, last: 12181 }, {
    ...HALVES[1]!,
    first: 12182,
    last: 12182,
  }]);
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const former = await scene.accept(7001);
  await former.receives("-moved 12182 h:7002\n");
  const heir = await scene.accept(7002);
  await heir.receives("1\n");
  await client.conn.receives("count\nwipe\n");
  scene.rig.clock.advance(scene.rig.context.limits.dialTimeoutMs);
  assertEquals([scene.router.shardsState, scene.waitsEnded], [ShardsState.Unknown, 1]);
  client.session.parseOn();
  await turn();
  const other = await scene.accept(7000);
  for (const conn of [former, other, heir]) await conn.receives("1\n");
  assertEquals(other.takeWritten(), "wipe\n");
  assertEquals(client.conn.takeWritten(), "1\n-topology_changing\n3\n");
  assertEquals(scene.router.shards().map(({ address }) => address), ["h:7000", "h:7002"]);
  scene.router.confirmMap();
  assertEquals(scene.router.allShards().map(({ address }) => address), ["h:7000", "h:7002"]);
  await scene.ends(client);
});

Deno.test("a slot that moves between masters of the map does not hold up requests to all", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const former = await scene.accept(7001);
  await former.receives("-moved 12182 h:7000\n");
  const owner = await scene.accept(7000);
  await owner.receives("1\n");
  await client.conn.receives("count\n");
  await former.receives("3\n");
  await owner.receives("4\n");
  assertEquals(client.conn.takeWritten(), "1\n7\n");
  await scene.ends(client);
});
