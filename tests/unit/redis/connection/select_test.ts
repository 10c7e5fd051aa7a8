/**
 * SELECT asks every server once, and believes those that answer.
 *
 * @module
 */
import { Select } from "../../../../src/redis/connection/select.ts";
import { profilesOf } from "../../../../src/protocol/protocol.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { localRequest, textOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(isCluster = false) {
  const scene = new FeatureScene(() => [], { isCluster }, 3);
  const select = new Select(scene.context);
  const ask = (database: string) => {
    const reply = select.answer(localRequest(scene.client, "SELECT", database));
    return reply === null ? null : textOf(reply);
  };
  return { scene, ask };
}

Deno.test("a database that all servers have is the client's from then on, and known", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  assertEquals(ask("5"), null);
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [["SELECT 5"], ["SELECT 5"]]);
  await conns[0]!.receives("+OK\r\n");
  assertEquals(scene.told(), []);
  await conns[1]!.receives("+OK\r\n");
  assertEquals([scene.told(), scene.client.profiles], [["+OK"], profilesOf(3, 5)]);
  assertEquals([ask("0"), ask("5"), ask("00")], [
    "+OK\r\n",
    "+OK\r\n",
    "-ERR value is not an integer or out of range\r\n",
  ]);
  assertEquals(conns.map(({ isClosed }) => isClosed), [true, true]);
  assertEquals(scene.context.dedicated.takenCount, 0);
  await scene.ends();
});

Deno.test("one server without it is enough to refuse, one that is down is not", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  ask("5");
  await (await scene.accept(0)).receives("+OK\r\n");
  await (await scene.accept(1)).receives("-ERR DB index is out of range\r\n");
  assertEquals(scene.told(), ["-ERR DB index is out of range"]);
  assertEquals(scene.client.profiles, profilesOf(3, 0));
  ask("6");
  await (await scene.accept(0)).receives("+OK\r\n");
  await scene.rig.refuse(1);
  assertEquals([scene.told(), scene.client.profiles], [["+OK"], profilesOf(3, 6)]);
  ask("7");
  await scene.rig.refuse(0);
  await scene.rig.refuse(1);
  assertMatch(scene.told()[0]!, /^-ERR backend 10\.0\.0\.1:7000: connection refused/);
  await scene.ends();
});

Deno.test("numbers out of range are refused at once", () => {
  const { scene, ask } = createScene();
  using _ = scene;
  for (const database of ["-1", "1024", "2147483647"]) {
    assertEquals(ask(database), "-ERR DB index is out of range\r\n");
  }
  assertMatch(ask("2147483648")!, /^-ERR value is out of range, value must between/);
});

Deno.test("in a cluster its nodes say whether they have the database", async () => {
  for (const reply of ["-ERR SELECT is not allowed in cluster mode", "+OK"]) {
    const { scene, ask } = createScene(true);
    using _ = scene;
    assertEquals([ask("0"), ask("1")], ["+OK\r\n", null]);
    for (const backend of [0, 1]) await (await scene.accept(backend)).receives(`${reply}\r\n`);
    assertEquals(scene.told(), [reply]);
    await scene.ends();
  }
});

Deno.test("clients that want the same database at once ask for it once", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  assertEquals([ask("5"), ask("5")], [null, null]);
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives("+OK\r\n");
  assertEquals(scene.told(), ["+OK", "+OK"]);
  assertEquals(scene.rig.network.attempts.length, 2);
  await scene.ends();
});
