/**
 * COMMAND GETKEYS and GETKEYSANDFLAGS: the keys of a whole command, or why there are none.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { commandKeys } from "../../../../src/redis/server/command_keys.ts";
import { assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";

function keysOf(words: string[], withFlags = false, version: 2 | 3 = 2): string {
  const request = localRequest(new LocalRigClient(version), "COMMAND", "GETKEYS", ...words);
  return textOf(commandKeys(request, respCommands, withFlags));
}

const cases: readonly (readonly [string[], string])[] = [
  [["GET", "k"], "*1\r\n$1\r\nk\r\n"],
  [["MGET", "a", "b"], "*2\r\n$1\r\na\r\n$1\r\nb\r\n"],
  [["EVAL", "return 1", "1", "k", "v"], "*1\r\n$1\r\nk\r\n"],
  [["EVAL", "return 1", "0"], "*0\r\n"],
  [["ZUNIONSTORE", "to", "2", "a", "b"], "*3\r\n$2\r\nto\r\n$1\r\na\r\n$1\r\nb\r\n"],
  [["MSETEX", "2", "a", "1", "b", "2"], "*2\r\n$1\r\na\r\n$1\r\nb\r\n"],
  [["MSETEX", "3", "a", "1", "b", "2"], "-ERR Invalid arguments specified for command\r\n"],
  [["ZUNION", "2", "a"], "-ERR Invalid arguments specified for command\r\n"],
  [["OBJECT", "FREQ", "k"], "*1\r\n$1\r\nk\r\n"],
  [["OBJECT", "FREQ"], "-ERR Invalid number of arguments specified for command\r\n"],
  [["SPUBLISH", "c", "m"], "-ERR The command has no key arguments\r\n"],
  [["PING"], "-ERR The command has no key arguments\r\n"],
  [["NONSENSE", "x"], "-ERR Invalid command specified\r\n"],
  [["GET"], "-ERR Invalid number of arguments specified for command\r\n"],
];

for (const [words, expected] of cases) {
  Deno.test(`the keys of ${words.join(" ")} are ${JSON.stringify(expected)}`, () => {
    assertEquals(keysOf(words), expected);
  });
}

Deno.test("with flags, each key comes with what happens to it", () => {
  assertEquals(
    keysOf(["SET", "k", "v"], true),
    "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n+OW\r\n+update\r\n",
  );
  assertEquals(
    keysOf(["HTTL", "k", "FIELDS", "1", "f"], true, 3),
    "*1\r\n*2\r\n$1\r\nk\r\n~2\r\n+RO\r\n+access\r\n",
  );
});
