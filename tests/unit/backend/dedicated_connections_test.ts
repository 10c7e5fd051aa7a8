/**
 * Dedicated connections are bounded, serve one client at a time, and come back only clean.
 *
 * @module
 */
import { DedicatedConnections, IDLE_MAX_MS } from "../../../src/backend/dedicated_connections.ts";
import type { BackendConnection } from "../../../src/backend/connection.ts";
import { failures } from "../../../src/failure.ts";
import { PauseMode } from "../../../src/backend/server_orders.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "../../deps.ts";
import { collectGarbage, lastingBytes } from "../../support/tools/collect_garbage.ts";

class Scene implements Disposable {
  readonly rig = new CoreRig();
  readonly pool: DedicatedConnections;
  readonly receiver = new RecordingReceiver();

  constructor(connectionsMax = 4) {
    const { context } = this.rig;
    this.pool = new DedicatedConnections(context, { connectionsMax, limits: context.limits });
  }

  take(backend = 0, profile = PROFILES[2].master): BackendConnection | null {
    return this.pool.take(this.rig.backends[backend]!, profile);
  }

  send(connection: BackendConnection): void {
    sendText(this.rig.requests, connection, "get a\n", this.receiver);
  }

  /** A connection that has answered once. */
  async used(): Promise<{ connection: BackendConnection; conn: FakeTcpConn }> {
    const connection = this.take()!;
    this.send(connection);
    const conn = await this.rig.accept(0);
    await conn.receives("A\n");
    assertEquals(this.receiver.take(), ["A\n"]);
    return { connection, conn };
  }

  /** What the backends say that clients have, and that are idle; it is never other than what there is. */
  get counts(): [taken: number, idle: number] {
    const snapshots = this.rig.backends.map((backend) => backend.snapshot());
    const sum = (field: "dedicatedTaken" | "dedicatedIdle") =>
      snapshots.reduce((all, one) => all + one[field], 0);
    const found: [number, number] = [sum("dedicatedTaken"), sum("dedicatedIdle")];
    assertEquals(found, [this.pool.takenCount, this.pool.idleCount]);
    return found;
  }

