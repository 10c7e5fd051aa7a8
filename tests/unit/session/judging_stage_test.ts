import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { JudgingStage } from "../../../src/session/judging_stage.ts";
import { type LocalClient, Verdict, type VerdictCode } from "../../../src/session/stages.ts";
import { assertEquals } from "../../deps.ts";
import { LocalRigClient } from "../../support/rigs/local_rig.ts";

class Recorder extends JudgingStage<null, null> {
  readonly seen: boolean[] = [];

  protected override judge(
    _client: LocalClient,
    _frame: RequestFrame,
    _bytes: Uint8Array,
    isNew: boolean,
  ): VerdictCode {
    this.seen.push(isNew);
    return Verdict.Pass;
  }
}

Deno.test("a request that passed and was postponed is not new when it is shown again; the next one is", () => {
  const stage = new Recorder(null, null);
  const show = () => stage.onRequest(new LocalRigClient(), new RequestFrame(), new Uint8Array(0));
  show();
  stage.onPostponed();
  show();
  show();
  assertEquals(stage.seen, [true, false, true]);
  assertEquals([stage.isBystander, stage.onInputEnd()], [true, false]);
});
