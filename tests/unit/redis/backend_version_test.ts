/**
 * The version that clients are told is the least of the servers'.
 *
 * @module
 */
import {
  BackendVersion,
  DEFAULT_VERSION,
  REFRESH_INTERVAL_MS,
  RETRY_INTERVAL_MS,
} from "../../../src/redis/backend_version.ts";
import { bulkLine, FeatureScene, requestsIn } from "../../support/feature_scene.ts";
import { turn } from "../../support/fake_tcp_conn.ts";
import { textOf } from "../../support/local_rig.ts";
import { assertEquals } from "../../deps.ts";

const encoder = new TextEncoder();

function createScene() {
  const scene = new FeatureScene(() => []);
  const version = new BackendVersion(scene.context);
  const ask = () => {
    const reply = version.answer(scene.client, (text) => encoder.encode(text));
    return reply === null ? null : textOf(reply);
  };
  return { scene, ask };
}

Deno.test("who asks first waits for all servers; others are told at once, and it is asked again in time", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  assertEquals([ask(), ask()], [null, null]);
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), Array(2).fill(["INFO server"]));
  await conns[0]!.receives(bulkLine("# Server\r\nredis_version:7.2.10\r\n"));
  assertEquals(scene.told(), []);
  await conns[1]!.receives(bulkLine("# Server\r\nredis_version:7.2.9\r\n"));
  assertEquals(scene.told(), ["7.2.9", "7.2.9"]);
  scene.rig.clock.advance(REFRESH_INTERVAL_MS);
  assertEquals(ask(), "7.2.9");
  await turn();
  for (const conn of conns) await conn.receives(bulkLine("# Server\r\nredis_version:8.0.0\r\n"));
  assertEquals(ask(), "8.0.0");
  await scene.ends();
});

Deno.test("with no server to be had the default is told, and soon asked again", async () => {
  const { scene, ask } = createScene();
  using _ = scene;
  ask();
  await scene.rig.refuse(0);
  await scene.rig.refuse(1);
  assertEquals([scene.told(), ask()], [[DEFAULT_VERSION], DEFAULT_VERSION]);
  scene.rig.clock.advance(RETRY_INTERVAL_MS);
  assertEquals(ask(), null);
  await (await scene.accept(0)).receives(bulkLine("# Server\r\nredis_version:7.4.1\r\n"));
  await (await scene.accept(1)).receives("-ERR no\n");
  assertEquals(scene.told(), ["7.4.1"]);
  await scene.ends();
});
