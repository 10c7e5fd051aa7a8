/**
 * Keys that a text defines twice: found in every form TOML has, and nothing found where there is
 * only likeness.
 *
 * @module
 */
import { parseToml, TomlError } from "../../../deps.ts";
import { findRepeatedKeys } from "../../../src/config/repeated_keys.ts";
import { assert, assertEquals, assertThrows } from "../../deps.ts";

const repeated: [text: string, path: string, line: number, firstLine: number][] = [
  ["a = 1\na = 2\n", "a", 2, 1],
  ["a = 1\n# a = 3\n\n  a=2", "a", 4, 1],
  ['a = 1\n"a" = 2', "a", 2, 1],
  ["'a' = 1\na = 2", "a", 2, 1],
  ["a.b = 1\na . b = 2", "a.b", 2, 1],
  ["[[t]]\na = 1\n[[t]]\na = 1\na = 2", "t[1].a", 5, 4],
  ["[[t]]\n[t.u]\na = 1\na = 2", "t[0].u.a", 4, 3],
  ["t = { a = 1, b = 2, a = 3 }", "t.a", 1, 1],
  ["t = [{ a = 1 }, { a = 1, a = 2 }]", "t[1].a", 1, 1],
  ['x = """\na = 1\n"""\nb = 1\nb = 2', "b", 5, 4],
  ['x = "a\\"" # "\nb = 1\nb = 2', "b", 3, 2],
  ["x = [\n 1, # ]\n 2 ]\nb = 1\nb = 2", "b", 5, 4],
  ["a = 1979-05-27 07:32:00Z\na = 2", "a", 2, 1],
  ["a = 1\r\na = 2\r\n", "a", 2, 1],
  ['"x.y" = 1\n"x.y" = 2', '"x.y"', 2, 1],
];
for (const [text, path, line, firstLine] of repeated) {
  Deno.test(`findRepeatedKeys() finds ${path} in ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseToml(text), TomlError, "redefine");
    assertEquals(findRepeatedKeys(text), [{ path, line, firstLine }]);
  });
}

const different = [
  "",
  "a = 1\nb = 2\n",
  "a = 1\nA = 2",
  "[t]\na = 1\n[u]\na = 1",
  "[[t]]\na = 1\n[[t]]\na = 1",
  "[[t]]\n[t.u]\na = 1\n[[t]]\n[t.u]\na = 1",
  '"x.y" = 1\n[x]\ny = 1',
  't = [{ a = 1 }, { a = 1 }]\nu = ["a = 1", "a = 1"]',
  'x = """\na = 1\na = 1\n"""\na = 1',
  'x = """a\\"""b = 1"""\nb = 1',
  "x = '''\na = 1\na = 1\n'''\na = 1",
  'x = """a"" """ # b = 1\nb = 1',
  "x = '\\' # '\na = 1",
  "# a = 1\na = 1 # a = 1",
  "x = [[1, [2]], []]\na = 1",
];
for (const text of different) {
  Deno.test(`findRepeatedKeys() finds nothing in ${JSON.stringify(text)}`, () => {
    parseToml(text);
    assertEquals(findRepeatedKeys(text), []);
  });
}

/** Tables. */
const repeatedTables: [text: string, path: string, line: number, firstLine: number][] = [
  ["[t]\na = 1\n[u]\na = 1\n[t]\nb = 1", "t", 5, 1],
  ["[[t]]\n[t.u]\n[[t]]\n[t.u]\n[t.u]", "t[1].u", 5, 4],
  ["t = { a = 1 }\n[t]", "t", 2, 1],
];
for (const [text, path, line, firstLine] of repeatedTables) {
  Deno.test(`findRepeatedKeys() finds the table ${path} in ${JSON.stringify(text)}`, () => {
    assertEquals(findRepeatedKeys(text), [{ path, line, firstLine }]);
  });
}

Deno.test("findRepeatedKeys() ends on any text, however broken, and in time", () => {
  const pieces = [
    "[",
    "]",
    "[[",
    "{",
    "}",
    '"',
    '"""',
    "'",
    "'''",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\\",
    "a",
    " ",
  ];
  for (const first of pieces) {
    for (const second of pieces) {
      for (const third of pieces) findRepeatedKeys(first + second + third + "\na = 1\n");
    }
  }
  const started = performance.now();
  findRepeatedKeys(`a = """${"x".repeat(1_000_000)}"""\n`);
  findRepeatedKeys("a = [" + "1,".repeat(400_000) + "]\n");
  assertEquals(findRepeatedKeys("a = 1\n".repeat(100_000)).at(-1)?.line, 100_000);
  assert(performance.now() - started < 5000);
});
