/**
 * Commands of later versions than the servers of the tests are rows as any other: routed, merged, and of the right
 * number of words.
 *
 * @module
 */
import { Action, type CommandRow } from "../../../../../src/protocol/command_table.ts";
import { respCommands, respDescriptions } from "../../../../../src/protocol/resp/commands/mod.ts";
import { assertEquals, assertMatch } from "../../../../deps.ts";
import { parse, request } from "../parse.ts";

function rowOf(name: string): CommandRow {
  return respCommands.rows.find((row) => row.name === name)!;
}

Deno.test("each goes where its first key is, unless it is refused or answered here; with too few words it is an error", () => {
  for (const { name, since, keys, subcommands } of respDescriptions.values()) {
    if (since === null || name.includes("|") || subcommands.length > 0) continue;
    const row = rowOf(name);
    const words = Array.from({ length: Math.abs(row.arity) - 1 }, (_, index) => `${index + 1}`);
    const { frame, refusal } = parse(request(name, ...words));
    if (row.action === Action.Refuse) {
      assertMatch(refusal!, /is not supported: /);
      continue;
    }
    if (row.action === Action.Local) continue;
    assertEquals([refusal, frame.keyCount], [null, keys.length], name);
    assertEquals(row.action, Action.Forward);
    assertMatch(
      parse(request(name, ...words.slice(1))).refusal!,
      /^-ERR wrong number of arguments for '/,
    );
  }
});

Deno.test("MSETEX has its keys behind their number, each with its value", () => {
  const { keys, refusal } = parse(request("MSETEX", "2", "a", "1", "b", "2", "EX", "10"));
  assertEquals([keys, refusal], [["a", "b"], null]);
  assertMatch(parse(request("MSETEX", "0", "a", "1")).refusal!, /^-ERR invalid numkeys value/);
  assertMatch(parse(request("MSETEX", "2", "a", "1")).refusal!, /^-ERR wrong number of key-value/);
});

Deno.test("BLESS goes where its key is, but for what is about one server", () => {
  assertEquals(parse(request("BLESS", "SET", "a", "NO-EVICT")).keys, ["a"]);
  assertEquals(parse(request("BLESS", "GET", "a")).keys, ["a"]);
  assertMatch(
    parse(request("BLESS", "SCAN", "0", "NO-EVICT")).refusal!,
    /^-ERR 'bless scan' is not supported: /,
  );
});

Deno.test("what no server of the tests has came later than Redis 7.0", () => {
  const untested = [...respDescriptions.values()].filter(({ isUntested }) => isUntested);
  assertEquals(untested.filter(({ since }) => since === null), []);
});
