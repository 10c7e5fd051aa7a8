import { assertEquals } from "../../deps.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";

Deno.test("StartError keeps its reasons apart and says them all", () => {
  const error = new StartError("one", "two\n  of two lines");
  assertEquals(error.reasons, ["one", "two\n  of two lines"]);
  assertEquals(error.message, "one\ntwo\n  of two lines");
  assertEquals(error.name, "StartError");
});
