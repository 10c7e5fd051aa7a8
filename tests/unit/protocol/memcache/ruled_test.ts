/**
 * memcached's commands as rules see them.
 *
 * @module
 */
import { binaryRows } from "../../../../src/protocol/memcache/binary/commands.ts";
import { MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import { commandNameOf, ruledMemcacheCommands } from "../../../../src/protocol/memcache/ruled.ts";
import { assertEquals } from "../../../deps.ts";

const COMMANDS = ruledMemcacheCommands();

Deno.test("categories follow from what a command does, and to how many keys", () => {
  const of = (category: string) =>
    COMMANDS.all.filter(({ categories }) => categories.includes(category)).map(({ name }) => name);
  assertEquals(of("@read"), ["get", "gets", "mg", "me"]);
  assertEquals(of("@admin"), ["verbosity", "flush_all"]);
  assertEquals(of("@dangerous"), ["verbosity", "flush_all"]);
  assertEquals(of("@write").includes("gat"), true);
});

Deno.test("operations of packets are judged as commands of lines", () => {
  const names = Object.fromEntries(
    binaryRows.map((row) => [row.name, commandNameOf(row, COMMANDS)]),
  );
  const { get, getkq, gatkq, addq, appendq, incrementq, flushq, stat, noop, touch, quitq } = names;
  assertEquals(
    [get, getkq, gatkq, addq, appendq, incrementq, flushq, stat, noop, touch, quitq],
    ["get", "get", "gat", "add", "append", "incr", "flush_all", "stats", "mn", "touch", "quit"],
  );
  const known = new Set(new MemcacheCommands().rows.map(({ name }) => name));
  const others = Object.values(names).filter((name) => !known.has(name));
  assertEquals(others, ["sasl_list", "sasl_auth", "sasl_step"]);
});
