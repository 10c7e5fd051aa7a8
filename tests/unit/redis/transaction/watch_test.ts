/**
 * WATCH before a transaction: which connection, what of further keys, what of errors.
 *
 * @module
 */
import { Transactions } from "../../../../src/redis/transaction/mod.ts";
import { transactionOf } from "../../../../src/redis/transaction/watch.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(): FeatureScene {
  return new FeatureScene((context) => [new Transactions(context)]);
}

Deno.test("further keys are watched over the same connection; UNWATCH gives it back", async () => {
  using scene = createScene();
  scene.ask("WATCH k0");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n");
  scene.ask("WATCH j0");
  await conn.receives("+OK\r\n");
  assertEquals(scene.told(), ["+OK", "+OK"]);
  assertMatch(scene.askAll("WATCH k1")[0]!, /^-CROSSSLOT /);
  scene.ask("UNWATCH");
  await conn.receives("+OK\r\n");
  assertEquals(requestsIn(conn.written), ["WATCH k0", "WATCH j0", "UNWATCH"]);
  assertEquals([scene.told(), transactionOf(scene.client)], [["+OK"], null]);
  assertEquals(scene.context.dedicated.idleCount, 1);
  await scene.ends();
});

Deno.test("an error leaves nothing behind", async () => {
  using scene = createScene();
  assertMatch(scene.askAll("WATCH k0 k1")[0]!, /^-CROSSSLOT /);
  assertMatch(scene.askAll("WATCH k9")[0]!, /^-ERR /);
  assertEquals(scene.context.dedicated.takenCount, 0);
  scene.ask("WATCH k0");
  const conn = await scene.accept(0);
  await conn.receives("-ERR no\r\n");
  assertEquals(scene.told(), ["-ERR no"]);
  assertEquals([scene.client.stage, scene.context.dedicated.takenCount], [null, 0]);
  await scene.ends();
});

Deno.test("a lost connection fails the first WATCH, and is remembered by a later one", async () => {
  using scene = createScene();
  scene.ask("WATCH k0");
  await (await scene.accept(0)).ends();
  assertMatch(scene.told()[0]!, /^failed: backend_closed/);
  assertEquals(scene.client.stage, null);
  scene.ask("WATCH k0");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n");
  scene.ask("WATCH j0");
  await conn.ends();
  assertMatch(scene.told().join(), /^\+OK,failed: backend_closed/);
  assertEquals(scene.askAll("MULTI", "EXEC"), ["+OK", "*-1"]);
  await scene.ends();
});
