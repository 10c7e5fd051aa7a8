/**
 * A client that was held back and sent on, or ended, meanwhile.
 *
 * @module
 */
import {
  type LateReply,
  type LocalAnswers,
  type SessionGuard,
  Verdict,
} from "../../../src/session/features.ts";
import { CoreRig } from "../../support/core_rig.ts";
import { turn } from "../../support/fake_tcp_conn.ts";
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

Deno.test("who begins to wait by a request in front of its end is gone, and gets what it is due", async () => {
  using rig = new CoreRig();
  const { session, conn } = rig.client();
  const late: LateReply[] = [];
  let closed = 0;
  const guard: SessionGuard = {
    admit: () => Verdict.Pass,
    inputEnded: () => true,
    clientClosed: () => closed += 1,
  };
  const answers: LocalAnswers = rig.sessionContext.local;
  answers.answer = (client) => {
    client.guard = guard;
    late.push(client.answerLater());
  };
  // The barrier is held back until the first is answered; the end comes meanwhile.
  await conn.receives("get a0\nwait\n");
  const backend = await rig.accept(0);
  await conn.ends();
  await backend.receives("A\n");
  await turn();
  assertEquals([conn.takeWritten(), conn.isClosed, closed], ["A\n", true, 1]);
  assertEquals([late.length, late[0]!.isDue, session.guard], [1, false, null]);
  await rig.ends();
});
