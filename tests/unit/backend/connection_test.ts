/**
 * One backend connection: handshake, matching of replies, what is sent again and what is not.
 *
 * @module
 */
import type { BackendConnection } from "../../../src/backend/connection.ts";
import { failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
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

Deno.test("the first request connects, waits for the connection and goes out", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  assertEquals(scene.rig.network.attempts.length, 1);
  scene.send("get b\n");
  assertEquals(scene.rig.network.attempts.length, 1);
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten(), "get a\nget b\n");
  assertEquals(scene.connection.isConnected, true);
  await conn.receives("A\nB\n");
  assertEquals(scene.heard(), ["A\n", "B\n"]);
  await scene.rig.ends();
});

Deno.test("nothing is sent before the last answer to the handshake", async () => {
  using scene = new Scene({ handshake: ["hello", "select"] });
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten(), "hello\nselect\n");
  await conn.receives("ok\n");
  assertEquals([conn.written, scene.connection.isConnected], ["", false]);
  scene.send("get b\n");
  await turn();
  assertEquals(conn.written, "");
  await conn.receives("ok\n");
  assertEquals(conn.takeWritten(), "get a\nget b\n");
  await conn.receives("A\nB\n");
  assertEquals(scene.heard(), ["A\n", "B\n"]);
  await scene.rig.ends();
});

Deno.test("a handshake's reply that overtakes the end of its write opens the way all the same", async () => {
  using scene = new Scene({ handshake: ["hello"] });
  scene.send("get a\n");
  const attempt = scene.rig.network.attempt(7000);
  const conn = scene.rig.track(new FakeTcpConn());
  conn.takesWrites = false;
  await attempt.succeeds(conn);
  await conn.receives("ok\n");
  assertEquals(conn.writing, "hello\n");
  await conn.takes();
  assertEquals(conn.writing, "get a\n");
  await conn.takesAll();
  await conn.receives("A\n");
  assertEquals(scene.heard(), ["A\n"]);
  await scene.rig.ends();
});

Deno.test("a refused handshake fails what waits and is a failed connect", async () => {
  using scene = new Scene({ handshake: ["hello"] });
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  await conn.receives("-no\n");
  assertEquals(scene.heard(), [`!handshake_refused ${ADDRESS}`]);
  assertEquals([conn.isClosed, scene.connection.isInBackoff], [true, true]);
  await scene.rig.ends();
});

Deno.test("a handshake without an answer ends after dial_timeout, counted from the connect", async () => {
  using scene = new Scene({ handshake: ["hello"] });
  scene.send("get a\n");
  scene.rig.clock.advance(300);
  const conn = await scene.rig.accept(0);
  scene.rig.clock.advance(199);
  assertEquals(scene.heard(), []);
  scene.rig.clock.advance(1);
  assertEquals(scene.heard(), [`!connect_timeout ${ADDRESS}`]);
  assertEquals(conn.isClosed, true);
  await scene.rig.ends();
});

Deno.test("replies answer exchanges in order, however the bytes are cut", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  scene.send("get b\n");
  const conn = await scene.rig.accept(0);
  for (const byte of "first\nsecond\n") await conn.receives(byte);
  assertEquals(scene.heard(), ["first\n", "second\n"]);
  await scene.rig.ends();
});

Deno.test("a reply without an exchange closes the connection", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  await conn.receives("A\nstray\n");
  assertEquals(scene.heard(), ["A\n"]);
  assertEquals(conn.isClosed, true);
  assertEquals(scene.rig.records.map((record) => record.fields.reason), ["backend_stray"]);
  await scene.rig.ends();
});

Deno.test("the beginning of a stray reply is never taken for the next request's reply", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("A\n", "str");
  scene.send("get b\n");
  await turn();
  if (!first.isClosed) await first.receives("ay\n");
  assertEquals(scene.heard(), ["A\n"]);
  const second = await scene.rig.accept(0);
  await second.receives("B\n");
  assertEquals(scene.heard(), ["B\n"]);
  await scene.rig.ends();
});

