import {
  Action,
  type CommandDefinition,
  CommandFlag,
  createCommandTable,
  Merge,
  Timeout,
} from "../../../src/protocol/command_table.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";

const encoder = new TextEncoder();

function row(name: string, columns: Partial<CommandDefinition> = {}): CommandDefinition {
  return {
    name,
    arity: 2,
    flags: CommandFlag.Read,
    action: Action.Forward,
    firstKey: 1,
    lastKey: 1,
    keyStep: 1,
    keyFinder: null,
    merge: Merge.None,
    refusal: null,
    ...columns,
  };
}

Deno.test("find() finds every name in any case, within other bytes", () => {
  const names = ["get", "set", "got", "hget", "hset", "georadius_ro", "restore-asking", "a"];
  const table = createCommandTable(names.map((name) => row(name)));
  for (const [index, name] of names.entries()) {
    for (const spelling of [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)]) {
      const bytes = encoder.encode(`xx${spelling}yy`);
      const found = table.find(bytes, 2, 2 + name.length);
      assertStrictEquals(found, table.rows[index]!, spelling);
    }
  }
});

Deno.test("find() returns null for names that only resemble one of the table", () => {
  const table = createCommandTable([row("get"), row("restore-asking"), row("a")]);
  const strangers = ["", "ge", "gett", "gat", "\x07et", "restore\x0dasking", "xgetx", "\x01"];
  for (const name of [...strangers, "restore_asking", "g".repeat(100)]) {
    const bytes = encoder.encode(name);
    assertEquals(table.find(bytes, 0, bytes.length), null, JSON.stringify(name));
  }
});

Deno.test("rows are numbered in their order and keep their columns", () => {
  const table = createCommandTable([
    row("del", { arity: -2, lastKey: -1, action: Action.Split, merge: Merge.Sum, flags: 2 }),
    row("ping", { arity: -1, firstKey: 0, lastKey: 0, action: Action.Local, flags: 0 }),
  ]);
  assertEquals(table.rows[0], {
    name: "del",
    index: 0,
    arity: -2,
    flags: CommandFlag.Write,
    action: Action.Split,
    firstKey: 1,
    lastKey: -1,
    keyStep: 1,
    keyFinder: null,
    merge: Merge.Sum,
    refusal: null,
    handler: null,
    timeout: Timeout.None,
    blockingForm: null,
  });
  assertEquals(table.rows[1]!.index, 1);
});

Deno.test("a row that may block has its form at hand, which no client can name", () => {
  const table = createCommandTable([row("xread"), row("xread|block"), row("get")]);
  assertEquals(table.rows.map(({ index }) => index), [0, 1, 2]);
  assertEquals(table.rows.map(({ blockingForm }) => blockingForm?.name), [
    "xread|block",
    undefined,
    undefined,
  ]);
  const bytes = encoder.encode("xread|block");
  assertEquals(table.find(bytes, 0, bytes.length), null);
});

Deno.test("createCommandTable() refuses rows whose columns contradict each other", () => {
  const cases: [CommandDefinition[], string][] = [
    [[row("get"), row("get")], 'Cannot build command table: "get" twice'],
    [[row("")], 'Cannot build command table: name "" is not 1 to 31 lower-case characters'],
    [[row("Get")], 'Cannot build command table: name "Get" is not 1 to 31 lower-case characters'],
    [[row("g", { arity: 0 })], 'Cannot build command table: "g" has arity 0'],
    [[row("g", { flags: 3 })], 'Cannot build command table: "g" both reads and writes'],
    [[row("g", { lastKey: 0 })], 'Cannot build command table: "g" has only one end of its keys'],
    [
      [row("g", { firstKey: -1 })],
      'Cannot build command table: "g" has a first key before its name',
    ],
    [
      [row("g", { arity: 4, firstKey: 3, lastKey: 2 })],
      'Cannot build command table: "g" has its last key before its first',
    ],
    [[row("g", { keyStep: 0 })], 'Cannot build command table: "g" has keys without a step'],
    [[row("g", { arity: -1 })], 'Cannot build command table: "g" may lack a key'],
    [[row("g", { lastKey: 2 })], 'Cannot build command table: "g" may lack a key'],
    [
      [row("g", { action: Action.Refuse })],
      'Cannot build command table: "g" is refused without a reason, or has one without being refused',
    ],
    [
      [row("g", { action: Action.Split })],
      'Cannot build command table: "g" is split without a merge, or has one without being split',
    ],
    [
      [row("g", { firstKey: 0, lastKey: 0, action: Action.Split, merge: Merge.Sum })],
      'Cannot build command table: "g" is split without keys',
    ],
  ];
  for (const [rows, message] of cases) {
    assertThrows(() => createCommandTable(rows), Error, message);
  }
});
