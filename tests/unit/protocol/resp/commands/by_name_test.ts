import { byName } from "../../../../../src/protocol/resp/commands/by_name.ts";
import { assertEquals, assertThrows } from "../../../../deps.ts";

Deno.test("each name has the value of its row", () => {
  const values = byName([[1, "a b"], [
    2,
    `c
     d`,
  ]]);
  assertEquals([...values], [["a", 1], ["b", 1], ["c", 2], ["d", 2]]);
});

Deno.test("a name with two values is an error", () => {
  assertThrows(() => byName([[1, "a"], [2, "b a"]]), Error, '"a" twice');
});
