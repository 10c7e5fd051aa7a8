/**
 * The output limit and replies that are gathered from several backends.
 *
 * @module
 */
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { FRAGMENT_KEYS_MAX } from "../../../src/session/fan_out.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("one merged reply may pass the output limit alone, like any other", async () => {
  using rig = new CoreRig({ backendCount: 3, sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  await conn.receives("mget a0 a1 a2\n");
  const values = ["a", "b", "c"].map((letter) => letter.repeat(600));
  for (const backend of [0, 1, 2]) {
    await (await rig.accept(backend)).receives(`${values[backend]}\n`);
  }
  assertEquals([conn.takeWritten(), conn.isClosed], [`${values.join(",")}\n`, false]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a merged reply that waits behind another counts with everything else", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  await conn.receives("get x0\nmget a0 a1\nmget b0 b1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await second.receives(`${"b".repeat(600)}\n`);
  assertEquals(conn.isClosed, false);
  await second.receives(`${"b".repeat(600)}\n`);
  assertEquals(conn.isClosed, true);
  await first.receives("x\n");
  await rig.ends();
});

Deno.test("a merged reply does not pass while another waits to be written", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("get w0\nget x0\nget y0\nmget a0 a1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await first.receives("w\n");
  await first.receives(`${"x".repeat(99_999)}\n`);
  assertEquals(conn.isClosed, false);
  await second.receives(`${"b".repeat(100)}\n`);
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

Deno.test("a request beside a merged reply above the limit does not close its client", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  await conn.receives("mget a0 a1\nget b0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await first.receives(`${"a".repeat(5000)}\n`);
  await first.receives(`${"b".repeat(900)}\n`);
  assertEquals(conn.isClosed, false);
  await second.receives(`${"A".repeat(5000)}\n`);
  const values = `${"a".repeat(5000)},${"A".repeat(5000)}\n${"b".repeat(900)}\n`;
  assertEquals([conn.takeWritten(), conn.isClosed], [values, false]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a reply that came early does not keep one above the limit from being delivered", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  await conn.receives("get a0\nget b1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await second.receives(`${"b".repeat(900)}\n`);
  await first.receives(`${"a".repeat(5000)}\n`);
  const values = `${"a".repeat(5000)}\n${"b".repeat(900)}\n`;
  assertEquals([conn.takeWritten(), conn.isClosed], [values, false]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a merged reply that is being delivered does not count, however many chunks it takes", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("mget a0 a1\nget b0\nget c0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await first.receives(`${"a".repeat(200_000)}\n`);
  await second.receives(`${"A".repeat(200_000)}\n`);
  await first.receives(`${"b".repeat(900)}\n`);
  assertEquals(conn.isClosed, false);
  await first.receives(`${"c".repeat(900)}\n`);
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

/** A rig whose turns are the test's own, with one client's request of many keys answered but for its last fragment. */
async function sceneOfMany(keyCount: number) {
  const rig = new CoreRig();
  const { flushQueue } = rig.engine;
  const { conn, session } = rig.client();
  const keys = Array.from({ length: keyCount }, (_, index) => `k${index % 2}`);
  const fragmentCount = 2 * Math.ceil(keyCount / 2 / FRAGMENT_KEYS_MAX);
  await conn.receives(`mget ${keys.join(" ")}\nget a0\n`);
  for (let turns = 0; turns < 200 && rig.requests.exchangesOut < fragmentCount + 1; turns++) {
    await turn();
  }
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  // Each fragment has so many of the keys of its place.
  const answer = (written: string) =>
    written.trimEnd().split("\n").map((line) =>
      line.startsWith("mget") ? line.slice(5).replaceAll(" ", ",") : "A"
    ).join("\n") + "\n";
  await first.receives(answer(first.takeWritten()));
  flushQueue.isDriven = true;
  await second.receives(answer(second.takeWritten()));
  const expected = `${keys.join(",")}\nA\n`;
  const endTurn = async () => {
    flushQueue.endTurn();
    await turn();
  };
  return { rig, conn, session, expected, endTurn };
}

Deno.test("the merge of very many keys takes several turns, and nothing comes into the middle of it", async () => {
  const { rig, conn, session, expected, endTurn } = await sceneOfMany(200_000);
  using _rig = rig;
  await endTurn();
  assertEquals(conn.written, "");
  const message = new TextEncoder().encode(">message\n");
  session.push(message);
  for (let turns = 0; turns < 20; turns++) await endTurn();
  assertEquals(conn.written === `>message\n${expected}`, true, conn.written.slice(0, 40));
  await conn.ends();
  await endTurn();
  await rig.ends();
});

Deno.test("a client that leaves while its reply is merged takes nothing with it", async () => {
  const { rig, conn, endTurn } = await sceneOfMany(200_000);
  using _rig = rig;
  await endTurn();
  await conn.failsRead();
  await endTurn();
  assertEquals([conn.written, rig.sessionContext.fanOut.window.takenBytes], ["", 0]);
  await rig.ends();
});