Deno.test("a malformed reply closes the connection and fails all that was sent", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  scene.send("get b\n");
  const conn = await scene.rig.accept(0);
  await conn.receives("!");
  assertEquals(scene.heard(), [`!backend_malformed ${ADDRESS}`, `!backend_malformed ${ADDRESS}`]);
  assertEquals(conn.isClosed, true);
  await scene.rig.ends();
});

Deno.test("a push that nobody asked for is dropped, counted, and logged once a server", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  await conn.receives(">news\n", ">ne", "ws\nA\n", ">idle\n", ">id");
  assertEquals(scene.heard(), ["A\n"]);
  scene.send("get b\n");
  await conn.receives("le\nB\n");
  assertEquals(scene.heard(), ["B\n"]);
  assertEquals(conn.isClosed, false);
  assertEquals(scene.rig.metrics.pushesDropped, 4);
  const other = scene.rig.backends[0]!.connectionFor(0, PROFILES[3].master);
  sendText(scene.rig.requests, other, "get c\n", scene.receiver);
  const next = await scene.rig.accept(0);
  await next.receives(">news\n", "C\n");
  assertEquals(scene.heard(), ["C\n"]);
  assertEquals(scene.rig.metrics.pushesDropped, 5);
  assertEquals(scene.rig.records.map((record) => record.message), [
    "Backend sends pushes that nobody asked for: dropped",
  ]);
  await scene.rig.ends();
});

Deno.test("an exchange of another generation is not delivered and closes the connection", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  scene.receiver.generation += 1;
  const conn = await scene.rig.accept(0);
  await conn.receives("A\n");
  assertEquals([scene.heard(), conn.isClosed], [[], true]);
  assertEquals(scene.rig.records.map((record) => record.fields.reason), ["generation_mismatch"]);
  await scene.rig.ends();
});

Deno.test("a failure of another generation is not delivered either", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  scene.receiver.generation += 1;
  await scene.rig.refuse(0);
  assertEquals(scene.heard(), []);
  await scene.rig.ends();
});

for (const [how, reason] of [["ends", "backend_closed"], ["failsRead", "backend_reset"]] as const) {
  Deno.test(`a connection lost (${reason}) fails what was sent; the unsent goes out on the next`, async () => {
    using scene = new Scene();
    scene.send("get a\n");
    const first = await scene.rig.accept(0);
    first.takesWrites = false;
    scene.send("get b\n");
    await turn();
    scene.send("get c\n");
    await turn();
    await first.receives("A\n");
    assertEquals([scene.heard(), first.writing], [["A\n"], "get b\n"]);
    await first[how]();
    assertEquals(scene.heard(), [`!${reason} ${ADDRESS}`]);
    const second = await scene.rig.accept(0);
    assertEquals(second.takeWritten(), "get c\n");
    await second.receives("C\n");
    assertEquals(scene.heard(), ["C\n"]);
    await first.failsWrite();
    await scene.rig.ends();
  });
}

Deno.test("what was not sent when replies turned out malformed goes out on the next connection", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("A\n");
  first.takesWrites = false;
  scene.send("get b\n");
  await turn();
  scene.send("get c\n");
  await first.receives("!");
  assertEquals(scene.heard(), ["A\n", `!backend_malformed ${ADDRESS}`]);
  const second = await scene.rig.accept(0);
  assertEquals(second.takeWritten(), "get c\n");
  await second.receives("C\n");
  assertEquals(scene.heard(), ["C\n"]);
  await scene.rig.ends();
});

Deno.test("what is sent again never changes bytes that a closed connection still writes", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("A\n");
  first.takesWrites = false;
  scene.send("get b\n");
  await turn();
  await first.ends();
  for (let index = 0; index < 50; index++) scene.send(`get other${index}\n`);
  const second = await scene.rig.accept(0);
  assertEquals(first.writing, "get b\n");
  await first.failsWrite();
  assertEquals(second.takeWritten().split("\n").length - 1, 50);
  await scene.rig.ends();
});