  async ends(): Promise<void> {
    this.pool.stop();
    assertEquals([this.pool.takenCount, this.pool.idleCount], [0, 0]);
    assertEquals(this.counts, [0, 0]);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("two clients never have one connection", async () => {
  using scene = new Scene();
  const { connection } = await scene.used();
  assertNotStrictEquals(scene.take(), connection);
  assertEquals(scene.counts, [2, 0]);
  await scene.ends();
});

Deno.test("a clean connection serves the next client that wants the same", async () => {
  using scene = new Scene();
  const { connection } = await scene.used();
  scene.pool.giveBack(connection);
  assertEquals(scene.counts, [0, 1]);
  assertNotStrictEquals(scene.take(1), connection);
  assertNotStrictEquals(scene.take(0, PROFILES[3].master), connection);
  assertStrictEquals(scene.take(), connection);
  assertEquals(scene.counts[1], 0);
  await scene.ends();
});

Deno.test("a connection with a reply due is closed instead of kept", async () => {
  using scene = new Scene();
  const { connection, conn } = await scene.used();
  scene.send(connection);
  scene.pool.giveBack(connection);
  assertEquals([conn.closeCount, scene.pool.idleCount], [1, 0]);
  assertEquals(scene.receiver.take(), ["!backend_closed 10.0.0.1:7000"]);
  await scene.ends();
});

Deno.test("their number is bounded; one that is idle makes room for another backend's", async () => {
  using scene = new Scene(2);
  const { connection, conn } = await scene.used();
  assertEquals(scene.take(1) !== null, true);
  assertEquals(scene.take(1), null);
  scene.pool.giveBack(connection);
  assertEquals(scene.take(1) !== null, true);
  assertEquals([conn.closeCount, scene.pool.takenCount, scene.pool.idleCount], [1, 2, 0]);
  assertEquals(scene.counts, [2, 0]);
  await scene.ends();
});

Deno.test("an idle connection is closed after a while, or as soon as its server is gone", async () => {
  using scene = new Scene();
  const { connection, conn } = await scene.used();
  scene.pool.giveBack(connection);
  scene.rig.clock.advance(IDLE_MAX_MS / 2);
  assertEquals([scene.pool.idleCount, conn.closeCount], [1, 0]);
  scene.rig.clock.advance(IDLE_MAX_MS / 2);
  assertEquals([scene.counts[1], conn.closeCount], [0, 1]);
  const other = await scene.used();
  scene.pool.giveBack(other.connection);
  await other.conn.ends();
  assertNotStrictEquals(scene.take(), other.connection);
  await scene.ends();
});

Deno.test("what was not sent is lost with the socket, and whoever has the connection hears of it", async () => {
  using scene = new Scene();
  const { connection, conn } = await scene.used();
  const lost: string[] = [];
  scene.pool.listen(connection, (failure) => lost.push(failure.name));
  conn.takesWrites = false;
  scene.send(connection);
  await turn();
  scene.send(connection);
  await conn.ends();
  assertEquals(scene.receiver.take(), [
    "!backend_closed 10.0.0.1:7000",
    "!backend_closed 10.0.0.1:7000",
  ]);
  assertEquals([lost, scene.rig.network.attempts.length], [["backend_closed"], 1]);
  await scene.ends();
});

Deno.test("a connection that is discarded is closed; after the end none is had", async () => {
  using scene = new Scene();
  const { connection, conn } = await scene.used();
  scene.send(connection);
  scene.pool.discard(connection, failures.shuttingDown);
  scene.pool.discard(connection);
  assertEquals(scene.receiver.take(), ["!shutting_down 10.0.0.1:7000"]);
  assertEquals([conn.closeCount, scene.pool.takenCount], [1, 0]);
  scene.pool.stop();
  assertEquals(scene.take(), null);
  await scene.ends();
});

Deno.test("park() closes what nothing is in flight over, and whoever has it hears of it", async () => {
  using scene = new Scene();
  const { pool, rig } = scene;
  const [name, other] = [0, 1].map((index) => rig.backends[index]!.name);
  const idle = await scene.used();
  pool.giveBack(idle.connection);
  const watching = scene.take()!;
  const busy = scene.take()!;
  const lost: string[] = [];
  pool.listen(watching, () => {
    lost.push("watching");
    pool.discard(watching);
  });
  pool.listen(busy, () => lost.push("busy"));
  scene.send(busy);
  assertEquals([[...pool.busy(name!)], [...pool.busy(other!)], [...pool.busy(null)].length], [
    [busy],
    [],
    1,
  ]);
  pool.park(other!);
  assertEquals([lost, pool.takenCount], [[], 2]);
  pool.park(name!);
  assertEquals([lost, pool.takenCount, pool.idleCount, idle.conn.closeCount], [
    ["watching"],
    1,
    0,
    1,
  ]);
  pool.discard(busy);
  await scene.ends();
});

Deno.test("what comes back while its server is paused is not kept", async () => {
  using scene = new Scene();
  const { connection, conn } = await scene.used();
  const { context, backends } = scene.rig;
  context.orders.pause(backends[0]!.name, { mode: PauseMode.All, endMs: Infinity });
  scene.pool.giveBack(connection);
  assertEquals([scene.counts[1], conn.closeCount], [0, 1]);
  await scene.ends();
});

/** Connections that clients have at a time, and those that come and go. */
const PRESENT = 64;
const COMING = 10_000;
/** Connections between two looks. */
const COMING_AT_ONCE = 500;
/** Of each connection that comes and goes so much may be there at the most, in what V8 takes to last. */
const LASTING_BYTES_MAX = 300;

Deno.test("connections that were given up do not last", async () => {
  const scene = new Scene(2 * PRESENT);
  const present: BackendConnection[] = [];
  const come = () => {
    const connection = scene.take()!;
    scene.pool.listen(connection, () => {});
    present.push(connection);
    if (present.length > PRESENT) scene.pool.discard(present.shift()!);
  };
  for (let index = 0; index < 2 * PRESENT; index++) come();
  collectGarbage();
  const before = lastingBytes();
  let mostBytes = 0;
  for (let index = 0; index < COMING; index++) {
    come();
    if (index % COMING_AT_ONCE === 0) mostBytes = Math.max(mostBytes, lastingBytes() - before);
  }
  const each = Math.round(mostBytes / COMING);
  assert(each < LASTING_BYTES_MAX, `${each} bytes of each of ${COMING} connections lasted`);
  await scene.ends();
});
