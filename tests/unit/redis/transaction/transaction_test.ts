/**
 * Transactions with backends that a test plays: what goes where, and what becomes of errors and losses.
 *
 * @module
 */
import { HELD_REQUESTS_MAX } from "../../../../src/redis/transaction/held_requests.ts";
import { Transactions } from "../../../../src/redis/transaction/mod.ts";
import { transactionOf } from "../../../../src/redis/transaction/watch.ts";
import { Redirection } from "../../../../src/router/router.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { knownServers } from "../../../support/rigs/redis_context.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(version: 2 | 3 = 2): FeatureScene {
  return new FeatureScene((context) => [new Transactions(context)], {}, version);
}

const ABORT = "-EXECABORT Transaction discarded because of previous errors.";

Deno.test("what is held goes ahead of the first key, on a connection of its own", async () => {
  using scene = createScene();
  assertEquals(scene.askAll("MULTI", "PING", "ECHO x"), ["+OK", "+QUEUED", "+QUEUED"]);
  scene.ask("SET k0 1");
  const conn = await scene.accept(0);
  assertEquals(requestsIn(conn.written), ["MULTI", "PING", "ECHO x", "SET k0 1"]);
  scene.ask("EXEC");
  await conn.receives("+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
  assertEquals(scene.told(), ["+QUEUED"]);
  const transaction = transactionOf(scene.client)!;
  await conn.receives("*3\r\n");
  transaction.checkInvariants();
  assertEquals(scene.told(), ["*3"]);
  assertEquals([scene.client.stage, scene.context.dedicated.idleCount], [null, 1]);
  await scene.ends();
});

Deno.test("nothing goes out while requests sent elsewhere are on their way", async () => {
  using scene = createScene();
  scene.askAll("MULTI");
  scene.client.hasRequestsInFlight = true;
  assertEquals([scene.ask("PING"), scene.ask("SET k0 1")], ["answered", "waits"]);
  assertEquals(scene.ask("EXEC"), "waits");
  scene.client.hasRequestsInFlight = false;
  assertEquals(scene.ask("SET k0 1"), "answered");
  scene.client.hasRequestsInFlight = true;
  assertEquals(scene.ask("SET k0 1"), "answered", "its own requests do not count");
  await scene.accept(0);
  await scene.ends();
});

Deno.test("keys of another backend are refused, and EXEC aborts", async () => {
  using scene = createScene();
  scene.askAll("MULTI", "SET k0 1");
  const conn = await scene.accept(0);
  assertMatch(scene.askAll("SET k1 1")[0]!, /^-CROSSSLOT .*hash tag/);
  assertEquals(scene.askAll("SET k0 2", "EXEC"), ["+QUEUED", ABORT]);
  await conn.receives("+OK\r\n+QUEUED\r\n");
  assertEquals(requestsIn(conn.written), ["MULTI", "SET k0 1", "DISCARD"]);
  assertEquals(scene.told(), ["+QUEUED"], "the reply to the first, which was still due");
  await conn.receives("+OK\r\n");
  assertEquals(scene.context.dedicated.idleCount, 1, "it was left clean");
  await scene.ends();
});

Deno.test("a lost connection fails what is due, and EXEC aborts", async () => {
  using scene = createScene();
  scene.askAll("MULTI", "SET k0 1");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n");
  await conn.ends();
  assertMatch(scene.told()[0]!, /^failed: backend_closed/);
  assertEquals(scene.askAll("SET k0 2", "EXEC"), ["+QUEUED", ABORT]);
  assertEquals(scene.context.dedicated.takenCount, 0);
  await scene.ends();
});

Deno.test("a connection lost behind EXEC is said to be lost: nothing is sent again", async () => {
  using scene = createScene();
  scene.askAll("MULTI", "SET k0 1", "EXEC");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n+QUEUED\r\n");
  scene.told();
  await conn.ends();
  assertMatch(scene.told()[0]!, /^failed: backend_closed/);
  assertEquals([scene.client.stage, scene.rig.network.attempts.length], [null, 1]);
  await scene.ends();
});

Deno.test("with the watching connection lost EXEC is nil, in the client's version", async () => {
  for (const version of [2, 3] as const) {
    using scene = createScene(version);
    scene.ask("WATCH k0");
    const conn = await scene.accept(0);
    await conn.receives("+OK\r\n");
    assertEquals(scene.told(), ["+OK"]);
    await conn.ends();
    assertEquals(scene.askAll("WATCH k1", "MULTI", "SET k0 1", "EXEC"), [
      "+OK",
      "+OK",
      "+QUEUED",
      version === 2 ? "*-1" : "_",
    ]);
    await scene.ends();
  }
});

Deno.test("a redirection while queueing is not shown; one of EXEC aborts", async () => {
  using scene = createScene();
  scene.rig.router.onLearn = (reply) =>
    reply.startsWith("-MOVED") ? Redirection.Moved : Redirection.None;
  scene.askAll("MULTI", "SET k0 1", "EXEC");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n-MOVED 1 10.0.0.9:1\r\n-MOVED 1 10.0.0.9:1\r\n");
  const [queued, executed] = scene.told();
  assertMatch(queued!, /^-TRYAGAIN /);
  assertMatch(executed!, /^-EXECABORT .*moved/);
  await scene.ends();
});

Deno.test("WATCH follows a slot that has moved, as nothing has run", async () => {
  using scene = createScene();
  const { router } = scene.rig;
  scene.ask("WATCH k0");
  const conn = await scene.accept(0);
  router.onLearn = () => {
    router.backendAt = () => scene.rig.backends[1]!;
    return Redirection.Moved;
  };
  await conn.receives("-MOVED 0 10.0.0.1:7001\r\n");
  const other = await scene.accept(1);
  assertEquals([scene.told(), requestsIn(other.written)], [[], ["WATCH k0"]]);
  await other.receives("+OK\r\n");
  assertEquals(scene.told(), ["+OK"]);
  await scene.ends();
});

Deno.test("what is held is bounded", () => {
  using scene = createScene();
  scene.ask("MULTI");
  for (let count = 0; count < HELD_REQUESTS_MAX; count++) scene.ask("PING");
  scene.told();
  assertMatch(scene.askAll("PING")[0]!, /^-ERR more than 1000 requests/);
  assertEquals(scene.askAll("EXEC"), [ABORT]);
});

Deno.test("commands that belong to the connection, or to all servers, are no part of it", () => {
  using scene = createScene();
  for (const line of ["CLIENT ID", "HELLO 3", "AUTH x", "COMMAND"]) {
    scene.askAll("MULTI");
    assertMatch(scene.askAll(line)[0]!, /^-ERR '[a-z]+' is not supported inside MULTI/);
    assertEquals(scene.askAll("EXEC"), [ABORT]);
  }
  assertEquals(scene.askAll("SELECT 0"), ["+OK"], "outside all is as ever");
});

Deno.test("a client that leaves takes the connection along", async () => {
  using scene = createScene();
  scene.askAll("MULTI", "SET k0 1");
  const conn = await scene.accept(0);
  scene.client.stage!.onClose();
  assertEquals([conn.isClosed, scene.context.dedicated.takenCount], [true, 0]);
  await scene.ends();
});

Deno.test("SELECT between WATCH and MULTI is refused, HELLO there is made up for", async () => {
  using scene = createScene();
  scene.ask("WATCH k0");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n");
  scene.told();
  assertEquals(scene.askAll("SELECT 0"), ["+OK"]);
  assertMatch(scene.askAll("SELECT 1")[0]!, /^-ERR SELECT between WATCH and MULTI/);
  scene.ask("HELLO 3");
  scene.told();
  scene.askAll("MULTI", "SET k0 1", "EXEC");
  await conn.receives("%0\r\n+OK\r\n+QUEUED\r\n*1\r\n");
  assertEquals(requestsIn(conn.written), ["WATCH k0", "HELLO 3", "MULTI", "SET k0 1", "EXEC"]);
  assertEquals(scene.told(), ["+QUEUED", "*1"]);
  assertEquals(scene.context.dedicated.idleCount, 0, "nobody else gets it");
  await scene.ends();
});

Deno.test("with no connection left it says which limit to raise", async () => {
  using scene = createScene();
  const { rig, context, client } = scene;
  for (let count = 0; count < 4; count++) {
    context.dedicated.take(rig.backends[0]!, client.profiles.master);
  }
  scene.askAll("MULTI");
  assertMatch(scene.askAll("SET k0 1")[0]!, /^-ERR too many clients .*dedicated_connections/);
  assertEquals(scene.askAll("EXEC"), [ABORT]);
  assertMatch(scene.askAll("WATCH k0")[0]!, /^-ERR too many clients/);
  assertEquals(client.stage, null);
  await scene.ends();
});

Deno.test("MULTI and WATCH inside MULTI make EXEC abort where the servers are Valkey, and not at Redis", async () => {
  const told = { "7.0.15": [] as string[], "9.1.2": [] as string[] };
  for (const [version, valkey] of [["7.0.15", undefined], ["7.2.4", "9.1.2"]] as const) {
    using scene = new FeatureScene((context) => [new Transactions(context)], {
      servers: knownServers(version, valkey),
    });
    told[valkey ?? version] = scene.askAll("MULTI", "MULTI", "WATCH k0", "EXEC");
    await scene.ends();
  }
  assertEquals(told["7.0.15"], [
    "+OK",
    "-ERR MULTI calls can not be nested",
    "-ERR WATCH inside MULTI is not allowed",
    "*0",
  ]);
  assertEquals(told["9.1.2"], [
    "+OK",
    "-ERR Command 'multi' not allowed inside a transaction",
    "-ERR Command 'watch' not allowed inside a transaction",
    ABORT,
  ]);
});
