/**
 * CLIENT UNBLOCK: the server ends the wait, for clients of any worker.
 *
 * @module
 */
import { Blocking } from "../../../../src/redis/blocking/mod.ts";
import { ClientUnblock } from "../../../../src/redis/blocking/client_unblock.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";
import { assertEquals } from "../../../deps.ts";

function createScene() {
  const peers = new RigPeers();
  const scene = new FeatureScene((context) => [new Blocking(context)], {
    peers,
    respOnDedicated: true,
  });
  const unblock = new ClientUnblock(scene.context);
  const asker = new LocalRigClient();
  const request = localRequest(asker, "CLIENT", "UNBLOCK", "7");
  return { scene, peers, unblock, asker, request };
}

Deno.test("errors are Redis's; an unknown client, or one that does not wait, is 0", () => {
  const { scene, unblock, request } = createScene();
  using _ = scene;
  const ask = (...words: string[]) => textOf(unblock.answer(request, words)!);
  assertEquals(ask("x"), "-ERR value is not an integer or out of range\r\n");
  assertEquals(
    ask("1", "NOW"),
    "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n",
  );
  assertEquals([ask("99"), ask("7", "error")], [":0\r\n", ":0\r\n"]);
});

Deno.test("the server is told which connection, and its word counts", async () => {
  const { scene, unblock, asker, request } = createScene();
  using _ = scene;
  scene.ask("BLPOP k0 0");
  const waiting = await scene.accept(0);
  await waiting.receives(":55\r\n");
  assertEquals(unblock.answer(request, ["7", "error"]), null);
  const shared = await scene.accept(0);
  assertEquals(requestsIn(shared.written), ["CLIENT UNBLOCK 55 ERROR"]);
  await shared.receives(":0\r\n");
  assertEquals(asker.replies, [":0\r\n"]);
  await scene.ends();
});

Deno.test("a lost answer counts as done", async () => {
  const { scene, unblock, asker, request } = createScene();
  using _ = scene;
  scene.ask("BLPOP k0 0");
  await (await scene.accept(0)).receives(":55\r\n");
  assertEquals(unblock.answer(request, ["7"]), null);
  await (await scene.accept(0)).ends();
  assertEquals(asker.replies, [":1\r\n"]);
  await scene.ends();
});

Deno.test("who is unblocked before the command is sent does not block, and is told what a server tells", async () => {
  for (
    const [mode, told] of [["TIMEOUT", "*-1"], [
      "ERROR",
      "-UNBLOCKED client unblocked via CLIENT UNBLOCK",
    ]]
  ) {
    const { scene, unblock, asker, request } = createScene();
    using _ = scene;
    scene.ask("BLPOP k0 0");
    const waiting = await scene.accept(0);
    assertEquals(unblock.answer(request, ["7", mode!]), null);
    assertEquals(asker.replies, [":1\r\n"]);
    await waiting.receives(":55\r\n");
    await waiting.receives("+OK\r\n");
    assertEquals(requestsIn(waiting.written), ["CLIENT ID", "MULTI", "BLPOP k0 0", "EXEC"]);
    await waiting.receives("+QUEUED\r\n*1\r\n*-1\r\n");
    assertEquals([scene.told(), scene.context.dedicated.idleCount], [[told!], 1]);
    await scene.ends();
  }
});

Deno.test("other workers are asked about clients that are not here, and answer for theirs", async () => {
  const { scene, peers, unblock, asker, request } = createScene();
  using _ = scene;
  peers.count = 1;
  peers.answers = [true];
  assertEquals([unblock.answer(request, ["99"]), asker.replies], [null, [":1\r\n"]]);
  const hear = peers.handlers.get("client unblock")!;
  assertEquals(hear({ id: 7, mode: "ERROR" }), false);
  scene.ask("BLPOP k0 0");
  await scene.accept(0);
  assertEquals(hear({ id: 7, mode: "ERROR" }), true);
  await scene.ends();
});
