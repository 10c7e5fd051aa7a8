import { Action, CommandFlag, Merge } from "../../../../src/protocol/command_table.ts";
import { LineForm, MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { toBytes } from "./parse_stream.ts";

const commands = new MemcacheCommands();

function find(name: string) {
  const bytes = toBytes(`x${name}x`);
  return commands.find(bytes, 1, name.length + 1);
}

Deno.test("memcache commands are found by their exact names", () => {
  for (const row of commands.rows) assertEquals(find(row.name), row);
  for (const name of ["GET", "Get", "geT", "ge", "gett", "", "sets", "VERSION", "x".repeat(40)]) {
    assertEquals(find(name), null, name);
  }
});

Deno.test("memcache commands that take keys say where and how they are answered", () => {
  const seen = commands.rows.filter((row) => row.firstKey > 0).map((row) => [
    row.name,
    row.action === Action.Split && row.merge === Merge.Values
      ? "split"
      : row.action === Action.ForwardApart
      ? "apart"
      : "forwarded",
    row.flags === CommandFlag.Read ? "read" : "write",
    row.firstKey,
    row.lastKey,
  ]);
  assertEquals(seen, [
    ["get", "split", "read", 1, -1],
    ["gets", "split", "read", 1, -1],
    ["gat", "split", "write", 2, -1],
    ["gats", "split", "write", 2, -1],
    ["set", "forwarded", "write", 1, 1],
    ["add", "forwarded", "write", 1, 1],
    ["replace", "forwarded", "write", 1, 1],
    ["append", "forwarded", "write", 1, 1],
    ["prepend", "forwarded", "write", 1, 1],
    ["cas", "forwarded", "write", 1, 1],
    ["delete", "forwarded", "write", 1, 1],
    ["incr", "forwarded", "write", 1, 1],
    ["decr", "forwarded", "write", 1, 1],
    ["touch", "forwarded", "write", 1, 1],
    ["mg", "apart", "read", 1, 1],
    ["ms", "apart", "write", 1, 1],
    ["md", "apart", "write", 1, 1],
    ["ma", "apart", "write", 1, 1],
    ["me", "apart", "read", 1, 1],
  ]);
});

Deno.test("memcache commands without keys are answered here or refused with a reason", () => {
  const local = commands.rows.filter((row) => row.action === Action.Local);
  assertEquals(local.map((row) => row.name), ["version", "quit", "stats", "mn"]);
  for (const row of commands.rows) {
    assertEquals(row.action === Action.Refuse, row.refusal !== null);
    if (row.refusal !== null) assert(row.refusal.includes("not supported by this proxy"));
  }
  assertEquals(commands.formOf(find("ms")!), LineForm.MetaSet);
});
