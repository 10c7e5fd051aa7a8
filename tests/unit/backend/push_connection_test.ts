/**
 * A connection whose backend speaks unasked: frames in order, rests, faults, and back-off.
 *
 * @module
 */
import { PushConnection, type PushListener } from "../../../src/backend/push_connection.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { assertEquals } from "../../deps.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";

class Scene implements Disposable, PushListener {
  readonly rig: CoreRig;
  readonly connection: PushConnection;
  readonly heard: string[] = [];
  isReplyDue = false;
  /** What `said` does with a frame. */
  onSaid: (text: string) => boolean = () => true;

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig(options);
    this.connection = new PushConnection(
      this.rig.backends[0]!,
      PROFILES[2].master,
      this.rig.context,
      this,
    );
  }

  opened(): void {
    this.heard.push("opened");
  }

  said(bytes: Uint8Array, start: number, end: number, isError: boolean): boolean {
    const text = new TextDecoder().decode(bytes.subarray(start, end - 1));
    this.heard.push(isError ? `error ${text}` : text);
    return this.onSaid(text);
  }

  lost(failure: Failure): void {
    this.heard.push(`lost: ${failure.name}`);
  }

  send(text: string): void {
    this.connection.send(new TextEncoder().encode(text));
  }

  async ends(): Promise<void> {
    this.connection.close(failures.shuttingDown);
    assertEquals(this.rig.metrics.messageConnections, 0);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("frames are handed on as they come, asked for or not", async () => {
  using scene = new Scene();
  scene.connection.open();
  scene.connection.open();
  assertEquals([scene.connection.isOpen, scene.rig.network.countTo(7000)], [false, 1]);
  const conn = await scene.rig.accept(0);
  assertEquals([scene.connection.isOpen, scene.rig.metrics.messageConnections], [true, 1]);
  scene.send("hello\n");
  await turn();
  assertEquals(conn.written, "hello\n");
  await conn.receives("one\n>two\nth", "ree\n-four\n");
  assertEquals(scene.heard, ["opened", "one", ">two", "three", "error -four"]);
  await scene.ends();
});

Deno.test("it is open when its handshake is answered, or given up", async () => {
  using scene = new Scene({ handshake: ["login"] });
  scene.connection.open();
  const conn = await scene.rig.accept(0);
  assertEquals([conn.written, scene.heard], ["login\n", []]);
  await conn.receives("ok\n");
  assertEquals(scene.heard, ["opened"]);
  scene.connection.close(failures.shuttingDown);
  assertEquals(scene.heard, ["opened"], "who closes knows");
  scene.connection.open();
  const second = await scene.rig.accept(0);
  await second.receives("no\n");
  assertEquals(scene.heard, ["opened", "lost: handshake_refused"]);
  const said = scene.rig.records.map(({ message }) => message);
  assertEquals(said, ["Backend cannot be reached"], "its replies are no riddle");
  assertEquals(scene.connection.isInBackoff, true);
  scene.rig.clock.advance(5_000);
  scene.connection.open();
  await scene.rig.accept(0);
  scene.rig.clock.advance(600);
  assertEquals(scene.heard.at(-1), "lost: connect_timeout");
  await scene.ends();
});

Deno.test("a backend that cannot be had is left alone for a while", async () => {
  using scene = new Scene();
  scene.connection.open();
  await scene.rig.refuse(0);
  assertEquals(scene.heard, ["lost: connect_refused"]);
  assertEquals(scene.connection.lastFailure, failures.connectRefused);
  scene.connection.open();
  assertEquals([scene.connection.isInBackoff, scene.rig.network.countTo(7000)], [true, 1]);
  scene.rig.clock.advance(5_000);
  scene.connection.open();
  assertEquals(scene.rig.network.countTo(7000), 2);
  await scene.rig.refuse(0);
  await scene.ends();
});

Deno.test("a socket that is lost while an answer is due delays the next, another does not", async () => {
  using scene = new Scene();
  for (const isReplyDue of [false, true]) {
    scene.isReplyDue = isReplyDue;
    scene.connection.open();
    const conn = await scene.rig.accept(0);
    await conn.ends();
    assertEquals(scene.heard.at(-1), "lost: backend_closed");
    assertEquals(scene.connection.isInBackoff, isReplyDue);
  }
  await scene.ends();
});

Deno.test("what makes no sense closes the socket", async () => {
  using scene = new Scene();
  scene.onSaid = (text) => text !== "nonsense";
  for (
    const [bytes, reason] of [["nonsense\nmore\n", "backend_stray"], ["!\n", "backend_malformed"]]
  ) {
    scene.connection.open();
    const conn = await scene.rig.accept(0);
    await conn.receives("sense\n", bytes!);
    assertEquals(scene.heard.at(-1), `lost: ${reason}`);
    assertEquals([scene.connection.isOpen, conn.isClosed], [false, true]);
  }
  assertEquals(scene.heard.includes("more"), false);
  await scene.ends();
});

Deno.test("a listener may drop the connection in the middle", async () => {
  using scene = new Scene();
  scene.connection.open();
  const conn = await scene.rig.accept(0);
  scene.onSaid = () => {
    scene.connection.drop(failures.backendTimeout);
    return true;
  };
  await conn.receives("one\ntwo\n");
  assertEquals(scene.heard, ["opened", "one", "lost: backend_timeout"]);
  await scene.ends();
});

Deno.test("held, it takes no further frame and reads no more until it is told to go on", async () => {
  using scene = new Scene();
  scene.connection.open();
  const conn = await scene.rig.accept(0);
  scene.onSaid = (text) => {
    if (text !== "three") scene.connection.hold();
    return true;
  };
  await conn.receives("one\ntwo\nthree\n");
  assertEquals(scene.heard, ["opened", "one"]);
  scene.connection.goOn();
  assertEquals(scene.heard, ["opened", "one", "two"]);
  scene.connection.goOn();
  scene.connection.goOn();
  assertEquals(scene.heard, ["opened", "one", "two", "three"]);
  await conn.receives("four\n");
  assertEquals(scene.heard.at(-1), "four");
  await scene.ends();
});

Deno.test("one that is lost while it is held begins anew", async () => {
  using scene = new Scene();
  scene.connection.open();
  const conn = await scene.rig.accept(0);
  scene.onSaid = () => {
    scene.connection.hold();
    return true;
  };
  await conn.receives("one\ntwo\n");
  scene.connection.drop(failures.backendTimeout);
  scene.connection.goOn();
  assertEquals(scene.heard, ["opened", "one", "lost: backend_timeout"]);
  scene.onSaid = () => true;
  scene.connection.open();
  await (await scene.rig.accept(0)).receives("three\n");
  assertEquals(scene.heard.slice(3), ["opened", "three"]);
  await scene.ends();
});

Deno.test("a backend that takes no bytes is given up", async () => {
  using scene = new Scene({ limits: { writeTimeoutMs: 100 } });
  scene.connection.open();
  const conn = await scene.rig.accept(0);
  conn.takesWrites = false;
  scene.send("x\n");
  await turn();
  scene.rig.clock.advance(50);
  assertEquals(scene.connection.isOpen, true);
  scene.rig.clock.advance(100_000);
  assertEquals(scene.heard.at(-1), "lost: backend_write_timeout");
  await conn.failsWrite();
  await scene.ends();
});
