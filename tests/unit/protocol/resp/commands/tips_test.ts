import { tipsOf } from "../../../../../src/protocol/resp/commands/tips.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("tips are what is said of the reply, then the policies", () => {
  assertEquals(tipsOf("keys"), ["nondeterministic_output_order", "request_policy:all_shards"]);
  assertEquals(tipsOf("del"), ["request_policy:multi_shard", "response_policy:agg_sum"]);
  assertEquals(tipsOf("ttl"), ["nondeterministic_output"]);
  assertEquals(tipsOf("get"), []);
});
