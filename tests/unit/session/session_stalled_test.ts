/**
 * A client that was held back and sent on, or ended, meanwhile.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import {
  type ClientStage,
  type DeferredReply,
  type LocalAnswers,
  Verdict,
} from "../../../src/session/stages.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("requests held back behind an early answer are served before a half-closed client is closed", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1 } });
  const { conn } = rig.client();
  await conn.receives("get a0\necho early\nget b0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\n");
  await conn.ends();
  await backend.receives("A\n");
  await turn();
  assertEquals(conn.isClosed, false);
  assertEquals(backend.takeWritten(), "get b0\n");
  await backend.receives("B\n");
  assertEquals(conn.takeWritten(), "A\nearly\nB\n");
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

/** A client whose requests "wait" are answered late, and held back by a stage that says so. */
function guardedScene(rig: CoreRig) {
  const { session, conn } = rig.client();
  const late: DeferredReply[] = [];
  const heard: string[] = [];
  const held = { isHeld: false };
  const stage: ClientStage = {
    onRequest: () => held.isHeld ? Verdict.Wait : Verdict.Pass,
    onInputEnd: () => {
      heard.push("ended");
      return held.isHeld;
    },
    onInputFull: () => void heard.push("full"),
    onClose: () => void heard.push("closed"),
  };
  const answers: LocalAnswers = rig.sessionContext.local;
  answers.answer = (client) => {
    client.stage = stage;
    late.push(client.answerLater());
    return true;
  };
  return { session, conn, late, heard, held };
}

Deno.test("who waits is told of its end, gets what it is due, and is served on", async () => {
  using rig = new CoreRig();
  const { session, conn, late, heard } = guardedScene(rig);
  // The barrier is held back until the first is answered; the end comes meanwhile.
  await conn.receives("get a0\nwait\nget b0\n");
  const backend = await rig.accept(0);
  await conn.ends();
  await backend.receives("A\n");
  await turn();
  assertEquals([session.hasEnded, late.length, conn.isClosed], [true, 1, false]);
  late[0]!.reply(new TextEncoder().encode("got\n"), 0, 4);
  await turn();
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("B\n");
  assertEquals([conn.takeWritten(), conn.isClosed], ["A\ngot\nB\n", true]);
  assertEquals([heard, session.stage], [["closed"], null]);
  await rig.ends();
});

Deno.test("who leaves gets what is answered, and no more", async () => {
  using rig = new CoreRig();
  const { session, conn, late, heard } = guardedScene(rig);
  conn.takesWrites = false;
  await conn.receives("get a0\nwait\nget b0\n");
  const backend = await rig.accept(0);
  await backend.receives("A\n");
  await turn();
  await conn.ends();
  assertEquals([heard, conn.isClosed], [["ended"], false]);
  session.leave();
  rig.checkInvariants();
  assertEquals([conn.isClosed, late[0]!.isDue], [false, true], "it has something to take");
  await conn.takesAll();
  assertEquals([conn.takeWritten(), conn.isClosed, late[0]!.isDue], ["A\n", true, false]);
  session.push(new TextEncoder().encode("late\n"), 0, 5);
  assertEquals(conn.takeWritten(), "");
  await rig.ends();
});

Deno.test("a request that a stage holds back is not carried out behind the end; those before it are answered", async () => {
  for (const endsFirst of [false, true]) {
    using rig = new CoreRig({ sessionLimits: { pipelineMax: 1 } });
    const { conn, late, heard, held } = guardedScene(rig);
    await conn.receives("wait\nget a0\nget b0\n");
    held.isHeld = !endsFirst;
    if (endsFirst) await conn.ends();
    late[0]!.reply(new TextEncoder().encode("got\n"), 0, 4);
    await turn();
    if (!endsFirst) await conn.ends();
    else {
      const backend = await rig.accept(0);
      assertEquals(backend.takeWritten(), "get a0\n");
      held.isHeld = true;
      await backend.receives("A\n");
      await turn();
    }
    assertEquals([conn.takeWritten(), conn.isClosed], [endsFirst ? "got\nA\n" : "got\n", true]);
    assertEquals(heard, endsFirst ? ["ended", "ended", "closed"] : ["ended", "closed"]);
    await rig.ends();
  }
});

Deno.test("a stage hears that no more is read", async () => {
  using rig = new CoreRig({ sessionLimits: { readAheadBytes: 8 } });
  const { session, conn, heard } = guardedScene(rig);
  await conn.receives("wait\nget a0\n");
  assertEquals(heard, []);
  await conn.receives("get a1\n");
  assertEquals([heard, conn.isClosed], [["full"], false]);
  session.close(failures.clientReset);
  await rig.ends();
});

Deno.test("what is pushed does not keep a client that is about to be closed", async () => {
  using rig = new CoreRig();
  const { session, conn } = rig.client();
  const bytes = new TextEncoder().encode("push\n");
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  await conn.ends();
  session.push(bytes);
  await backend.receives("A\n");
  session.push(bytes);
  await turn();
  assertEquals([conn.takeWritten(), conn.isClosed], ["push\nA\n", true]);
  await rig.ends();
});
