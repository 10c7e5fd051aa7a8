/**
 * What a backend connection does when replies or writes take too long.
 *
 * @module
 */
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

const ADDRESS = "10.0.0.1:7000";
const TIMED_OUT = `!backend_timeout ${ADDRESS}`;
const SILENT = `!backend_silent ${ADDRESS}`;

/** One connection that has answered already; read and write timeouts are 1000 ms. */
class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly receiver = new RecordingReceiver();
  conn!: FakeTcpConn;

  constructor(options: RigOptions) {
    this.rig = new CoreRig({ backendCount: 1, ...options });
  }

  static async open(options: RigOptions = {}): Promise<Scene> {
    const scene = new Scene(options);
    scene.send("first\n");
    scene.conn = await scene.rig.accept(0);
    await scene.conn.receives("reply\n");
    assertEquals(scene.heard(), ["reply\n"]);
    return scene;
  }

  send(text: string) {
    const connection = this.rig.backends[0]!.connectionFor(0, PROFILES[2].master);
    return sendText(this.rig.requests, connection, text, this.receiver);
  }

  heard(): string[] {
    return this.receiver.take();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a late reply: the receiver hears of the timeout at once, and the reply is dropped", async () => {
  using scene = await Scene.open();
  scene.send("get a\n");
  await turn();
  scene.rig.clock.advance(600);
  scene.send("get b\n");
  await turn();
  scene.rig.clock.advance(400);
  assertEquals(scene.heard(), []);
  scene.rig.clock.advance(1);
  assertEquals(scene.heard(), [TIMED_OUT]);
  assertEquals(scene.conn.isClosed, false);
  await scene.conn.receives("A\nB\n");
  assertEquals(scene.heard(), ["B\n"]);
  await scene.rig.ends();
});

Deno.test("the read timeout runs from the hand-over to the write, not from the request", async () => {
  using scene = await Scene.open();
  scene.conn.takesWrites = false;
  scene.send("get a\n");
  await turn();
  scene.send("get b\n");
  scene.rig.clock.advance(900);
  await scene.conn.takesAll();
  scene.rig.clock.advance(101);
  assertEquals(scene.heard(), [TIMED_OUT]);
  scene.rig.clock.advance(899);
  assertEquals(scene.heard(), []);
  scene.rig.clock.advance(1);
  assertEquals(scene.heard(), [TIMED_OUT]);
  await scene.rig.ends();
});

Deno.test("a request times out also where a tick comes between it and the end of its turn", async () => {
  using scene = await Scene.open();
  scene.send("get a\n");
  // The tick and the timer that sent it were due at once: of what is sent the end of the turn knows.
  scene.rig.clock.advance(50);
  await turn();
  scene.rig.clock.advance(1001);
  assertEquals(scene.heard(), [TIMED_OUT]);
  await scene.rig.ends();
});

Deno.test("silence for twice the read timeout closes; what was sent fails, the rest goes on", async () => {
  using scene = await Scene.open();
  scene.send("get a\n");
  await turn();
  scene.rig.clock.advance(1001);
  assertEquals(scene.heard(), [TIMED_OUT]);
  scene.send("get b\n");
  await turn();
  scene.rig.clock.advance(999);
  assertEquals([scene.heard(), scene.conn.isClosed], [[], false]);
  scene.rig.clock.advance(1);
  assertEquals([scene.heard(), scene.conn.isClosed], [[SILENT], true]);
  scene.send("get c\n");
  const next = await scene.rig.accept(0);
  assertEquals(next.takeWritten(), "get c\n");
  await next.receives("C\n");
  assertEquals(scene.heard(), ["C\n"]);
  await scene.rig.ends();
});

Deno.test("a connection that keeps answering is never silent, however far behind it is", async () => {
  using scene = await Scene.open();
  for (const key of ["a", "b", "c"]) scene.send(`get ${key}\n`);
  await turn();
  scene.rig.clock.advance(1001);
  assertEquals(scene.heard(), [TIMED_OUT, TIMED_OUT, TIMED_OUT]);
  scene.send("get d\n");
  await turn();
  for (const reply of ["A\n", "B\n", "C\n"]) {
    scene.rig.clock.advance(300);
    await scene.conn.receives(reply);
  }
  assertEquals([scene.heard(), scene.conn.isClosed], [[], false]);
  await scene.conn.receives("D\n");
  assertEquals(scene.heard(), ["D\n"]);
  await scene.rig.ends();
});

