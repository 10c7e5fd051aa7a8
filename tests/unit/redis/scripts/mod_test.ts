/**
 * SCRIPT and FUNCTION: to all servers or to one, and what becomes of the replies.
 *
 * @module
 */
import { ScriptKeeper } from "../../../../src/redis/scripts/script_keeper.ts";
import { Scripts } from "../../../../src/redis/scripts/mod.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(): FeatureScene {
  return new FeatureScene((context) => [new Scripts(context, new ScriptKeeper(context))]);
}

Deno.test("what changes scripts goes to every server, the first error is the reply", async () => {
  using scene = createScene();
  scene.askAll("SCRIPT LOAD x", "FUNCTION DELETE lib");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const { written } of conns) {
    assertEquals(requestsIn(written), ["SCRIPT LOAD x", "FUNCTION DELETE lib"]);
  }
  await conns[0]!.receives("+sha\r\n+OK\r\n");
  await conns[1]!.receives("+sha\r\n-ERR Library not found\r\n");
  assertEquals(scene.told(), ["+sha", "-ERR Library not found"]);
  await scene.ends();
});

Deno.test("what servers keep for good goes to those that are ejected, too", async () => {
  using scene = createScene();
  const { router, backends } = scene.rig;
  router.shards = () => backends.slice(0, 1);
  scene.askAll("FUNCTION LOAD x", "FUNCTION FLUSH", "SCRIPT LOAD x");
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives("+lib\r\n+OK\r\n+sha\r\n");
  await conns[1]!.receives("-ERR one\r\n+OK\r\n");
  assertEquals(requestsIn(conns[1]!.written), ["FUNCTION LOAD x", "FUNCTION FLUSH"]);
  assertEquals(scene.told(), ["+sha", "-ERR one", "+OK"]);
  await scene.ends();
});

Deno.test("what only asks goes to one server", async () => {
  using scene = createScene();
  scene.askAll("FUNCTION LIST", "FUNCTION DUMP");
  const conn = await scene.accept(0);
  assertEquals(requestsIn(conn.written).length, 2);
  assertEquals(scene.rig.network.countTo(7001), 0);
  await scene.ends();
});

Deno.test("words that are wrong are told so in Redis's words", () => {
  using scene = createScene();
  assertEquals(scene.askAll("SCRIPT LOAD", "SCRIPT KILL x", "SCRIPT NO", "FUNCTION NO"), [
    "-ERR wrong number of arguments for 'script|load' command",
    "-ERR wrong number of arguments for 'script|kill' command",
    "-ERR unknown subcommand 'NO'. Try SCRIPT HELP.",
    "-ERR unknown subcommand 'NO'. Try FUNCTION HELP.",
  ]);
  assertMatch(scene.askAll("SCRIPT DEBUG YES")[0]!, /^-ERR SCRIPT DEBUG is not supported/);
  assertMatch(scene.askAll("SCRIPT HELP")[0]!, /^\*\d+ \+SCRIPT <subcommand>/);
});

const SHA = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

Deno.test("an error of any server is the reply to SCRIPT EXISTS", async () => {
  using scene = createScene();
  scene.ask(`SCRIPT EXISTS ${SHA}`);
  await (await scene.accept(0)).receives("*1\r\n:1\r\n");
  await (await scene.accept(1)).receives("-LOADING\r\n");
  assertEquals(scene.told(), ["-LOADING"]);
  await scene.ends();
});
