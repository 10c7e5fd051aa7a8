/**
 * When the slot map is fetched, by whom, and who is told.
 *
 * @module
 */
import { REFRESH_SPACING_MS, SlotTopology } from "../../../src/cluster/slot_topology.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import type { FakeTcpConn } from "../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../support/tools/poll.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { slotDialect } from "../../support/clients/slot_dialect.ts";
import { assertEquals } from "../../deps.ts";

const SEED = "127.0.0.1:7000";
const OTHER = "127.0.0.1:7001";
const RANGES: SlotRange[] = [{ first: 0, last: 16383, master: SEED, replicas: [] }];
const MASTERS = [SEED];

class Scene implements Disposable {
  readonly rig = new CoreRig({ backendCount: 0, retainsRequests: true });
  readonly cluster: RecordingClusterContext;
  readonly topology: SlotTopology;

  constructor(config: Partial<ClusterConfig> = {}) {
    this.cluster = new RecordingClusterContext({ servers: [serverAt(7000)], ...config });
    this.topology = new SlotTopology(this.cluster, this.rig.context, slotDialect);
    this.topology.start();
  }

  /** Waits for the question number `count` to the seed, and answers it. */
  async answers(count: number, ...ranges: string[]): Promise<FakeTcpConn> {
    await this.asking(count);
    const conn = await this.rig.accept(0);
    await conn.receives(`${ranges.join(" ")}\n`);
    return conn;
  }

  async asking(count: number): Promise<void> {
    await until(() => this.rig.network.countTo(7000) === count, { what: `question ${count}` });
  }

  owners(): string[] {
    return this.topology.router.map.toRanges()
      .map(({ first, last, master }) => `${first}-${last}=${master}`);
  }

  [Symbol.dispose](): void {
    this.topology.stop();
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a leader fetches at once, applies, publishes and says what it found", async () => {
  using scene = new Scene();
  scene.topology.lead();
  scene.topology.lead();
  await scene.answers(1, `0-16383=${SEED}`);
  assertEquals(scene.owners(), [`0-16383=${SEED}`]);
  assertEquals(scene.cluster.published, [{
    kind: "slots",
    cluster: "test",
    ranges: RANGES,
    masters: MASTERS,
  }]);
  assertEquals(scene.cluster.messages(), ["info: Slot map changed"]);
  assertEquals(scene.rig.metrics.topologyRefreshes, 1);
});

Deno.test("the map is fetched again every interval, and published though it is the same", async () => {
  using scene = new Scene({ fetchIntervalMs: 10 });
  scene.topology.lead();
  for (const count of [1, 2, 3]) await scene.answers(count, `0-16383=${SEED}`);
  assertEquals(scene.cluster.published.length, 3);
  assertEquals(scene.topology.router.epoch, 2);
  assertEquals(scene.cluster.messages(), ["info: Slot map changed"]);
});

Deno.test("wishes for a refresh are coalesced and spaced", async () => {
  using scene = new Scene();
  const startedAtMs = performance.now();
  scene.topology.lead();
  await scene.answers(1, `0-16383=${SEED}`);
  for (let count = 0; count < 100; count++) scene.topology.refresh();
  scene.topology.backendUnreachable();
  await scene.answers(2, `0-16383=${SEED}`);
  assertEquals(performance.now() - startedAtMs > REFRESH_SPACING_MS - 10, true);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(scene.rig.network.countTo(7000), 2);
});

Deno.test("behind a node that failed the map is asked for again and again, although nobody asks for it", async () => {
  using scene = new Scene({ fetchIntervalMs: 60_000 });
  scene.topology.lead();
  await scene.answers(1, `0-16383=${SEED}`);
  scene.topology.backendUnreachable();
  // Were it not for that, each of these would come twice as late as the one before it, the last one after 16 s.
  for (const count of [2, 3, 4, 5]) await scene.answers(count, `0-16383=${SEED}`);
});

Deno.test("a wish during a fetch makes one more fetch behind it", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.asking(1);
  scene.topology.refresh();
  scene.topology.refresh();
  await scene.answers(1, `0-16383=${SEED}`);
  await scene.answers(2, `0-16383=${SEED}`);
  assertEquals(scene.cluster.published.length, 2);
});

Deno.test("with all seeds down a leader keeps trying, and says so once", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.rig.refuse(0);
  await scene.asking(2);
  await scene.rig.refuse(0);
  assertEquals(scene.cluster.messages(), [
    "warning: No node of the cluster answers CLUSTER SLOTS",
  ]);
  scene.topology.refresh();
  await scene.answers(3, `0-16383=${SEED}`);
  assertEquals(scene.cluster.messages().slice(1), [
    "info: Nodes of the cluster answer CLUSTER SLOTS again",
    "info: Slot map changed",
  ]);
});

