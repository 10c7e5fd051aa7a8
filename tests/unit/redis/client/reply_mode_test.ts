/**
 * Clients without replies: all, or to one request.
 *
 * @module
 */
import { muteAll, muteNext, unmute } from "../../../../src/redis/client/reply_mode.ts";
import { addStage, StageRank } from "../../../../src/redis/core/stage_chain.ts";
import { Verdict, type VerdictCode } from "../../../../src/session/stages.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

function shows(client: LocalRigClient): number | undefined {
  const { frame, bytes } = frameOf(["GET", "k"]);
  return client.stage?.onRequest(client, frame, bytes);
}

Deno.test("the next request, and it alone, has no reply", () => {
  const client = new LocalRigClient();
  muteNext(client);
  assertEquals([shows(client), client.isMuted], [Verdict.Pass, true]);
  assertEquals([shows(client), client.isMuted, client.stage], [Verdict.Pass, false, null]);
});

Deno.test("a request that has to wait does not count twice", () => {
  const client = new LocalRigClient();
  muteNext(client);
  client.hasRequestsInFlight = true;
  assertEquals([shows(client), shows(client)], [Verdict.Wait, Verdict.Wait]);
  client.hasRequestsInFlight = false;
  assertEquals([shows(client), client.isMuted], [Verdict.Pass, true]);
});

Deno.test("off stays off until on, whatever was to be skipped", () => {
  const client = new LocalRigClient();
  muteNext(client);
  muteAll(client);
  muteNext(client);
  assertEquals([client.isMuted, client.stage], [true, null]);
  unmute(client);
  assertEquals(client.isMuted, false);
});

Deno.test("a request that a later stage lets wait does not count twice either", () => {
  const client = new LocalRigClient();
  muteNext(client);
  let verdict: VerdictCode = Verdict.Wait;
  addStage(client, StageRank.Transaction, {
    onRequest: () => verdict,
    onInputEnd: () => false,
    onClose: () => {},
  });
  assertEquals([shows(client), shows(client), client.isMuted], [Verdict.Wait, Verdict.Wait, true]);
  verdict = Verdict.Pass;
  assertEquals([shows(client), client.isMuted], [Verdict.Pass, true]);
  assertEquals([shows(client), client.isMuted], [Verdict.Pass, false]);
});
