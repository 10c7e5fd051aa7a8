import { REFRESH_INTERVAL_MS, RETRY_INTERVAL_MS } from "../../../../src/backend/asked_fact.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import { CommandLearning } from "../../../../src/redis/server/command_learning.ts";
import { WAIT_MAX_MS } from "../../../../src/redis/server/server_round.ts";
import { assertEquals } from "../../../deps.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { bytesOf, request } from "../../protocol/resp/parse.ts";

function createScene() {
  const scene = new FeatureScene(() => []);
  const protocol = createRespProtocol(null, { custom: [], routesDotted: false, learns: true });
  const learning = new CommandLearning(scene.context, protocol.learned!);
  const frame = new RequestFrame();
  const ask = (...words: string[]) => {
    const bytes = bytesOf(request(...words));
    protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
    return learning.awaits(scene.client, frame, bytes);
  };
  return { scene, ask, frame, shownAgain: () => scene.client.parsedOn };
}

Deno.test("an unknown command waits until all servers have said what they have, and they are asked once", async () => {
  const { scene, ask, frame, shownAgain } = createScene();
  using _ = scene;
  assertEquals([ask("new", "a"), ask("new", "a")], [true, true]);
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(
    conns.map(({ written }) => requestsIn(written)),
    [["COMMAND LIST"], ["COMMAND LIST"]],
  );
  await conns[0]!.receives("*0\r\n");
  assertEquals([ask("new", "a"), shownAgain()], [true, 0]);
  await conns[1]!.receives("*0\r\n");
  assertEquals([ask("new", "a"), frame.row, shownAgain()], [false, null, 1]);
  // Servers have told: names with a dot are none either.
  assertEquals([ask("new.one", "a"), frame.row], [false, null]);
  scene.rig.clock.advance(REFRESH_INTERVAL_MS);
  assertEquals(ask("new", "a"), true);
  await turn();
  for (const conn of conns) await conn.receives("*0\r\n");
  assertEquals([ask("new", "a"), shownAgain()], [false, 2]);
  await scene.ends();
});

Deno.test("servers without COMMAND LIST are asked for all of COMMAND", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  ask("new", "a");
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives("-ERR Unknown subcommand\r\n");
  await conns[1]!.receives("*0\r\n");
  await turn();
  assertEquals(conns.map(({ written }) => requestsIn(written).at(-1)), ["COMMAND", "COMMAND"]);
  for (const conn of conns) await conn.receives("*0\r\n");
  assertEquals(ask("new", "a"), false);
  await scene.ends();
});

Deno.test("where no server tells, a name with a dot goes where its first argument is, and they are asked again soon", async () => {
  const { scene, ask, frame } = createScene();
  using _ = scene;
  ask("new.one", "a");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives("-NOPERM no\r\n");
  await turn();
  for (const conn of conns) await conn.receives("-NOPERM no\r\n");
  assertEquals([ask("new.one", "a"), frame.row?.name, frame.firstKey], [false, "dotted", 1]);
  assertEquals([ask("new", "a"), frame.row], [false, null]);
  scene.rig.clock.advance(RETRY_INTERVAL_MS);
  assertEquals(ask("new", "a"), true);
  await turn();
  await conns[0]!.receives("*0\r\n");
  scene.rig.clock.advance(WAIT_MAX_MS);
  assertEquals(ask("new.one", "a"), false, "one that hangs is not waited for");
  assertEquals(frame.row, null);
  await conns[1]!.receives("*0\r\n");
  await scene.ends();
});
