/**
 * Every local row is either for a server, or one of those that the proxy alone answers.
 *
 * @module
 */
import { Action } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { mayWrite, needsNoServer } from "../../../../src/redis/client/paused_rows.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("what needs no server is local, and says nothing of servers", () => {
  const names = respCommands.rows.filter(needsNoServer);
  for (const { name, action } of names) assertEquals(action, Action.Local, name);
  const asking = ["info", "select", "subscribe", "watch", "blpop", "scan", "cluster"];
  for (const name of asking) {
    const row = respCommands.rows.find((one) => one.name === name);
    assertEquals(row === undefined ? null : needsNoServer(row), false, name);
  }
});

Deno.test("what may write is more than what is flagged so", () => {
  const row = (name: string) => respCommands.rows.find((one) => one.name === name)!;
  for (const name of ["set", "pfcount", "publish", "exec"]) {
    assertEquals(mayWrite(row(name)), true, name);
  }
  for (const name of ["get", "mget", "ping"]) assertEquals(mayWrite(row(name)), false, name);
});
