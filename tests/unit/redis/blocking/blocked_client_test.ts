/**
 * A client in a blocking command: no timeout cuts it, it is unblocked by the server, and its connection goes with
 * it.
 *
 * @module
 */
import type { BlockedClient } from "../../../../src/redis/blocking/blocked_client.ts";
import { stageOf, StageRank } from "../../../../src/redis/core/stage_chain.ts";
import { Blocking } from "../../../../src/redis/blocking/mod.ts";
import { Redirection } from "../../../../src/router/router.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { type FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(): FeatureScene {
  return new FeatureScene((context) => [new Blocking(context)], { respOnDedicated: true });
}

/** Has the client wait at backend 0, on a connection whose id is 5 there. */
async function block(scene: FeatureScene): Promise<FakeTcpConn> {
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  await conn.receives(":5\r\n");
  return conn;
}

Deno.test("it waits as long as it takes, and gives the connection back", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  assertEquals(requestsIn(conn.takeWritten()), ["CLIENT ID"]);
  await conn.receives(":5\r\n");
  assertEquals(requestsIn(conn.takeWritten()), ["BLPOP k0 0"]);
  scene.rig.clock.advance(3_600_000);
  assertEquals([scene.told(), scene.rig.metrics.blockedClients], [[], 1]);
  await conn.receives("+popped\r\n");
  assertEquals(scene.told(), ["+popped"]);
  assertEquals([scene.client.stage, scene.rig.metrics.blockedClients], [null, 0]);
  assertEquals([scene.rig.metrics.dedicatedTaken, scene.rig.metrics.dedicatedIdle], [0, 1]);
  scene.ask("BLPOP k0 0");
  await turn();
  assertEquals(requestsIn(conn.takeWritten()), ["BLPOP k0 0"], "the id is known");
  await scene.ends();
});

Deno.test("with a timeout of its own it fails when the server is silent beyond that", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 2");
  const conn = await scene.accept(0);
  await conn.receives(":5\r\n");
  const { readTimeoutMs } = scene.context.config;
  scene.rig.clock.advance(2000 + readTimeoutMs - 200);
  assertEquals(scene.told(), []);
  scene.rig.clock.advance(400);
  assertMatch(scene.told()[0]!, /^failed: backend_timeout/);
  assertEquals([conn.isClosed, scene.rig.metrics.blockedClients], [true, 0]);
  await scene.ends();
});

Deno.test("a client that leaves closes the connection at once", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  scene.client.stage!.onClose();
  assertEquals([conn.isClosed, scene.rig.metrics.blockedClients], [true, 0]);
  await scene.ends();
});

Deno.test("the server hears that a client has left before it hears what others send then", async () => {
  using scene = createScene();
  const shared = scene.rig.backends[0]!.connectionFor(
    scene.client.number,
    scene.client.profiles.master,
  );
  shared.open();
  const usual = await scene.accept(0);
  const conn = await block(scene);
  scene.client.stage!.onClose();
  await turn();
  assertEquals([requestsIn(usual.written), conn.isClosed], [["CLIENT UNBLOCK 5 TIMEOUT"], true]);
  await usual.receives(":0\r\n");
  await scene.ends();
});

Deno.test("a lost connection fails it, and nothing is sent again", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  await (await scene.accept(0)).ends();
  assertMatch(scene.told()[0]!, /^failed: backend_closed/);
  assertEquals([scene.client.stage, scene.context.dedicated.takenCount], [null, 0]);
  await scene.ends();
});

Deno.test("a slot that has moved is followed, with ASKING while it moves", async () => {
  using scene = createScene();
  const { router, backends } = scene.rig;
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  router.onLearn = () => Redirection.Ask;
  router.asked = backends[1]!;
  await conn.receives(":5\r\n");
  await conn.receives("-ASK 0 10.0.0.1:7001\r\n");
  const other = await scene.accept(1);
  await other.receives(":6\r\n");
  assertEquals(requestsIn(other.written), ["CLIENT ID", "ASKING", "BLPOP k0 0"]);
  router.onLearn = () => Redirection.None;
  await other.receives("+OK\r\n-UNBLOCKED gone\r\n");
  assertEquals(scene.told(), ["-UNBLOCKED gone"]);
  await scene.ends();
});

