import { DIALS_AT_ONCE_MAX } from "../../../src/backend/dial_pace.ts";
import { Connector } from "../../../src/backend/connector.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import type { Connection, DialListener } from "../../../src/net/io_engine.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

class Listener implements DialListener {
  readonly heard: string[] = [];

  connected(connection: Connection): void {
    this.heard.push("connected");
    connection.discard();
  }

  dialFailed(failure: Failure): void {
    this.heard.push(failure.name);
  }
}

class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly listener = new Listener();
  readonly connector: Connector;

  constructor(options: RigOptions = {}, keepsBackoff = true) {
    this.rig = new CoreRig({ backendCount: 1, ...options });
    const { context, backends } = this.rig;
    const connectorOptions = { profile: PROFILES[2].master, limits: context.limits, keepsBackoff };
    this.connector = new Connector(backends[0]!, context, connectorOptions, this.listener);
  }

  [Symbol.dispose](): void {
    this.connector.cancel();
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a connection is the listener's", async () => {
  using scene = new Scene();
  scene.connector.connect();
  await scene.rig.accept(0);
  assertEquals([scene.listener.heard, scene.connector.mayConnect], [["connected"], true]);
});

Deno.test("a failed attempt delays the next one, and the backend hears of it", async () => {
  using scene = new Scene();
  scene.connector.connect();
  await scene.rig.refuse(0);
  assertEquals([scene.listener.heard, scene.connector.mayConnect], [["connect_refused"], false]);
  assertStrictEquals(scene.connector.lastFailure, failures.connectRefused);
  assertEquals(scene.rig.unreachable, ["10.0.0.1:7000"]);
  scene.rig.clock.advance(101);
  assertEquals(scene.connector.mayConnect, true);
});

Deno.test("without back-off the next attempt may start at once", async () => {
  using scene = new Scene({}, false);
  scene.connector.connect();
  await scene.rig.refuse(0);
  assertEquals(scene.connector.mayConnect, true);
});

Deno.test("a connection that leads back is closed unused, and that is no backend's fault", async () => {
  using scene = new Scene();
  scene.rig.isLoop = true;
  scene.connector.connect();
  const conn = await scene.rig.accept(0);
  assertEquals([scene.listener.heard, conn.isClosed], [["backend_is_proxy"], true]);
  assertEquals([scene.rig.unreachable, scene.connector.mayConnect], [[], false]);
});

Deno.test("a cancelled attempt tells nobody", async () => {
  using scene = new Scene();
  scene.connector.connect();
  scene.connector.cancel();
  scene.connector.cancel();
  await scene.rig.refuse(0);
  assertEquals([scene.listener.heard, scene.rig.unreachable], [[], []]);
});

Deno.test("the handshake is all frames at once, and done when each was answered with yes", () => {
  using scene = new Scene({ handshake: ["hello", "select"] });
  const { connector } = scene;
  assertEquals(new TextDecoder().decode(connector.beginHandshake()!), "hello\nselect\n");
  const bytes = new TextEncoder().encode("ok\n-no\n");
  assertEquals([connector.acceptHandshake(bytes, 0, 3), connector.isHandshakeDone], [null, false]);
  assertEquals([connector.acceptHandshake(bytes, 0, 3), connector.isHandshakeDone], [null, true]);
  assertEquals(connector.acceptHandshake(bytes, 3, 7), failures.handshakeRefused);
});

Deno.test("where the protocol wants none there is no handshake", () => {
  using scene = new Scene();
  assertEquals(scene.connector.beginHandshake(), null);
});

Deno.test("connect and handshake share one deadline", async () => {
  using scene = new Scene({ limits: { dialTimeoutMs: 500 } });
  scene.connector.connect();
  scene.rig.clock.advance(499);
  await scene.rig.accept(0);
  const { nowMs } = scene.rig.clock;
  assertEquals([scene.connector.isOverdue(nowMs), scene.connector.isOverdue(nowMs + 1)], [
    false,
    true,
  ]);
});

Deno.test("a server that answers by errors only and closes is left alone for a while", () => {
  using scene = new Scene();
  scene.connector.beginHandshake();
  scene.connector.answered(true);
  scene.connector.lost(failures.backendClosed, false);
  assertEquals([scene.connector.hasAnswered, scene.connector.mayConnect], [false, false]);
});

Deno.test("a server that has answered once may be asked again as soon as it closes", () => {
  using scene = new Scene();
  scene.connector.beginHandshake();
  scene.connector.answered(true);
  scene.connector.answered(false);
  scene.connector.lost(failures.backendClosed, true);
  assertEquals([scene.connector.hasAnswered, scene.connector.mayConnect], [true, true]);
});

Deno.test("a server that closes an idle connection is not blamed for it, only with replies due", () => {
  using scene = new Scene();
  scene.connector.beginHandshake();
  scene.connector.lost(failures.backendClosed, false);
  assertEquals(scene.connector.mayConnect, true);
  scene.connector.lost(failures.backendClosed, true);
  assertEquals(scene.connector.mayConnect, false);
});

Deno.test("an attempt whose turn comes later has all of its time from then on, and may be given up before", async () => {
  using scene = new Scene();
  const { clock, context, network } = scene.rig;
  for (let count = 0; count < DIALS_AT_ONCE_MAX; count++) {
    context.dials.request({ waitsAt: -1, beginDial() {} });
  }
  scene.connector.connect();
  assertEquals(network.attempts.length, 0);
  clock.advance(5);
  assertEquals(network.attempts.length, 1);
  clock.advance(499);
  assertEquals(scene.connector.isOverdue(clock.nowMs), false);
  clock.advance(1);
  assertEquals(scene.connector.isOverdue(clock.nowMs), true);
  scene.connector.cancel();
  for (let count = 0; count < DIALS_AT_ONCE_MAX; count++) {
    context.dials.request({ waitsAt: -1, beginDial() {} });
  }
  scene.connector.connect();
  scene.connector.cancel();
  clock.advance(1_000);
  assertEquals(network.attempts.length, 1);
  await scene.rig.ends();
});

Deno.test("where requests wait for servers a handshake ends with the question whether it can serve", () => {
  for (const failoverWaitMs of [0, 1]) {
    const protocol = Object.assign(new LineProtocol(["hello"]), {
      readyProbe: new TextEncoder().encode("ready?\n"),
    });
    using scene = new Scene({ protocol, limits: { failoverWaitMs } });
    const text = new TextDecoder().decode(scene.connector.beginHandshake()!);
    assertEquals(text, failoverWaitMs === 0 ? "hello\n" : "hello\nready?\n");
    const ok = new TextEncoder().encode("ok\n");
    scene.connector.acceptHandshake(ok, 0, 3);
    assertEquals(scene.connector.isHandshakeDone, failoverWaitMs === 0);
  }
});
