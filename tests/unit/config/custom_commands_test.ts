/**
 * Commands of modules in the file: every form, every mistake.
 *
 * @module
 */
import { clusterOf, problemsOf, redisText } from "./load_text.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("commands have their keys, and defaults for the rest", () => {
  const text = redisText(`commands = { "JSON.GET" = { key = 1 }, ping2 = { key = 0 },
    "ts.mget" = { key = 2, last = -1, step = 2, read = true } }`.replaceAll("\n", " "));
  assertEquals(clusterOf(text).customCommands, [
    { name: "json.get", firstKey: 1, lastKey: 1, keyStep: 1, isRead: false },
    { name: "ping2", firstKey: 0, lastKey: 0, keyStep: 1, isRead: false },
    { name: "ts.mget", firstKey: 2, lastKey: -1, keyStep: 2, isRead: true },
  ]);
});

const mistakes: [command: string, ...problems: string[]][] = [
  ["get = { key = 1 }", "commands.get: a command of Redis: how it is routed is known"],
  [
    '"a b" = { key = 1 }',
    'commands."a b": expected a name of 1 to 31 printable characters without spaces and |',
  ],
  ['"a.b" = 7', 'commands."a.b" = 7: expected a table such as { key = 1 }'],
  ['"a.b" = {}', 'commands."a.b".key: expected an integer from 0 to 100'],
  ['"a.b" = { key = 101 }', 'commands."a.b".key = 101: expected an integer from 0 to 100'],
  ['"a.b" = { key = 1, step = 0 }', 'commands."a.b".step = 0: expected an integer from 1 to 100'],
  ['"a.b" = { key = 1, read = 1 }', 'commands."a.b".read = 1: expected true or false'],
  [
    '"a.b" = { key = 2, last = 1 }',
    'commands."a.b".last = 1: expected an integer that is not before the first key, or counts from the end',
  ],
  [
    '"a.b" = { key = 1, kay = 1 }',
    'commands."a.b".kay = 1: unknown key: expected key, last, step, read',
  ],
  [
    '"a.b" = { key = 1 }, "A.B" = { key = 1 }',
    'commands."a.b": the same command twice, in another spelling: keep one',
  ],
];

for (const [command, ...expected] of mistakes) {
  Deno.test(`commands = { ${command} } is refused`, () => {
    assertEquals(
      problemsOf(redisText(`commands = { ${command} }`)),
      expected.map((problem) => `a.toml: clusters[0].${problem}`),
    );
  });
}
