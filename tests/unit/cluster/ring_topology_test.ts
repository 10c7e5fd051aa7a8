/**
 * The leader of a ring pings and publishes, the others follow.
 *
 * @module
 */
import {
  LEAVING_MS,
  RingTopology,
  SMALL_RING_SERVERS,
} from "../../../src/cluster/ring_topology.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { PauseMode } from "../../../src/backend/server_orders.ts";
import { type Profile, PROFILES, profilesOf } from "../../../src/protocol/protocol.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { until } from "../../support/tools/poll.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { assertEquals } from "../../deps.ts";

const FIRST = "127.0.0.1:7000";
const SECOND = "127.0.0.1:7001";

class Scene implements Disposable {
  readonly rig = new CoreRig({ backendCount: 0 });
  readonly cluster: RecordingClusterContext;
  readonly topology: RingTopology;

  constructor(config: Partial<ClusterConfig> = {}) {
    this.cluster = new RecordingClusterContext({
      servers: [serverAt(7000), serverAt(7001)],
      pingFailLimit: 1,
      pingSuccIntervalMs: 60_000,
      pingIntervalMs: 50,
      ...config,
    });
    this.topology = new RingTopology(this.cluster, this.rig.context);
    this.topology.start();
  }

  serving(): boolean[] {
    return this.topology.router.backends().map(({ isServing }) => isServing);
  }

  /** Waits for the attempt number `count` to connect to a port. */
  async connecting(port: number, count: number): Promise<void> {
    await until(() => this.rig.network.countTo(port) === count, {
      what: `attempt ${count}`,
      intervalMs: 1,
    });
  }

  [Symbol.dispose](): void {
    this.topology.stop();
    this.rig[Symbol.dispose]();
  }
}

Deno.test("only a leader pings, and only if there is a limit", () => {
  using follower = new Scene();
  assertEquals(follower.rig.network.attempts.length, 0);
  using unlimited = new Scene({ pingFailLimit: 0 });
  unlimited.topology.lead();
  assertEquals(unlimited.rig.network.attempts.length, 0);
});

Deno.test("a leader pings every server; who leads twice does not ping twice", () => {
  using scene = new Scene();
  scene.topology.lead();
  scene.topology.lead();
  assertEquals(scene.rig.network.attempts.map(({ port }) => port), [7000, 7001]);
});

Deno.test("pings speak plainly, whatever the client spoke that was routed last", async () => {
  using scene = new Scene();
  const asked: Profile[] = [];
  scene.rig.context.protocol.handshake = (profile) => {
    asked.push(profile);
    return [];
  };
  // This worker has served a client of RESP3 in database 5 before it came to lead.
  scene.topology.router.connectionFor(0, false, { ...NOBODY, profiles: profilesOf(3, 5) });
  scene.topology.lead();
  await scene.rig.accept(0);
  await scene.rig.accept(1);
  assertEquals(asked, [PROFILES[2].master, PROFILES[2].master]);
});

Deno.test("an ejection and a return are carried out, counted, logged and published", async () => {
  using scene = new Scene();
  const epoch = scene.topology.router.epoch;
  scene.topology.lead();
  await scene.rig.refuse(0);
  assertEquals([scene.serving(), scene.topology.router.epoch], [[false, true], epoch + 1]);
  assertEquals(scene.cluster.published, [
    { kind: "ejected", cluster: "test", addresses: [FIRST] },
  ]);
  assertEquals(scene.rig.metrics.ejections, 1);
  await scene.connecting(7000, 2);
  const conn = await scene.rig.accept(0);
  await conn.receives("pong\n");
  assertEquals([scene.serving(), scene.topology.router.epoch], [[true, true], epoch + 2]);
  assertEquals(scene.cluster.published[1], { kind: "ejected", cluster: "test", addresses: [] });
  assertEquals(scene.cluster.messages(), [
    "warning: Backend ejected from the ring: pings failed",
    "info: Backend returns to the ring: it answers pings again",
  ]);
});

