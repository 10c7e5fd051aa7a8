import { refusalText } from "../../../../../src/protocol/resp/commands/reasons.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("a refusal names what is refused, and says why", () => {
  assertEquals(refusalText("xread block", "why"), "'xread block' is not supported: why");
});
