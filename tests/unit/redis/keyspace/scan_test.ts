/**
 * SCAN's cursors: which server, how far, and what comes next.
 *
 * @module
 */
import { readCursor, Scan } from "../../../../src/redis/keyspace/scan.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { seededRandom } from "../../../support/tools/seed.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

function createScene(): FeatureScene {
  return new FeatureScene((context) => [new Scan(context)]);
}

Deno.test("a scan begins at the first server and goes on at the next", async () => {
  using scene = createScene();
  scene.ask("SCAN 0 MATCH a* COUNT 10");
  const first = await scene.accept(0);
  assertEquals(requestsIn(first.written), ["SCAN 0 MATCH a* COUNT 10"]);
  scene.ask("SCAN 2");
  const second = await scene.accept(1);
  assertEquals(requestsIn(second.written), ["SCAN 0"]);
  scene.ask(`SCAN ${(77n << 10n) | 1n}`);
  await turn();
  assertEquals(requestsIn(first.written)[1], "SCAN 77");
  await scene.ends();
});

Deno.test("a server that has left is passed over, behind the last the scan is over", async () => {
  using scene = createScene();
  const { router, backends } = scene.rig;
  assertEquals(scene.askAll("SCAN 3", `SCAN ${(5n << 10n) | 1023n}`), [
    "*2 $1 0 *0",
    "*2 $1 0 *0",
  ]);
  router.numberedShards = () => [null, null, backends[1]!];
  scene.ask("SCAN 0");
  const conn = await scene.accept(1);
  assertEquals(requestsIn(conn.written), ["SCAN 0"]);
  router.numberedShards = () => [null, null];
  assertMatch(scene.askAll("SCAN 0")[0]!, /^-ERR no backend/);
  router.numberedShards = () => null;
  assertMatch(scene.askAll("SCAN 0")[0]!, /^-TRYAGAIN /);
  await scene.ends();
});

Deno.test("cursors are read strictly, up to 64 bits of a server's own", () => {
  for (const word of ["", "-1", "+1", " 1", "1x", "0x1", "9".repeat(24), String(1n << 74n)]) {
    assertEquals(readCursor(word), null, word);
  }
  const random = seededRandom("cursors");
  for (let round = 0; round < 1000; round++) {
    const backendCursor = (BigInt(random.next()) << 32n) | BigInt(random.next());
    const cursor = (backendCursor << 10n) | BigInt(random.below(1024));
    assertEquals(readCursor(String(cursor)), cursor);
  }
});

Deno.test("a reply that is none is not passed on", async () => {
  using scene = createScene();
  scene.ask("SCAN 0");
  const conn = await scene.accept(0);
  await conn.receives("+OK\n");
  assertMatch(scene.told()[0]!, /^failed: backend_malformed 10\.0\.0\.1:7000/);
  scene.ask("SCAN 0");
  await turn();
  await conn.receives("-LOADING wait\n");
  assertEquals(scene.told(), ["-LOADING wait"]);
  await scene.ends();
});

Deno.test("a cursor that is no plain number is shown to a server as it is", async () => {
  using scene = createScene();
  scene.ask("SCAN -1 COUNT 5");
  scene.ask("SCAN +0");
  scene.ask("SCAN x");
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [
    ["SCAN +0", "SCAN x"],
    ["SCAN -1 COUNT 5"],
  ]);
  await conns[0]!.receives("-ERR invalid cursor\r\n");
  assertEquals(scene.told(), ["-ERR invalid cursor"]);
  await scene.ends();
});