Deno.test("several ejected servers are published together", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.rig.refuse(0);
  await scene.rig.refuse(1);
  assertEquals(scene.cluster.published.at(-1), {
    kind: "ejected",
    cluster: "test",
    addresses: [FIRST, SECOND],
  });
  assertEquals(scene.serving(), [false, false]);
});

Deno.test("a follower takes over exactly what the leader found", () => {
  using scene = new Scene();
  scene.topology.follow({ kind: "ejected", cluster: "test", addresses: [SECOND, "gone:1"] });
  assertEquals(scene.serving(), [true, false]);
  scene.topology.follow({ kind: "slots", cluster: "test", ranges: [], masters: [] });
  assertEquals(scene.serving(), [true, false]);
  scene.topology.follow({ kind: "ejected", cluster: "test", addresses: [FIRST] });
  assertEquals(scene.serving(), [false, true]);
});

Deno.test("a follower that comes to lead goes on from what it knows", async () => {
  using scene = new Scene();
  scene.topology.follow({ kind: "ejected", cluster: "test", addresses: [SECOND] });
  scene.topology.lead();
  const conn = await scene.rig.accept(1);
  await conn.receives("pong\n");
  assertEquals(scene.serving(), [true, true]);
  assertEquals(scene.cluster.published, [{ kind: "ejected", cluster: "test", addresses: [] }]);
});

Deno.test("stop() ends the pings", async () => {
  using scene = new Scene();
  scene.topology.lead();
  const conn = await scene.rig.accept(0);
  scene.topology.stop();
  assertEquals(conn.isClosed, true);
  assertEquals(scene.rig.network.attempt(7001).isAborted, true);
});

Deno.test("an ejected server that a reload takes out is not ejected when it comes back", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.rig.refuse(0);
  Object.assign(scene.cluster.config, { servers: [serverAt(7001)] });
  scene.topology.reconfigure();
  // Workers that start from now on do not hear of it.
  assertEquals(scene.cluster.published.at(-1), { kind: "ejected", cluster: "test", addresses: [] });
  Object.assign(scene.cluster.config, { servers: [serverAt(7000), serverAt(7001)] });
  scene.topology.reconfigure();
  assertEquals(scene.serving(), [true, true]);
  assertEquals(scene.cluster.published.length, 2);
});

Deno.test("where nobody pings any more nobody stays ejected", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.rig.refuse(0);
  assertEquals(scene.serving(), [false, true]);
  Object.assign(scene.cluster.config, { pingFailLimit: 0 });
  scene.topology.reconfigure();
  assertEquals(scene.serving(), [true, true]);
  assertEquals(scene.cluster.published.at(-1), { kind: "ejected", cluster: "test", addresses: [] });
});

Deno.test("a server that leaves and comes back goes on counting, and is connected to once", async () => {
  using scene = new Scene({ pingFailLimit: 0 });
  const { topology, cluster, rig } = scene;
  const [first] = topology.router.backends();
  first!.requests = 5;
  const connection = first!.connectionFor(0, PROFILES[2].master);
  connection.open();
  const conn = await rig.accept(0);
  const servers = cluster.config.servers;
  Object.assign(cluster.config, { servers: servers.slice(1) });
  topology.reconfigure();
  Object.assign(cluster.config, { servers });
  topology.reconfigure();
  cluster.clock.advance(100);
  assertEquals([topology.router.backends()[0]!.requests, conn.isClosed], [5, false]);
  Object.assign(cluster.config, { servers: servers.slice(1) });
  topology.reconfigure();
  cluster.clock.advance(100);
  assertEquals(conn.isClosed, true);
  // Who waited there has something to say, late.
  connection.open();
  const late = await rig.accept(0);
  cluster.clock.advance(100);
  assertEquals(late.isClosed, true);
  cluster.clock.advance(LEAVING_MS);
  assertEquals(topology.isWatched, false);
});

