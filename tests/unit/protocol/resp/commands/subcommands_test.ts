import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { subcommandArities } from "../../../../../src/protocol/resp/commands/subcommands.ts";
import { assert } from "../../../../deps.ts";

Deno.test("each is of a command that the table has, and of two words at least", () => {
  const names = new Set(respCommands.rows.map(({ name }) => name));
  for (const [name, arity] of subcommandArities) {
    assert(names.has(name.split("|")[0]!), name);
    assert(Math.abs(arity) >= 2, name);
  }
});
