import { isArrayOf, readMessage } from "../../../../src/supervisor/takeover/takeover_messages.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("readMessage() reads objects, and takes nothing else for a message", () => {
  assertEquals(readMessage('{"left": true}'), { left: true });
  for (const line of [null, "", "{", "[1]", "null", "7", '"left"']) {
    assertEquals(readMessage(line), null, String(line));
  }
});

Deno.test("isArrayOf() knows arrays of one kind", () => {
  assertEquals(isArrayOf([], "string"), true);
  assertEquals(isArrayOf(["a", "b"], "string"), true);
  assertEquals(isArrayOf([1, 2], "number"), true);
  assertEquals(isArrayOf([true], "boolean"), true);
  for (const value of [undefined, null, "a", { length: 0 }, ["a", 1]]) {
    assertEquals(isArrayOf(value, "string"), false);
  }
});
