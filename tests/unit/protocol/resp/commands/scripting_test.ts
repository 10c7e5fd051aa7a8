import { CommandFlag } from "../../../../../src/protocol/command_table.ts";
import { scriptingCommands } from "../../../../../src/protocol/resp/commands/scripting.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("scripts count as writing unless their command says that they do not", () => {
  const flags = Object.fromEntries(scriptingCommands.map((row) => [row.name, row.flags]));
  assertEquals(flags, {
    eval: CommandFlag.Write | CommandFlag.Script,
    eval_ro: CommandFlag.Read | CommandFlag.Script,
    evalsha: CommandFlag.Write | CommandFlag.Script,
    evalsha_ro: CommandFlag.Read | CommandFlag.Script,
    fcall: CommandFlag.Write | CommandFlag.Script,
    fcall_ro: CommandFlag.Read | CommandFlag.Script,
    function: CommandFlag.AllShards,
    script: CommandFlag.AllShards,
  });
});