Deno.test("a connection that does not answer within dial_timeout after a loss fails the unsent", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("A\n");
  first.takesWrites = false;
  scene.send("get b\n");
  await turn();
  scene.send("get c\n");
  await first.ends();
  scene.heard();
  await scene.rig.refuse(0);
  assertEquals(scene.heard(), [`!connect_refused ${ADDRESS}`]);
  await first.failsWrite();
  await scene.rig.ends();
});

Deno.test("in back-off requests fail at once with the reason; the first one after it connects", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  await scene.rig.refuse(0);
  assertEquals(scene.heard(), [`!connect_refused ${ADDRESS}`]);
  scene.rig.clock.advance(49);
  scene.send("get b\n");
  assertEquals(scene.heard(), [`!connect_refused ${ADDRESS}`]);
  assertEquals(scene.rig.network.attempts.length, 1);
  scene.rig.clock.advance(52);
  scene.send("get c\n");
  assertEquals([scene.heard(), scene.rig.network.attempts.length], [[], 2]);
  const conn = await scene.rig.accept(0);
  await conn.receives("C\n");
  assertEquals(scene.heard(), ["C\n"]);
  await scene.rig.ends();
});

Deno.test("back-off grows with failures in a row and is forgotten at the first reply", async () => {
  using scene = new Scene();
  for (const longestMs of [100, 200, 400]) {
    scene.send("get a\n");
    await scene.rig.refuse(0);
    scene.rig.clock.advance(longestMs / 2 - 1);
    assertEquals(scene.connection.isInBackoff, true);
    scene.rig.clock.advance(longestMs / 2 + 2);
    assertEquals(scene.connection.isInBackoff, false);
  }
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  await conn.receives("A\n");
  await conn.ends();
  assertEquals(scene.connection.isInBackoff, false);
  scene.send("get a\n");
  await scene.rig.refuse(0);
  scene.rig.clock.advance(101);
  assertEquals(scene.connection.isInBackoff, false);
  await scene.rig.ends();
});

Deno.test("a backend that accepts and drops without an answer is left alone like one that refuses", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  const conn = await scene.rig.accept(0);
  await conn.ends();
  assertEquals(scene.heard(), [`!backend_closed ${ADDRESS}`]);
  assertEquals(scene.connection.isInBackoff, true);
  assertEquals(scene.rig.unreachable, [ADDRESS, ADDRESS]);
  await scene.rig.ends();
});

Deno.test("closing for good is no failed connect: nothing is logged or reported", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  await scene.rig.accept(0);
  scene.rig.backends[0]!.close(failures.shuttingDown);
  assertEquals(scene.heard(), [`!shutting_down ${ADDRESS}`]);
  assertEquals([scene.rig.records, scene.rig.unreachable], [[], []]);
  await scene.rig.ends();
});

Deno.test("closing while connecting gives up the attempt and fails what waits", async () => {
  using scene = new Scene();
  scene.send("get a\n");
  scene.connection.close(failures.backendRemoved);
  assertEquals(scene.heard(), [`!backend_removed ${ADDRESS}`]);
  assertEquals(scene.rig.network.attempts[0]!.isAborted, true);
  const late = await scene.rig.accept(0);
  assertEquals(late.isClosed, true);
  await scene.rig.ends();
});

Deno.test("a swallowed exchange keeps its place; its reply is dropped", async () => {
  using scene = new Scene();
  scene.send("get a\n").swallow();
  scene.send("get b\n");
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten(), "get a\nget b\n");
  await conn.receives("A\nB\n");
  assertEquals(scene.heard(), ["B\n"]);
  await scene.rig.ends();
});

Deno.test("exchanges are told apart from those of other profiles", async () => {
  using scene = new Scene();
  const backend = scene.rig.backends[0]!;
  const other = backend.connectionFor(0, PROFILES[3].master);
  assertEquals(other === scene.connection, false);
  assertEquals(backend.connectionFor(NOBODY.number, PROFILES[3].master) === other, true);
  await scene.rig.ends();
});
