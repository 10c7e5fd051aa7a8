import { findCommandLists } from "../../../support/rules/command_lists.ts";
import { assertEquals } from "../../../deps.ts";

const names = new Set(["get", "set", "quit", "client"]);

function found(text: string, path = "src/redis/a.ts"): string[] {
  return findCommandLists([{ path, text }], names).filter((line) => !line.endsWith("stale"));
}

Deno.test("lists of commands and comparisons with their names are found", () => {
  const cases = [
    'const A = new Set(["get", "quit"]);\n',
    'const A = new Set("get quit".split(" "));\n',
    'const A = new Map([["get", 1], ["set", 2]]);\n',
    'const A = ["get", "set"];\n',
    "const A: Record<string, number> = {\n  get: 1,\n  set: 2,\n};\n",
    'if (frame.row?.name === "quit") return;\n',
    'if (name !== "quit") return;\n',
    'return row.name.startsWith("get");\n',
  ];
  for (const text of cases) assertEquals(found(text).length, 1, text);
});

Deno.test("words that are no commands, single ones, comments and the records are fine", () => {
  const fine = [
    'const SECTIONS = new Set(["client", "cpu"]);\n',
    'const A = ["get"];\n',
    '// new Set(["get", "quit"]);\n',
    'if (option === "get") return;\n',
    'if (name === "a name") return;\n',
  ];
  for (const text of fine) assertEquals(found(text), [], text);
  assertEquals(found('const A = ["get", "set"];\n', "src/protocol/resp/commands/string.ts"), []);
  assertEquals(found('const A = ["get", "set"];\n', "tests/a.ts"), []);
});

Deno.test("an exception for a file that names nothing any more is reported", () => {
  const stale = findCommandLists([], names);
  assertEquals(stale.length > 0, true);
  assertEquals(stale.every((line) => line.endsWith(": exception is stale")), true);
});