Deno.test("redirections come to an end", async () => {
  using scene = createScene();
  scene.rig.router.onLearn = () => Redirection.Moved;
  const conn = await block(scene);
  for (let count = 0; count < 6; count++) await conn.receives("-MOVED\r\n");
  assertMatch(scene.told().join(), /^-TRYAGAIN /);
  assertEquals(scene.context.dedicated.takenCount, 0);
  await scene.ends();
});

Deno.test("keys of several backends, or of none, are refused", () => {
  using scene = createScene();
  assertMatch(scene.askAll("BLPOP k0 k1 0")[0]!, /^-CROSSSLOT /);
  assertMatch(scene.askAll("XREAD BLOCK 0 STREAMS k9 0")[0]!, /^-ERR /);
});

Deno.test("a connection that a CLIENT UNBLOCK may still reach serves nobody else", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  await conn.receives(":55\r\n");
  (stageOf(scene.client, StageRank.Blocking) as BlockedClient).unblock("TIMEOUT", () => {});
  await scene.accept(0);
  await conn.receives("+popped\r\n");
  assertEquals(scene.told(), ["+popped"]);
  assertEquals([scene.context.dedicated.idleCount, conn.isClosed], [0, true]);
  await scene.ends();
});

Deno.test("nobody waits at a server that has left the ring", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  await scene.accept(0);
  scene.rig.clock.advance(50);
  assertEquals(scene.told(), []);
  scene.rig.backends[0]!.isServing = false;
  scene.rig.clock.advance(50);
  assertMatch(scene.told()[0]!, /^failed: backend_ejected/);
  assertEquals([scene.client.stage, scene.context.dedicated.takenCount], [null, 0]);
  await scene.ends();
});

Deno.test("who has sent its last before the command is sent does not block", async () => {
  for (const endsWhileConnecting of [false, true]) {
    using scene = createScene();
    scene.client.hasEnded = !endsWhileConnecting;
    scene.ask("BLPOP k0 0");
    if (endsWhileConnecting) ends(scene);
    const conn = await scene.accept(0);
    await conn.receives(":5\r\n");
    assertEquals(requestsIn(conn.takeWritten()), ["CLIENT ID", "MULTI"]);
    await conn.receives("+OK\r\n");
    assertEquals(requestsIn(conn.takeWritten()), ["BLPOP k0 0", "EXEC"]);
    await conn.receives("+QUEUED\r\n*1\r\n*2\r\n$2\r\nk0\r\n$1\r\nx\r\n");
    assertEquals(scene.told(), ["*2 $2 k0 $1 x"]);
    assertEquals([scene.client.hasLeft, scene.context.dedicated.idleCount], [false, 1]);
    // The next time there is nothing for it.
    scene.ask("BLPOP k0 0");
    await turn();
    await conn.receives("+OK\r\n");
    assertEquals(requestsIn(conn.takeWritten()), ["MULTI", "BLPOP k0 0", "EXEC"]);
    await conn.receives("+QUEUED\r\n*1\r\n*-1\r\n");
    assertEquals([scene.told(), scene.client.hasLeft, scene.client.stage], [[], true, null]);
    await scene.ends();
  }
});

Deno.test("an end that comes later has the server end the wait: nothing is there, the client is closed", async () => {
  using scene = createScene();
  const conn = await block(scene);
  ends(scene);
  const shared = await scene.accept(0);
  assertEquals(requestsIn(shared.takeWritten()), ["CLIENT UNBLOCK 5 TIMEOUT"]);
  // It has overtaken the command.
  await shared.receives(":0\r\n");
  assertEquals(requestsIn(shared.takeWritten()), ["CLIENT UNBLOCK 5 TIMEOUT"]);
  await shared.receives(":1\r\n");
  assertEquals([scene.told(), scene.client.hasLeft], [[], false]);
  await conn.receives("*-1\r\n");
  assertEquals([scene.told(), scene.client.hasLeft, conn.isClosed], [[], true, true]);
  assertEquals([scene.rig.metrics.blockedClients, scene.context.dedicated.takenCount], [0, 0]);
  await scene.ends();
});

