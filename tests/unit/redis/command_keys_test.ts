/**
 * COMMAND GETKEYS: the keys of a whole command, or why there are none.
 *
 * @module
 */
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import { commandKeys } from "../../../src/redis/command_keys.ts";
import { assertEquals } from "../../deps.ts";
import { frameOf, textOf } from "../../support/local_rig.ts";

function keysOf(...words: string[]): string {
  const { frame, bytes } = frameOf(["COMMAND", "GETKEYS", ...words]);
  return textOf(commandKeys(frame, bytes, respCommands));
}

const cases: readonly (readonly [string[], string])[] = [
  [["GET", "k"], "*1\r\n$1\r\nk\r\n"],
  [["MGET", "a", "b"], "*2\r\n$1\r\na\r\n$1\r\nb\r\n"],
  [["EVAL", "return 1", "1", "k", "v"], "*1\r\n$1\r\nk\r\n"],
  [["EVAL", "return 1", "0"], "*0\r\n"],
  [["ZUNIONSTORE", "to", "2", "a", "b"], "*3\r\n$2\r\nto\r\n$1\r\na\r\n$1\r\nb\r\n"],
  [["PING"], "-ERR The command has no key arguments\r\n"],
  [["NONSENSE", "x"], "-ERR Invalid command specified\r\n"],
  [["GET"], "-ERR Invalid number of arguments specified for command\r\n"],
];

for (const [words, expected] of cases) {
  Deno.test(`the keys of ${words.join(" ")} are ${JSON.stringify(expected)}`, () => {
    assertEquals(keysOf(...words), expected);
  });
}
