/**
 * Every blocking command of the table is answered by what waits for its reply.
 *
 * @module
 */
import { isBlockingForm } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("every command that may block has its answer, and no other", () => {
  const blocking = respCommands.rows
    .filter(({ name }) => isBlockingForm(name) || (/^b(l|r|z)/.test(name) && !/^bgr/.test(name)));
  assertEquals(respCommands.rows.filter(({ handler }) => handler === "block"), blocking);
});
