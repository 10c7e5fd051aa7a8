/**
 * The send queue of a backend connection: its limits, who waits for it to drain, what leaves it unsent.
 *
 * @module
 */
import type { BackendConnection } from "../../../src/backend/connection.ts";
import { REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import { failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

const ADDRESS = "10.0.0.1:7000";

/** One backend and one receiver. */
class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly connection: BackendConnection;
  readonly receiver = new RecordingReceiver();

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig({ backendCount: 1, ...options });
    this.connection = this.rig.backends[0]!.connectionFor(0, PROFILES[2].master);
  }

  send(text: string, receiver = this.receiver) {
    return sendText(this.rig.requests, this.connection, text, receiver);
  }

  /** What the receiver heard since the last call. */
  heard(): string[] {
    return this.receiver.take();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a request beyond the queue limit fails at once; one alone may be larger", async () => {
  using scene = new Scene({ limits: { queueBytesMax: 100 + 2 * REQUEST_OBJECTS_BYTES } });
  scene.send("a".repeat(1_500));
  scene.send("b");
  assertEquals(scene.heard(), [`!backend_queue_full ${ADDRESS}`]);
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten().length, 1_500);
  scene.send("c".repeat(60));
  scene.send("d".repeat(40));
  scene.send("e");
  assertEquals(scene.heard(), [`!backend_queue_full ${ADDRESS}`]);
  await scene.rig.ends();
});

Deno.test("the queue limit counts bytes kept for redirections, and none twice", async () => {
  const queueBytesMax = 100 + 2 * REQUEST_OBJECTS_BYTES;
  using scene = new Scene({ limits: { queueBytesMax }, retainsRequests: true });
  scene.send("a".repeat(60));
  scene.send("b".repeat(40));
  assertEquals(scene.heard(), []);
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten().length, 100);
  scene.send("c");
  assertEquals(scene.heard(), [`!backend_queue_full ${ADDRESS}`]);
  await conn.receives("A\n");
  scene.send("d".repeat(60));
  assertEquals(scene.heard(), ["A\n"]);
  await scene.rig.ends();
});

Deno.test("a congested connection says so, and wakes who waits at half the soft limit", async () => {
  using scene = new Scene({ limits: { queueSoftBytes: 100 } });
  let drained = 0;
  scene.send("a".repeat(101));
  assertEquals(scene.connection.isCongested, true);
  scene.connection.waitForDrain({ backendDrained: () => drained += 1 });
  const attempt = scene.rig.network.attempt(7000);
  const fake = scene.rig.track(new FakeTcpConn());
  fake.takesWrites = false;
  await attempt.succeeds(fake);
  await fake.takes(50);
  assertEquals([drained, scene.connection.isCongested], [0, false]);
  await fake.takes(1);
  assertEquals(drained, 1);
  await fake.takes();
  assertEquals(drained, 1);
  await scene.rig.ends();
});

Deno.test("requests take room besides their bytes: unsent ones hold clients back, and those in flight before any fails", async () => {
  using scene = new Scene({
    limits: {
      queueSoftBytes: 3 * REQUEST_OBJECTS_BYTES,
      queueBytesMax: 20 * REQUEST_OBJECTS_BYTES,
    },
  });
  const { connection } = scene;
  let drained = 0;
  for (let count = 0; count < 3; count++) scene.send("x");
  assertEquals(connection.isCongested, true);
  connection.waitForDrain({ backendDrained: () => drained += 1 });
  const conn = await scene.rig.accept(0);
  assertEquals([connection.isCongested, drained, conn.takeWritten()], [false, 1, "xxx"]);
  // Half of what may be in flight.
  for (let count = 0; count < 7; count++) {
    scene.send("x");
    await turn();
  }
  assertEquals([connection.isCongested, connection.inflight.size], [false, 10]);
  scene.send("x");
  await turn();
  assertEquals(connection.isCongested, true);
  connection.waitForDrain({ backendDrained: () => drained += 1 });
  await conn.receives("a\n".repeat(5));
  assertEquals([drained, scene.heard().length], [1, 5]);
  await conn.receives("a\n");
  assertEquals([drained, connection.isCongested, scene.heard().length], [2, false, 1]);
  for (let count = 0; count < 20; count++) scene.send("x");
  assertEquals(scene.heard(), Array<string>(5).fill(`!backend_queue_full ${ADDRESS}`));
  await scene.rig.ends();
});

Deno.test("who waits for a drain hears of a lost connection", async () => {
  using scene = new Scene({ limits: { queueSoftBytes: 100 } });
  let drained = 0;
  scene.send("a".repeat(101));
  scene.connection.waitForDrain({ backendDrained: () => drained += 1 });
  await scene.rig.refuse(0);
  assertEquals(drained, 1);
  await scene.rig.ends();
});

Deno.test("failUnsent() fails what was not handed over, keeps the rest, and wakes who waits", async () => {
  using scene = new Scene({ limits: { queueSoftBytes: 10 } });
  let drained = 0;
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  conn.takesWrites = false;
  scene.send("get b\n");
  await turn();
  scene.send("get c\n");
  scene.connection.waitForDrain({ backendDrained: () => drained += 1 });
  scene.connection.failUnsent(failures.backendEjected);
  assertEquals(scene.heard(), [`!backend_ejected ${ADDRESS}`]);
  await conn.takes();
  assertEquals([conn.written, drained], ["get a\nget b\n", 1]);
  await conn.receives("A\nB\n");
  assertEquals(scene.heard(), ["A\n", "B\n"]);
  await scene.rig.ends();
});

Deno.test("failUnsent() wakes who waits though nothing is being written", async () => {
  using scene = new Scene({ limits: { queueSoftBytes: 10 } });
  let drained = 0;
  scene.send("get long key\n");
  scene.connection.waitForDrain({ backendDrained: () => drained += 1 });
  scene.connection.failUnsent(failures.backendEjected);
  assertEquals([scene.heard(), drained], [[`!backend_ejected ${ADDRESS}`], 1]);
  await scene.rig.accept(0);
  await scene.rig.ends();
});
