import { commandFlags } from "../../../../../src/protocol/resp/commands/flags.ts";
import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { subcommandArities } from "../../../../../src/protocol/resp/commands/subcommands.ts";
import { laterCommands } from "../../../../../src/protocol/resp/commands/versions.ts";
import { assert } from "../../../../deps.ts";

Deno.test("all are of commands or subcommands in the tables, and none of a later command", () => {
  const names = new Set(respCommands.rows.map(({ name }) => name));
  for (const name of commandFlags.keys()) {
    assert(names.has(name) || subcommandArities.has(name), name);
    assert(!laterCommands.has(name), name);
  }
});
