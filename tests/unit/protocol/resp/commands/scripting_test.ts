import { CommandFlag } from "../../../../../src/protocol/command_table.ts";
import { scriptingCommands } from "../../../../../src/protocol/resp/commands/scripting.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("scripts count as writing unless their command says that they do not", () => {
  const flags = Object.fromEntries(scriptingCommands.map((row) => [row.name, row.flags]));
  assertEquals(flags, {
    eval: CommandFlag.Write,
    eval_ro: CommandFlag.Read,
    evalsha: CommandFlag.Write,
    evalsha_ro: CommandFlag.Read,
    fcall: CommandFlag.Write,
    fcall_ro: CommandFlag.Read,
    function: 0,
    script: 0,
  });
});
