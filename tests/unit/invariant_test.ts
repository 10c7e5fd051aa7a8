import { holds } from "../../src/invariant.ts";
import { assertThrows } from "../deps.ts";

Deno.test("what does not hold is named", () => {
  holds(true, "it holds");
  assertThrows(() => holds(false, "it holds"), Error, "Invariant broken: it holds");
});
