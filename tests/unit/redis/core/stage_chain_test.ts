/**
 * Stages of one client are asked in the order of their ranks, and leave nothing behind.
 *
 * @module
 */
import {
  addStage,
  removeStage,
  stageOf,
  StageRank,
} from "../../../../src/redis/core/stage_chain.ts";
import { type ClientStage, Verdict, type VerdictCode } from "../../../../src/session/stages.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals, assertStrictEquals } from "../../../deps.ts";

class Guard implements ClientStage {
  readonly heard: string[];
  readonly name: string;
  verdict: VerdictCode = Verdict.Pass;
  endsWithInput = false;

  constructor(name: string, heard: string[]) {
    this.name = name;
    this.heard = heard;
  }

  onRequest(): VerdictCode {
    this.heard.push(`${this.name} admit`);
    return this.verdict;
  }

  onPostponed(): void {
    this.heard.push(`${this.name} postponed`);
  }

  onInputEnd(): boolean {
    this.heard.push(`${this.name} ended`);
    return this.endsWithInput;
  }

  onClose(): void {
    this.heard.push(`${this.name} closed`);
  }
}

function scene() {
  const heard: string[] = [];
  const client = new LocalRigClient();
  const login = new Guard("login", heard);
  const transaction = new Guard("transaction", heard);
  addStage(client, StageRank.Transaction, transaction);
  addStage(client, StageRank.Login, login);
  const { frame, bytes } = frameOf(["GET", "k"]);
  return {
    heard,
    client,
    login,
    transaction,
    ask: () => client.stage!.onRequest(client, frame, bytes),
  };
}

Deno.test("the first stage that does not let a request pass decides", () => {
  const { heard, login, transaction, ask } = scene();
  assertEquals(ask(), Verdict.Pass);
  assertEquals(heard.splice(0), ["login admit", "transaction admit"]);
  transaction.verdict = Verdict.Wait;
  assertEquals(ask(), Verdict.Wait);
  login.verdict = Verdict.Handled;
  heard.length = 0;
  assertEquals(ask(), Verdict.Handled);
  assertEquals(heard, ["login admit"]);
});

Deno.test("each stage that cares hears that no more is read", () => {
  const { client, heard } = scene();
  client.stage!.onInputFull!();
  assertEquals(heard, []);
  const blocking = Object.assign(new Guard("blocking", []), {
    onInputFull: () => void heard.push("blocking full"),
  });
  addStage(client, StageRank.Blocking, blocking);
  client.stage!.onInputFull!();
  assertEquals(heard, ["blocking full"]);
});

Deno.test("each stage hears the end, and one is enough to drop what waits", () => {
  const { heard, client, login } = scene();
  assertEquals(client.stage!.onInputEnd(), false);
  login.endsWithInput = true;
  assertEquals(client.stage!.onInputEnd(), true);
  client.stage!.onClose();
  assertEquals(heard.slice(2), [
    "login ended",
    "transaction ended",
    "login closed",
    "transaction closed",
  ]);
});

Deno.test("a client without stages has none", () => {
  const { client, login } = scene();
  assertStrictEquals(stageOf(client, StageRank.Login), login);
  removeStage(client, StageRank.Login);
  assertEquals([stageOf(client, StageRank.Login), client.stage === null], [null, false]);
  removeStage(client, StageRank.Transaction);
  removeStage(client, StageRank.Transaction);
  assertEquals([client.stage, stageOf(client, StageRank.Transaction)], [null, null]);
});

Deno.test("a chain is a bystander as long as all of its stages are", () => {
  const client = new LocalRigClient();
  const judge = { onRequest: () => Verdict.Pass, onInputEnd: () => false, onClose: () => {} };
  addStage(client, StageRank.Access, { ...judge, isBystander: true });
  assertEquals(client.stage!.isBystander, true);
  addStage(client, StageRank.Transaction, judge);
  assertEquals(client.stage!.isBystander, false);
});

Deno.test("what its stages keep is what the chain keeps", () => {
  const { client } = scene();
  const keeping = (heldBytes: number) => Object.assign(new Guard("keeps", []), { heldBytes });
  addStage(client, StageRank.Login, keeping(3));
  addStage(client, StageRank.Blocking, keeping(4));
  addStage(client, StageRank.Replies, new Guard("keeps nothing", []));
  assertEquals(client.stage!.heldBytes, 7);
});