Deno.test("known nodes are asked as well, and first the one that a redirection named", async () => {
  using scene = new Scene();
  scene.topology.lead();
  await scene.answers(1, `0-8191=${SEED}`, `8192-16383=${OTHER}`);
  const router = scene.topology.router;
  const client = scene.rig.client({ ...scene.rig.sessionContext, router });
  await client.conn.receives("get foo\n");
  const conn = await scene.rig.accept(1);
  await conn.receives("-moved 12182 127.0.0.1:7005\n");
  await until(() => scene.rig.network.countTo(7005) === 2, { what: "the new node is asked" });
});

Deno.test("one node that lags behind does not turn the map back", async () => {
  using scene = new Scene({ servers: [serverAt(7000)] });
  scene.topology.lead();
  const map = (master: string, epoch: number) => `0-16383=${master}@${epoch}`;
  await scene.answers(1, `0-8191=${SEED}@1`, `8192-16383=${OTHER}@2`);
  scene.topology.refresh();
  const { network } = scene.rig;
  const asked = () => network.attempts.length;
  await until(() => asked() === 2, { what: "one of the two nodes is asked" });
  const ports = () => network.attempts.map(({ port }) => port);
  await (await scene.rig.accept(ports()[1]! - 7000)).receives(`${map(SEED, 1)}\n`);
  await until(() => asked() === 3, { what: "another one is asked" });
  const second = await scene.rig.accept(ports()[2]! - 7000);
  await second.receives(`0-8191=${SEED}@1 8192-16383=${OTHER}@2\n`);
  assertEquals(scene.topology.router.map.toRanges().map(({ master }) => master), [SEED, OTHER]);
});

Deno.test("after a reload with other seeds those are asked first, and believed", async () => {
  using scene = new Scene({ servers: [serverAt(7000)] });
  scene.topology.lead();
  await scene.answers(1, `0-16383=${SEED}@9`);
  scene.cluster.config.servers = [serverAt(7002)];
  scene.topology.reconfigure();
  await until(() => scene.rig.network.countTo(7002) === 1, { what: "the new seed is asked" });
  await (await scene.rig.accept(2)).receives("0-16383=127.0.0.1:7002@1\n");
  assertEquals(scene.owners(), ["0-16383=127.0.0.1:7002"]);
});

Deno.test("a follower never asks a node; it asks the leader, spaced, and takes over maps", async () => {
  using scene = new Scene();
  for (let count = 0; count < 10; count++) scene.topology.refresh();
  assertEquals([scene.cluster.refreshRequests, scene.rig.network.attempts.length], [1, 0]);
  await new Promise((resolve) => setTimeout(resolve, 260));
  scene.topology.backendUnreachable();
  assertEquals(scene.cluster.refreshRequests, 2);
  scene.topology.follow({ kind: "slots", cluster: "test", ranges: RANGES, masters: MASTERS });
  assertEquals(scene.owners(), [`0-16383=${SEED}`]);
  scene.topology.follow({ kind: "ejected", cluster: "test", addresses: [SEED] });
  assertEquals(scene.owners(), [`0-16383=${SEED}`]);
});

Deno.test("a follower tells the leader which node MOVED named, and the leader asks that one first", async () => {
  using follower = new Scene();
  follower.topology.follow({ kind: "slots", cluster: "test", ranges: RANGES, masters: MASTERS });
  const { router } = follower.topology;
  const client = follower.rig.client({ ...follower.rig.sessionContext, router });
  await client.conn.receives("get foo\n");
  await (await follower.rig.accept(0)).receives("-moved 12182 127.0.0.1:7005\n");
  assertEquals(follower.cluster.refreshNodes, ["127.0.0.1:7005"]);
  using leader = new Scene();
  leader.topology.lead();
  await leader.answers(1, `0-16383=${SEED}`);
  leader.topology.refresh("127.0.0.1:7005");
  await until(() => leader.rig.network.countTo(7005) === 1, { what: "that node is asked first" });
});

Deno.test("stop() ends the fetch, its timer and the connections", async () => {
  using scene = new Scene({ fetchIntervalMs: 1 });
  scene.topology.lead();
  await scene.asking(1);
  scene.topology.stop();
  assertEquals(scene.rig.network.attempts[0]!.isAborted, true);
  scene.topology.refresh();
  scene.topology.lead();
  assertEquals(scene.rig.network.attempts.length, 1);
});
