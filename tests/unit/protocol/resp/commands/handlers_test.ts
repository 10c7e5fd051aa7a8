import { handlerOf } from "../../../../../src/protocol/resp/commands/handlers.ts";
import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("a command that the proxy answers has a handler, others have none", () => {
  const rowOf = (name: string) => respCommands.rows.find((row) => row.name === name)!;
  assertEquals(handlerOf(rowOf("blpop")), "block");
  assertEquals([handlerOf(rowOf("get")), handlerOf(null)], [null, null]);
});
