/**
 * One client's long pipeline takes several turns, and others have theirs in between.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import {
  GRANT_PIECES,
  PIECES_AS_THEY_COME_MAX,
  PIECES_PER_TURN_MAX,
} from "../../../src/net/turn_budget.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assert, assertEquals } from "../../deps.ts";

/** A rig whose turns are the test's own. */
function createScene() {
  const rig = new CoreRig({ sessionLimits: { readAheadBytes: 1024 * 1024, pipelineMax: 5_000 } });
  const { flushQueue } = rig.engine;
  flushQueue.isDriven = true;
  /** Ends one turn; what is written is taken. */
  const endTurn = async () => {
    flushQueue.endTurn();
    await turn();
  };
  return { rig, flushQueue, endTurn, [Symbol.dispose]: () => rig[Symbol.dispose]() };
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}

Deno.test("a long pipeline of small commands is parsed in several turns, others meanwhile", async () => {
  using scene = createScene();
  const { rig, endTurn } = scene;
  const [abuser, other] = [rig.client(), rig.client()];
  const count = 4 * (PIECES_PER_TURN_MAX + PIECES_AS_THEY_COME_MAX);
  await abuser.conn.receives("echo a\n".repeat(count));
  const most = PIECES_PER_TURN_MAX + PIECES_AS_THEY_COME_MAX + GRANT_PIECES;
  await endTurn();
  const early = linesIn(abuser.conn.written);
  assert(early >= GRANT_PIECES && early <= most, `${early} in the first turn`);
  await other.conn.receives("echo b\n");
  await endTurn();
  assertEquals(other.conn.takeWritten(), "b\n");
  for (let before = linesIn(abuser.conn.written); before < count;) {
    await endTurn();
    const after = linesIn(abuser.conn.written);
    assert(after > before && after - before <= most, `${after - before} in one turn`);
    before = after;
  }
  assertEquals(abuser.conn.written, "a\n".repeat(count));
  await abuser.conn.ends();
  await other.conn.ends();
  await rig.ends();
});

Deno.test("a client that ends while it waits for its turn is served to its last request", async () => {
  using scene = createScene();
  const { rig, flushQueue, endTurn } = scene;
  const { conn } = rig.client();
  const count = 4 * GRANT_PIECES;
  await conn.receives("echo a\n".repeat(count));
  await conn.ends();
  assertEquals(conn.isClosed, false);
  while (flushQueue.hasMore) await endTurn();
  await endTurn();
  assertEquals([linesIn(conn.written), conn.isClosed], [count, true]);
  await rig.ends();
});

Deno.test("a client that is gone while it waits for its turn is forgotten", async () => {
  using scene = createScene();
  const { rig, flushQueue, endTurn } = scene;
  const { conn, session } = rig.client();
  await conn.receives("echo a\n".repeat(4 * GRANT_PIECES));
  session.close(failures.clientKilled);
  await endTurn();
  assertEquals(flushQueue.hasMore, false);
  await rig.ends();
});

Deno.test("replies of a backend are delivered in several turns, all of them when it is lost", async () => {
  using scene = createScene();
  const { rig, endTurn } = scene;
  const each = 1_000;
  const clients = Array.from({ length: 32 }, () => rig.client());
  for (const { conn } of clients) await conn.receives("get a0\n");
  await endTurn();
  const backend = await rig.accept(0);
  await endTurn();
  assertEquals(backend.takeWritten(), "get a0\n".repeat(clients.length));
  await backend.receives("reply\n".repeat(clients.length));
  // A pipeline of short replies has as many be in flight at once in the next one.
  for (const { conn } of clients) await conn.receives("get a0\n".repeat(3 * each));
  while (clients.some(({ conn }) => linesIn(conn.written) < 1 + 3 * each)) {
    await backend.receives("reply\n".repeat(linesIn(backend.takeWritten())));
    await endTurn();
  }
  for (const { conn } of clients) conn.takeWritten();
  for (const { conn } of clients) await conn.receives("get a0\n".repeat(each));
  for (let turns = 0; turns < 20; turns++) await endTurn();
  const count = each * clients.length;
  assertEquals(linesIn(backend.takeWritten()), count);
  const delivered = () => clients.reduce((sum, { conn }) => sum + linesIn(conn.written), 0);
  await backend.receives("reply\n".repeat(count));
  for (let turns = 0; delivered() < count / 2; turns++) {
    assert(turns < 10, "half of the replies within ten turns");
    await endTurn();
  }
  assert(delivered() < count, `${delivered()} of ${count}`);
  assertEquals(backend.isReading, false);
  // What has come counts; none of it has failed.
  rig.backends[0]!.close(failures.shuttingDown);
  await endTurn();
  assertEquals(clients.map(({ conn }) => conn.written), clients.map(() => "reply\n".repeat(each)));
  for (const { conn } of clients) await conn.ends();
  await rig.ends();
});