Deno.test("an element that the server took meanwhile is delivered", async () => {
  using scene = createScene();
  const conn = await block(scene);
  ends(scene);
  const shared = await scene.accept(0);
  await conn.receives("*2\r\n$2\r\nk0\r\n$1\r\nx\r\n");
  await shared.receives(":0\r\n");
  assertEquals([scene.told(), scene.client.hasLeft], [["*2 $2 k0 $1 x"], false]);
  assertEquals(requestsIn(shared.written), ["CLIENT UNBLOCK 5 TIMEOUT"]);
  await scene.ends();
});

Deno.test("a wait that its server does not end ends with the connection", async () => {
  for (const refusal of ["-NOPERM no\r\n", null]) {
    using scene = createScene();
    scene.ask("BLPOP k0 0");
    const conn = await scene.accept(0);
    await conn.receives(":5\r\n");
    ends(scene);
    const shared = await scene.accept(0);
    if (refusal !== null) await shared.receives(refusal);
    else {
      const { dialTimeoutMs, readTimeoutMs } = scene.context.config;
      scene.rig.clock.advance(dialTimeoutMs + readTimeoutMs);
      scene.rig.clock.advance(50);
    }
    assertEquals([scene.told(), scene.client.hasLeft, conn.isClosed], [[], true, true]);
    await scene.ends();
  }
});

Deno.test("a server that does not tell ids cannot be told to end a wait", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  await conn.receives("-NOPERM no\r\n");
  assertEquals(requestsIn(conn.written), ["CLIENT ID", "BLPOP k0 0"]);
  ends(scene);
  assertEquals([scene.client.hasLeft, conn.isClosed], [true, true]);
  await scene.ends();
});

Deno.test("where the server allows no MULTI the wait is begun and ended", async () => {
  using scene = createScene();
  scene.client.hasEnded = true;
  const conn = await block(scene);
  await conn.receives("-NOPERM no\r\n");
  assertEquals(requestsIn(conn.written), ["CLIENT ID", "MULTI", "BLPOP k0 0"]);
  const shared = await scene.accept(0);
  assertEquals(requestsIn(shared.written), ["CLIENT UNBLOCK 5 TIMEOUT"]);
  await conn.receives("*-1\r\n");
  assertEquals([scene.told(), scene.client.hasLeft], [[], true]);
  await scene.ends();
});

Deno.test("a redirection behind the end is followed without blocking", async () => {
  using scene = createScene();
  const { router, backends } = scene.rig;
  const conn = await block(scene);
  ends(scene);
  router.onLearn = () => Redirection.Ask;
  router.asked = backends[1]!;
  await conn.receives("-ASK 0 10.0.0.1:7001\r\n");
  const other = await scene.accept(1);
  await other.receives(":6\r\n");
  assertEquals(requestsIn(other.takeWritten()), ["CLIENT ID", "ASKING", "MULTI"]);
  router.onLearn = () => Redirection.None;
  await other.receives("+OK\r\n+OK\r\n");
  await other.receives("+QUEUED\r\n*1\r\n+moved\r\n");
  assertEquals(scene.told(), ["+moved"]);
  await scene.ends();
});

Deno.test("who has sent too much ahead gets what is there, or is closed for that", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  scene.client.stage!.onInputFull!();
  await conn.receives(":5\r\n");
  await conn.receives("+OK\r\n");
  await conn.receives("+QUEUED\r\n*1\r\n_\r\n");
  assertEquals([scene.told(), scene.client.closedBy?.name], [[], "client_read_ahead"]);
  await scene.ends();
});

function ends({ client }: FeatureScene): void {
  client.hasEnded = true;
  assertEquals(client.stage!.onInputEnd(), false);
}

