/**
 * Sending a request once more, elsewhere, with the very bytes that were sent before.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import type { BackendConnection } from "../../../src/backend/connection.ts";
import { sendAgain } from "../../../src/backend/send_written.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { type Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

const asking = new TextEncoder().encode("asking\n");

/** Two backends; each reply of the first makes its request go to the second. */
class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly receiver = new RecordingReceiver();
  /** Goes right before what is sent again. */
  preface: Uint8Array | null = null;

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig({ retainsRequests: true, ...options });
  }

  connection(backend: number): BackendConnection {
    return this.rig.backends[backend]!.connectionFor(0, PROFILES[2].master);
  }

  /** Sends to the first backend; the reply redirects it to the second. */
  sendRedirected(text: string): RecordingReceiver {
    const redirected = new RecordingReceiver();
    redirected.onReply = (former) => this.resend(former);
    sendText(this.rig.requests, this.connection(0), text, redirected);
    return redirected;
  }

  resend(former: Exchange): void {
    const successor = this.rig.requests.takeExchange();
    successor.begin(this.receiver, 0, 0, true, NOBODY);
    sendAgain(this.connection(1), this.rig.requests, successor, former, this.preface);
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("resend() sends the same bytes, and the reply goes to the successor", async () => {
  using scene = new Scene();
  scene.sendRedirected("get a\n");
  const first = await scene.rig.accept(0);
  assertEquals(first.takeWritten(), "get a\n");
  await first.receives("elsewhere\n");
  const second = await scene.rig.accept(1);
  assertEquals(second.takeWritten(), "get a\n");
  await second.receives("A\n");
  assertEquals(scene.receiver.take(), ["A\n"]);
  await scene.rig.ends();
});

Deno.test("requests sent earlier stay readable while later ones are answered first", async () => {
  using scene = new Scene();
  const large = "x".repeat(40_000);
  for (const key of ["a", "b", "c"]) scene.sendRedirected(`get ${key}${large}\n`);
  const first = await scene.rig.accept(0);
  await first.receives("elsewhere\nelsewhere\nelsewhere\n");
  const second = await scene.rig.accept(1);
  assertEquals(
    second.takeWritten(),
    `get a${large}\nget b${large}\nget c${large}\n`,
  );
  await second.receives("A\nB\nC\n");
  assertEquals(scene.receiver.take(), ["A\n", "B\n", "C\n"]);
  await scene.rig.ends();
});

Deno.test("a preface's own reply is dropped", async () => {
  using scene = new Scene();
  scene.preface = asking;
  scene.sendRedirected("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("elsewhere\n");
  const second = await scene.rig.accept(1);
  assertEquals(second.takeWritten(), "asking\nget a\n");
  await second.receives("ok\nA\n");
  assertEquals(scene.receiver.take(), ["A\n"]);
  await scene.rig.ends();
});

/** Queues for the second backend so much that its newest chunk has `room` bytes left. */
function fillChunk(scene: Scene, room: number): void {
  const connection = scene.connection(1);
  sendText(scene.rig.requests, connection, "q", scene.receiver);
  const { bytes, filled } = connection.log.newest!;
  const queued = "q".repeat(bytes.length - filled - room);
  sendText(scene.rig.requests, connection, queued, scene.receiver);
}

Deno.test("preface and request go into the same write, whatever is queued before them", async () => {
  for (const room of [0, 6, 7, 8, 12, 13]) {
    using scene = new Scene();
    scene.preface = asking;
    scene.sendRedirected("get a\n");
    const first = await scene.rig.accept(0);
    fillChunk(scene, room);
    await first.receives("elsewhere\n");
    const second = scene.rig.track(new FakeTcpConn());
    second.takesWrites = false;
    await scene.rig.network.attempt(7001).succeeds(second);
    const queued = second.writing!;
    await second.takes();
    const writes = [queued, second.writing ?? ""].map((text) => text.replaceAll("q", ""));
    assertEquals(writes.filter((text) => text !== ""), ["asking\nget a\n"], `room ${room}`);
    await second.takesAll();
    await scene.rig.ends();
  }
});

Deno.test("an unsent preface is not left behind alone when its request is failed", async () => {
  using scene = new Scene();
  scene.preface = asking;
  scene.sendRedirected("get a\n");
  const first = await scene.rig.accept(0);
  fillChunk(scene, 8);
  await first.receives("elsewhere\n");
  const second = scene.rig.track(new FakeTcpConn());
  second.takesWrites = false;
  await scene.rig.network.attempt(7001).succeeds(second);
  scene.connection(1).failUnsent(failures.backendRemoved);
  assertEquals(scene.receiver.take(), ["!backend_removed 10.0.0.1:7001"]);
  await second.takesAll();
  assertEquals(second.written.replaceAll("q", ""), "");
  await scene.rig.ends();
});

Deno.test("resend() to a backend in back-off fails the successor at once", async () => {
  using scene = new Scene();
  const blocked = new RecordingReceiver();
  sendText(scene.rig.requests, scene.connection(1), "get b\n", blocked);
  await scene.rig.refuse(1);
  scene.sendRedirected("get a\n");
  const first = await scene.rig.accept(0);
  await first.receives("elsewhere\n");
  assertEquals(scene.receiver.take(), ["!connect_refused 10.0.0.1:7001"]);
  await scene.rig.ends();
});

Deno.test("sendAgain() to the connection that replied goes behind what is queued there", async () => {
  using scene = new Scene();
  const redirected = new RecordingReceiver();
  redirected.onReply = (former) => {
    const successor = scene.rig.requests.takeExchange();
    successor.begin(scene.receiver, 0, 0, true, NOBODY);
    sendAgain(scene.connection(0), scene.rig.requests, successor, former, null);
  };
  sendText(scene.rig.requests, scene.connection(0), "get a\n", redirected);
  sendText(scene.rig.requests, scene.connection(0), "get b\n", scene.receiver);
  const conn = await scene.rig.accept(0);
  await conn.receives("elsewhere\n");
  assertEquals(conn.takeWritten(), "get a\nget b\nget a\n");
  await conn.receives("B\nA\n");
  assertEquals(scene.receiver.take(), ["B\n", "A\n"]);
  await scene.rig.ends();
});

Deno.test("chunks kept for redirections return to the pool once their replies are in", async () => {
  using scene = new Scene();
  for (let index = 0; index < 2000; index++) {
    sendText(
      scene.rig.requests,
      scene.connection(0),
      `get key${index}\n`.padEnd(100),
      scene.receiver,
    );
  }
  const conn = await scene.rig.accept(0);
  await turn();
  assertEquals(scene.rig.chunks.chunksOut > 1, true);
  await conn.receives("x\n".repeat(2000));
  assertEquals(scene.receiver.take().length, 2000);
  assertEquals(scene.rig.chunks.chunksOut, 0);
  await scene.rig.ends();
});