Deno.test("the time before a request was sent is no silence", async () => {
  using scene = await Scene.open();
  scene.rig.clock.advance(3_600_000);
  scene.send("get a\n");
  await turn();
  scene.rig.clock.advance(900);
  assertEquals([scene.heard(), scene.conn.isClosed], [[], false]);
  await scene.conn.receives("A\n");
  assertEquals(scene.heard(), ["A\n"]);
  await scene.rig.ends();
});

Deno.test("the time in which a large reply arrives counts against nobody's read timeout", async () => {
  using scene = await Scene.open();
  scene.send("get large\n");
  scene.send("get small\n");
  await turn();
  const part = "x".repeat(100_000);
  await scene.conn.receives("$400000\n", part);
  for (let index = 0; index < 3; index++) {
    scene.rig.clock.advance(900);
    assertEquals(scene.heard(), []);
    await scene.conn.receives(part);
  }
  assertEquals(scene.heard(), [`$400000\n${part.repeat(4)}`]);
  assertEquals(scene.receiver.isOwned, true);
  scene.rig.clock.advance(900);
  assertEquals(scene.heard(), []);
  scene.rig.clock.advance(101);
  assertEquals(scene.heard(), [TIMED_OUT]);
  await scene.rig.ends();
});

Deno.test("a large reply that nobody wants any more counts against nobody either", async () => {
  using scene = await Scene.open();
  const large = scene.send("get large\n");
  scene.send("get small\n");
  await turn();
  const part = "x".repeat(100_000);
  await scene.conn.receives("$400000\n", part);
  large.swallow();
  for (let index = 0; index < 3; index++) {
    scene.rig.clock.advance(900);
    assertEquals(scene.heard(), []);
    await scene.conn.receives(part);
  }
  await scene.conn.receives("small\n");
  assertEquals(scene.heard(), ["small\n"]);
  await scene.rig.ends();
});

Deno.test("a large reply that stops arriving times out, and then the connection is silent", async () => {
  using scene = await Scene.open();
  scene.send("get large\n");
  await turn();
  await scene.conn.receives("$400000\n", "x".repeat(100_000));
  scene.rig.clock.advance(900);
  assertEquals(scene.heard(), []);
  scene.rig.clock.advance(101);
  assertEquals(scene.heard(), [TIMED_OUT]);
  scene.rig.clock.advance(1000);
  assertEquals(scene.conn.isClosed, true);
  await scene.rig.ends();
});

Deno.test("a write that makes no progress for write_timeout closes; progress starts the time anew", async () => {
  using scene = await Scene.open({ limits: { readTimeoutMs: 60_000 } });
  scene.conn.takesWrites = false;
  scene.send("get a\n");
  await turn();
  scene.rig.clock.advance(1000);
  await scene.conn.takes(2);
  scene.rig.clock.advance(1000);
  assertEquals([scene.heard(), scene.conn.isClosed], [[], false]);
  scene.rig.clock.advance(1);
  assertEquals([scene.heard(), scene.conn.isClosed], [[`!backend_write_timeout ${ADDRESS}`], true]);
  await scene.conn.failsWrite();
  await scene.rig.ends();
});

Deno.test("an idle connection is not watched", async () => {
  using scene = await Scene.open();
  scene.rig.clock.advance(50);
  assertEquals(scene.rig.clock.watchedCount, 0);
  scene.send("get a\n");
  await turn();
  assertEquals(scene.rig.clock.watchedCount, 1);
  await scene.conn.receives("A\n");
  scene.rig.clock.advance(50);
  assertEquals(scene.rig.clock.watchedCount, 0);
  await scene.rig.ends();
});

Deno.test("a connect that takes its time after hours of idleness still has all of dial_timeout", async () => {
  using scene = new Scene({ handshake: ["hello"] });
  // Nothing has read the clock meanwhile: the next reading jumps.
  const { clock } = scene.rig;
  clock.readNow = () => clock.nowMs = 5_000_000;
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  clock.readNow = () => {};
  clock.advance(400);
  assertEquals([scene.heard(), conn.isClosed], [[], false]);
  await conn.receives("ok\n", "A\n");
  assertEquals(scene.heard(), ["A\n"]);
  await scene.rig.ends();
});