/** Has all keys be at backend 1 from now on. */
function moveKeys({ rig }: FeatureScene): void {
  rig.router.place = () => 1;
  rig.router.epoch += 1;
}

Deno.test("a client whose keys get another server waits there, and its wait ends where it was", async () => {
  using scene = createScene();
  const conn = await block(scene);
  moveKeys(scene);
  scene.rig.clock.advance(50);
  const usual = await scene.accept(0);
  assertEquals(requestsIn(usual.takeWritten()), ["CLIENT UNBLOCK 5 TIMEOUT"]);
  await conn.receives("*-1\r\n");
  assertEquals([conn.isClosed, scene.told(), scene.rig.metrics.blockedClients], [true, [], 1]);
  // The answer comes when it waits elsewhere already: it must not be taken for one about that.
  await usual.receives(":0\r\n");
  const next = await scene.accept(1);
  await next.receives(":6\r\n");
  assertEquals(requestsIn(next.written), ["CLIENT ID", "BLPOP k0 0"]);
  scene.rig.clock.advance(50);
  assertEquals(usual.takeWritten(), "");
  await next.receives("+popped\r\n");
  assertEquals([scene.told(), scene.client.stage], [["+popped"], null]);
  await scene.ends();
});

Deno.test("an element that was taken where the keys were is delivered", async () => {
  using scene = createScene();
  const conn = await block(scene);
  moveKeys(scene);
  scene.rig.clock.advance(50);
  await scene.accept(0);
  await conn.receives("+popped\r\n");
  assertEquals([scene.told(), scene.rig.network.countTo(7001)], [["+popped"], 0]);
  await scene.ends();
});

Deno.test("keys that get several servers, or none, end the wait with what a new one would say", async () => {
  for (const [places, error] of [[[0, 1], /^-CROSSSLOT /], [[-1], /^-ERR /]] as const) {
    using scene = createScene();
    scene.ask("BLPOP a0 b0 0");
    const conn = await scene.accept(0);
    await conn.receives(":5\r\n");
    let calls = 0;
    scene.rig.router.place = () => places[calls++ % places.length]!;
    scene.rig.router.epoch += 1;
    scene.rig.clock.advance(50);
    await scene.accept(0);
    await conn.receives("*-1\r\n");
    assertMatch(scene.told().join(), error);
    assertEquals([scene.client.stage, scene.context.dedicated.takenCount], [null, 0]);
    await scene.ends();
  }
});

Deno.test("a wait that moves ends when its own timeout is over", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 1");
  const conn = await scene.accept(0);
  await conn.receives(":5\r\n");
  moveKeys(scene);
  scene.rig.clock.advance(50);
  const usual = await scene.accept(0);
  await usual.receives(":1\r\n");
  await conn.receives("*-1\r\n");
  const next = await scene.accept(1);
  await next.receives(":6\r\n");
  scene.rig.clock.advance(1_000);
  const other = await scene.accept(1);
  assertEquals(requestsIn(other.written), ["CLIENT UNBLOCK 6 TIMEOUT"]);
  await next.receives("*-1\r\n");
  assertEquals(scene.told(), ["*-1"]);
  await scene.ends();
});

Deno.test("who is unblocked by somebody while its keys move waits no more", async () => {
  using scene = createScene();
  const conn = await block(scene);
  moveKeys(scene);
  (stageOf(scene.client, StageRank.Blocking) as BlockedClient).unblock("TIMEOUT", () => {});
  scene.rig.clock.advance(50);
  await conn.receives("*-1\r\n");
  assertEquals(scene.told(), ["*-1"]);
  await scene.ends();
});

Deno.test("a server that cannot be told to end a wait ends it with the connection when keys move", async () => {
  using scene = createScene();
  scene.ask("BLPOP k0 0");
  const conn = await scene.accept(0);
  await conn.receives("-ERR unknown command\r\n");
  moveKeys(scene);
  scene.rig.clock.advance(50);
  assertEquals(conn.isClosed, true);
  assertMatch(scene.told()[0]!, /^failed: backend_ejected/);
  await scene.ends();
});
