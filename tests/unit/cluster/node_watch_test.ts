/**
 * Which replicas get reads, as the leader finds by asking them.
 *
 * @module
 */
import { NodeWatch } from "../../../src/cluster/node_watch.ts";
import type { NodeStates } from "../../../src/router/readers.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import type { FakeTcpConn } from "../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../support/tools/poll.ts";
import { slotDialect } from "../../support/clients/slot_dialect.ts";
import { assertEquals } from "../../deps.ts";

const SHARD = { master: "h:7000", replicas: ["h:7001", "h:7002"] };

class Scene implements AsyncDisposable {
  readonly rig = new CoreRig({ backendCount: 0 });
  maxLagMs = 10_000;
  states: NodeStates | null = null;
  told = 0;
  readonly watch: NodeWatch;

  constructor() {
    this.watch = new NodeWatch(this.rig.context, slotDialect, {
      maxLagMs: () => this.maxLagMs,
      changed: (states) => {
        this.told += 1;
        this.states = states;
      },
    });
  }

  /** The node at this port is asked for the first time, and answers. */
  async first(port: number, report: string, zone = ""): Promise<FakeTcpConn> {
    const conn = await this.rig.accept(port - 7000);
    assertEquals(conn.takeWritten(), "report\nzone\n");
    await conn.receives(`${report}\n${zone}\n`);
    return conn;
  }

  /** It is asked again, and answers. */
  async again(conn: FakeTcpConn, report: string): Promise<void> {
    await until(() => conn.written !== "", { what: "it is asked again" });
    assertEquals(conn.takeWritten(), "report\n");
    await conn.receives(`${report}\n`);
  }

  /** Waits until exactly these are reported as out. */
  async isOut(...addresses: string[]): Promise<void> {
    const out = () => [...this.states?.out ?? []].sort().join();
    await until(() => out() === addresses.join(), { what: `${addresses.join()} are out` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch.stop();
    await this.rig.ends();
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a replica without its master, or that is none any more, is left out", async () => {
  await using scene = new Scene();
  scene.watch.watch([SHARD], new Map());
  await scene.first(7000, "master 10");
  const replica = await scene.first(7001, "lone 10");
  await scene.first(7002, "master 10");
  await scene.isOut("h:7001", "h:7002");
  await scene.again(replica, "replica 10");
  await scene.isOut("h:7002");
});

Deno.test("one that does not answer, or cannot be reached, is left out until it answers", async () => {
  await using scene = new Scene();
  scene.watch.watch([SHARD], new Map());
  await scene.first(7000, "master 10");
  const silent = await scene.rig.accept(1);
  await scene.rig.refuse(2);
  await scene.isOut("h:7002");
  scene.rig.clock.advance(1_100);
  await scene.isOut("h:7001", "h:7002");
  await silent.receives("replica 10\nzone\n");
  await until(() => scene.rig.network.countTo(7002) === 2, { what: "it is tried again" });
  await scene.first(7002, "replica 10");
  await scene.isOut("h:7001");
});

Deno.test("one that is too far behind is left out until it has caught up", async () => {
  await using scene = new Scene();
  scene.maxLagMs = 100;
  scene.watch.watch([{ ...SHARD, replicas: ["h:7001"] }], new Map());
  const master = await scene.first(7000, "master 10");
  const replica = await scene.first(7001, "replica 10");
  await scene.again(master, "master 20");
  scene.rig.clock.advance(80);
  await scene.again(replica, "replica 10");
  await scene.isOut();
  scene.rig.clock.advance(80);
  await scene.again(replica, "replica 15");
  await scene.isOut("h:7001");
  scene.maxLagMs = 60_000;
  await scene.again(replica, "replica 16");
  await scene.isOut();
  scene.maxLagMs = 10;
  await scene.again(replica, "replica 20");
  await scene.isOut();
});

Deno.test("one whose user may not ask is read from, as nothing is known of it", async () => {
  await using scene = new Scene();
  scene.watch.watch([SHARD], new Map());
  await scene.first(7000, "-no");
  await scene.first(7001, "-no");
  await scene.first(7002, "-no");
  await scene.isOut();
});

Deno.test("zones are those that nodes tell, and those that came with the map", async () => {
  await using scene = new Scene();
  scene.watch.watch([SHARD], new Map([["h:7000", "z1"], ["h:7001", "z1"]]));
  await scene.first(7000, "master 1");
  await scene.first(7001, "replica 1", "z2");
  await scene.first(7002, "replica 1");
  const zones = () => JSON.stringify([...scene.states!.zones]);
  await until(() => zones() === '[["h:7000","z1"],["h:7001","z2"]]', { what: "zones are told" });
});

Deno.test("nodes that leave are asked no more, and a master without replicas is not asked at all", async () => {
  await using scene = new Scene();
  scene.watch.watch([{ master: "h:7003", replicas: [] }, SHARD], new Map());
  const conns = [await scene.first(7000, "master 1"), await scene.first(7001, "replica 1")];
  await scene.first(7002, "lone 1");
  scene.watch.watch([], new Map());
  assertEquals(conns.map(({ isClosed }) => isClosed), [true, true]);
  await scene.isOut();
  assertEquals(scene.rig.network.countTo(7003), 0);
});

Deno.test("what has not changed is not told", async () => {
  await using scene = new Scene();
  scene.watch.watch([SHARD], new Map());
  const told = scene.told;
  scene.watch.watch([SHARD], new Map());
  assertEquals(scene.told, told);
  await scene.first(7000, "master 1");
  await scene.first(7001, "replica 1");
  await scene.first(7002, "replica 1");
});
