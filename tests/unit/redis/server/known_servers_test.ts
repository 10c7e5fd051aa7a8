/**
 * The version that clients are told is the least of the servers', and the product theirs if it is everybody's.
 *
 * @module
 */
import { REFRESH_INTERVAL_MS, RETRY_INTERVAL_MS } from "../../../../src/backend/asked_fact.ts";
import { KnownServers } from "../../../../src/redis/server/known_servers.ts";
import { BackendInfos } from "../../../../src/redis/server/backend_info.ts";
import { DEFAULT_KIND } from "../../../../src/redis/server/server_kind.ts";
import { NESTED } from "../../../../src/redis/transaction/replies.ts";
import { knownServers } from "../../../support/rigs/redis_context.ts";
import { bulkLine, FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

const encoder = new TextEncoder();

function createScene() {
  const scene = new FeatureScene(() => []);
  const servers = new KnownServers(scene.context.backends.clock);
  const infos = new BackendInfos(scene.context);
  servers.askBy((word, heard) => infos.ask(word, heard));
  const ask = () => {
    const reply = servers.answer(
      scene.client,
      ({ product, version }) => encoder.encode(product === "redis" ? version : `valkey ${version}`),
    );
    return reply === null ? null : textOf(reply);
  };
  return { scene, servers, ask };
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
  assertEquals([scene.told(), ask()], [[DEFAULT_KIND.version], DEFAULT_KIND.version]);
  scene.rig.clock.advance(RETRY_INTERVAL_MS);
  assertEquals(ask(), null);
  await (await scene.accept(0)).receives(bulkLine("# Server\r\nredis_version:7.4.1\r\n"));
  await (await scene.accept(1)).receives("-ERR no\n");
  assertEquals(scene.told(), ["7.4.1"]);
  await scene.ends();
});

Deno.test("servers are Valkey if all of them are, and of the least of its versions", async () => {
  const valkey = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:";
  const cases: [string, string, string][] = [
    [`${valkey}9.1.2\r\n`, `${valkey}9.0.10\r\n`, "valkey 9.0.10"],
    [`${valkey}9.1.2\r\n`, "# Server\r\nredis_version:7.4.0\r\n", "7.2.4"],
  ];
  for (const [one, other, expected] of cases) {
    const { scene, ask } = createScene();
    using _ = scene;
    ask();
    await (await scene.accept(0)).receives(bulkLine(one));
    await (await scene.accept(1)).receives(bulkLine(other));
    assertEquals(scene.told(), [expected]);
    await scene.ends();
  }
});

Deno.test("replies are in the words of servers that have others, and before they are known in Redis 7.0's", async () => {
  const { scene, servers } = createScene();
  using _ = scene;
  assertEquals(servers.inTheirWords(NESTED), NESTED);
  const valkey = bulkLine("# Server\r\nredis_version:7.2.4\r\nvalkey_version:9.1.2\r\n");
  for (const index of [0, 1]) await (await scene.accept(index)).receives(valkey);
  assertEquals(
    textOf(servers.inTheirWords(NESTED)),
    "-ERR Command 'multi' not allowed inside a transaction\r\n",
  );
  await scene.ends();
  assertEquals(knownServers("7.0.15").inTheirWords(NESTED), NESTED);
});
