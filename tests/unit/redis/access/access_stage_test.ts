/**
 * The stage of a limited client: what it lets pass, and whom it tells.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { ruledCommands } from "../../../../src/protocol/resp/commands/ruled.ts";
import { AccessStage } from "../../../../src/redis/access/access_stage.ts";
import { accessRules, Permissions } from "../../../../src/redis/access/permissions.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { assertEquals } from "../../../deps.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { limitedUser } from "../../../support/rigs/user_config.ts";

function createStage() {
  const seen: string[] = [];
  const rules = accessRules(clusterConfig({}), ruledCommands([]), true);
  const limits = limitedUser("a", { keyPatterns: ["a:*"] }).limits;
  const stage = new AccessStage(new Permissions(limits, rules, respCommands), {
    denied: ({ words }, { reason }) => seen.push(`denied ${words.join(" ")}: ${reason}`),
    passed: ({ words }) => seen.push(`passed ${words.join(" ")}`),
  });
  const client = new LocalRigClient();
  const admit = (line: string) => {
    const { frame, bytes } = frameOf(line.split(" "));
    return stage.onRequest(client, frame, bytes);
  };
  return { stage, admit, seen };
}

Deno.test("what is allowed passes without a word, what is not is told", () => {
  const { admit, seen } = createStage();
  assertEquals(["GET a:1", "PING", "MGET a:1 a:2"].map(admit), Array(3).fill(Verdict.Pass));
  assertEquals(seen, []);
  assertEquals(["GET b", "MGET a:1 b", "KEYS *"].map(admit), Array(3).fill(Verdict.Handled));
  assertEquals(seen, ["denied GET b: key", "denied MGET a:1 b: key", "denied KEYS *: command"]);
});

Deno.test("what is no request is answered as such", () => {
  const { admit, seen } = createStage();
  assertEquals(["NOSUCH b", "GET", "KEYS"].map(admit), Array(3).fill(Verdict.Pass));
  assertEquals(seen, []);
});

Deno.test("a refused request that could be carried out all the same is looked at", () => {
  const { admit, seen } = createStage();
  assertEquals(admit("CONFIG GET x"), Verdict.Handled);
  assertEquals(seen, ["denied CONFIG GET x: command"]);
});

Deno.test("a request that is shown again is told of once", () => {
  const { stage, admit, seen } = createStage();
  const info = "INFO";
  assertEquals(admit(info), Verdict.Pass);
  stage.onPostponed();
  assertEquals(admit(info), Verdict.Pass);
  assertEquals(admit(info), Verdict.Pass);
  assertEquals(seen, ["passed INFO", "passed INFO"]);
  // One that nobody is told of takes nothing from the next.
  admit("GET a:1");
  stage.onPostponed();
  admit("GET a:1");
  admit(info);
  assertEquals(seen.length, 3);
  assertEquals([stage.isBystander, stage.onInputEnd()], [true, false]);
});