Deno.test("a failed request has the leader ping, each server once in a while", async () => {
  using scene = new Scene({ pingFailLimit: 2, pingIntervalMs: 60_000 });
  const { topology, rig, cluster } = scene;
  topology.lead();
  const conn = await rig.accept(0);
  await conn.receives("pong\n");
  cluster.clock.advance(100);
  rig.clock.advance(100);
  assertEquals(topology.backendUnreachable(FIRST, false), false);
  assertEquals(topology.backendUnreachable(FIRST, false), false);
  await until(() => conn.written === "probe\nprobe\n", { what: "a second ping" });
  assertEquals(scene.serving(), [true, true]);
});

Deno.test("a server that gets no requests because of timeouts is ejected", () => {
  using scene = new Scene({ pingFailLimit: 9, pingIntervalMs: 60_000 });
  scene.topology.lead();
  assertEquals(scene.topology.backendUnreachable(SECOND, true), false);
  assertEquals(scene.serving(), [true, false]);
  assertEquals(scene.cluster.messages(), [
    "warning: Backend ejected from the ring: requests time out",
  ]);
});

Deno.test("who does not lead has the leader told, once in a while, if there are pings at all", () => {
  using scene = new Scene();
  const tells = () => scene.topology.backendUnreachable(FIRST, false);
  assertEquals([tells(), tells()], [true, false]);
  assertEquals(scene.topology.backendUnreachable(FIRST, true), true);
  scene.cluster.clock.advance(50);
  assertEquals(tells(), true);
  using unlimited = new Scene({ pingFailLimit: 0 });
  assertEquals(unlimited.topology.backendUnreachable(FIRST, true), false);
});

Deno.test("where very many servers fail at once a wide ring is made anew once for all of them", async () => {
  const servers = Array.from(
    { length: SMALL_RING_SERVERS + 1 },
    (_, index) => serverAt(7000 + index),
  );
  using scene = new Scene({ servers });
  const { topology, cluster, rig } = scene;
  const epoch = topology.router.epoch;
  topology.lead();
  for (let index = 0; index < 20; index++) await rig.refuse(index);
  assertEquals([topology.router.epoch - epoch, cluster.published.length], [1, 1]);
  cluster.clock.advance(50);
  assertEquals([topology.router.epoch - epoch, cluster.published.length], [2, 2]);
  assertEquals(scene.serving().filter((isServing) => !isServing).length, 20);
  cluster.clock.advance(50);
  assertEquals(cluster.published.length, 2);
});

Deno.test("a paused server is not pinged, until its pause is about to end", () => {
  using scene = new Scene();
  const { topology, rig } = scene;
  topology.lead();
  const { orders } = rig.context;
  orders.pause(FIRST, { mode: PauseMode.All, endMs: Infinity });
  topology.pausesChanged();
  const counts = () => [7000, 7001].map((port) => rig.network.countTo(port));
  // The other one's pings go on as they were.
  assertEquals(counts(), [1, 1]);
  orders.beginResume(FIRST);
  topology.pausesChanged();
  assertEquals(counts(), [2, 1]);
  orders.resume(FIRST);
  topology.pausesChanged();
  assertEquals(counts(), [2, 1]);
});

Deno.test("a reload pings anew what it has come by, or all, where it changes how they are pinged", () => {
  using scene = new Scene();
  const { topology, rig, cluster } = scene;
  topology.lead();
  const counts = () => [7000, 7001, 7002].map((port) => rig.network.countTo(port));
  cluster.config.servers = [serverAt(7001), serverAt(7002)];
  topology.reconfigure();
  assertEquals(counts(), [1, 1, 1]);
  cluster.config.pingIntervalMs = 70;
  topology.reconfigure();
  assertEquals(counts(), [1, 2, 2]);
  cluster.config.pingFailLimit = 0;
  topology.reconfigure();
  cluster.config.pingFailLimit = 1;
  topology.reconfigure();
  assertEquals(counts(), [1, 3, 3]);
  topology.resign();
  topology.pausesChanged();
  assertEquals(counts(), [1, 3, 3]);
});
