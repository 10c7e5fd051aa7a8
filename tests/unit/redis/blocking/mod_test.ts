/**
 * Every blocking command of the table is answered by what waits for its reply.
 *
 * @module
 */
import { isBlockingForm } from "../../../../src/protocol/command_table.ts";
import { respCommands, respDescriptions } from "../../../../src/protocol/resp/commands/mod.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("every command that may block has its answer, and no other", () => {
  const blocking = respCommands.rows
    .filter(({ name }) => isBlockingForm(name) || alwaysMayBlock(name));
  assertEquals(respCommands.rows.filter(({ handler }) => handler === "block"), blocking);
});

/** By the server's own flag; of XREAD only one form may block. */
function alwaysMayBlock(name: string): boolean {
  const { flags, route } = respDescriptions.get(name)!;
  return flags.includes("blocking") && !route.mayBlock;
}
