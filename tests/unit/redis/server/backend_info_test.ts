import {
  type BackendInfo,
  BackendInfos,
  BELIEVED_MS,
  QUESTIONS_MAX,
  TEXT_BYTES_MAX,
} from "../../../../src/redis/server/backend_info.ts";
import { WAIT_MAX_MS } from "../../../../src/redis/server/server_round.ts";
import { assertEquals } from "../../../deps.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { bulkLine, FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";

function createScene() {
  const scene = new FeatureScene(() => []);
  const infos = new BackendInfos(scene.context);
  const told: BackendInfo[] = [];
  return { scene, infos, told, ask: (word: string | null) => infos.ask(word, (i) => told.push(i)) };
}

const hits = (count: number) => bulkLine(`# Stats\r\nkeyspace_hits:${count}\r\n`);
const valueOf = (info: BackendInfo | undefined) => info?.sections[0]?.fields[0]?.[1];

Deno.test("all servers are asked once, whoever asks meanwhile, and believed for a second", async () => {
  const { scene, told, ask } = createScene();
  using _ = scene;
  ask(null);
  ask(null);
  ask("stats");
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(
    conns.map(({ written }) => requestsIn(written)),
    Array(2).fill(["INFO", "INFO stats"]),
  );
  await conns[0]!.receives(hits(2) + hits(20));
  assertEquals(told, []);
  await conns[1]!.receives(hits(3) + hits(30));
  assertEquals(told.map(valueOf), ["5", "5", "50"]);
  assertEquals([told[0]!.asked, told[0]!.answered], [2, 2]);
  ask(null);
  assertEquals(valueOf(told[3]), "5");
  scene.rig.clock.advance(BELIEVED_MS);
  ask(null);
  await turn();
  assertEquals(requestsIn(conns[0]!.written).length, 3);
  for (const conn of conns) await conn.receives(hits(1));
  assertEquals(valueOf(told[4]), "2");
  await scene.ends();
});

Deno.test("a server that is down, says an error or too much is left out", async () => {
  const { scene, told, ask } = createScene();
  using _ = scene;
  ask("stats");
  await scene.rig.refuse(0);
  await (await scene.accept(1)).receives(hits(3));
  assertEquals([valueOf(told[0]), told[0]!.asked, told[0]!.answered], ["3", 2, 1]);
  await scene.ends();
  const other = createScene();
  using __ = other.scene;
  other.ask("stats");
  await (await other.scene.accept(0)).receives("-NOPERM no\r\n");
  await (await other.scene.accept(1)).receives(bulkLine("x".repeat(TEXT_BYTES_MAX)));
  assertEquals(other.told.map(({ answered, sections }) => [answered, sections.length]), [[0, 0]]);
  await other.scene.ends();
});

Deno.test("a server that hangs is not waited for, nor asked again before it has answered", async () => {
  const { scene, told, ask } = createScene();
  using _ = scene;
  ask("stats");
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives(hits(2));
  scene.rig.clock.advance(WAIT_MAX_MS);
  assertEquals([valueOf(told[0]), told[0]!.asked, told[0]!.answered], ["2", 2, 1]);
  ask("memory");
  await turn();
  assertEquals(conns.map(({ written }) => requestsIn(written).length), [2, 1]);
  await conns[0]!.receives(hits(3));
  assertEquals([valueOf(told[1]), told[1]!.answered], ["3", 1]);
  await conns[1]!.receives(hits(9));
  ask("keyspace");
  await turn();
  assertEquals(requestsIn(conns[1]!.written).length, 2, "it has answered");
  for (const conn of conns) await conn.receives(hits(4));
  assertEquals(valueOf(told[2]), "8");
  await scene.ends();
});

Deno.test("after a reset counts are those since; what was asked before is not believed any more", async () => {
  const { scene, infos, told, ask } = createScene();
  using _ = scene;
  ask("stats");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives(hits(10));
  let isReset = false;
  infos.reset(() => isReset = true);
  await turn();
  assertEquals(requestsIn(conns[0]!.written).at(-1), "INFO everything");
  await conns[0]!.receives(hits(11));
  await conns[1]!.receives("-ERR no\r\n");
  assertEquals(isReset, true);
  ask("stats");
  await turn();
  for (const conn of conns) await conn.receives(hits(13));
  assertEquals(told.map(valueOf), ["20", "15"]);
  infos.reset(() => {});
  await turn();
  await conns[0]!.receives("-ERR no\r\n");
  await conns[1]!.receives(hits(14));
  ask("stats");
  await turn();
  for (const conn of conns) await conn.receives(hits(15));
  assertEquals(valueOf(told[2]), "5");
  await scene.ends();
});

Deno.test("few questions are remembered", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  for (let index = 0; index <= QUESTIONS_MAX; index++) ask(`word${index}`);
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives(hits(1).repeat(QUESTIONS_MAX + 1));
  ask(`word${QUESTIONS_MAX}`);
  await turn();
  assertEquals(requestsIn(conns[0]!.written).length, QUESTIONS_MAX + 1);
  ask("word0");
  await turn();
  assertEquals(requestsIn(conns[0]!.written).at(-1), "INFO word0");
  for (const conn of conns) await conn.receives(hits(1));
  await scene.ends();
});

Deno.test("without servers it is said at once that nobody was asked", () => {
  const { scene, told, ask } = createScene();
  using _ = scene;
  scene.rig.router.shards = () => [];
  ask(null);
  assertEquals(told, [{ sections: [], asked: 0, answered: 0 }]);
});
