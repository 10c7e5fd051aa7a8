/**
 * Keys as the specifications of commands tell them; `tests/servers/redis_command_test.ts` compares them with a server's.
 *
 * @module
 */
import { respDescriptions } from "../../../../src/protocol/resp/commands/mod.ts";
import { type FoundKey, specifiedKeys } from "../../../../src/redis/server/specified_keys.ts";
import { assertEquals } from "../../../deps.ts";

/** The keys of a request, whose first word is the name of its command. */
function keysOf(words: readonly string[]): FoundKey[] | null | undefined {
  return specifiedKeys(respDescriptions.get(words[0]!)!, words);
}

/** Requests, and each key with what happens to it. */
const cases: readonly (readonly [string, string])[] = [
  ["get a", "a:RO,access"],
  ["mset a 1 b 2", "a:OW,update b:OW,update"],
  ["blpop a b 0", "a:RW,access,delete b:RW,access,delete"],
  ["zunionstore d 2 a b weights 1 2", "d:OW,update a:RO,access b:RO,access"],
  ["xread count 2 streams a b 0 0", "a:RO,access b:RO,access"],
  [
    "georadius a 1 2 3 km store d storedist e",
    "a:RO,access d:OW,update e:OW,update",
  ],
  ["set a store", "a:OW,update"],
  ["set a 1 GET", "a:RW,access,update"],
  ["bitfield a GET u8 0", "a:RO,access"],
  ["bitfield a GET u8 0 SET u8 0 1", "a:RW,access,update"],
  ["sort a BY store GET store LIMIT 0 store STORE d", "a:RO,access d:OW,update"],
  ["sort_ro a", "a:RO,access"],
  ["migrate h 1 a 0 10 COPY", "a:RW,access,delete"],
  ["migrate h 1  0 10 COPY KEYS a b", "a:RW,access,delete b:RW,access,delete"],
];

for (const [line, expected] of cases) {
  Deno.test(`the keys of ${line} are ${expected}`, () => {
    const words = line.split(" ");
    const keys = keysOf(words)!;
    assertEquals(
      keys.map(({ word, flags }) => `${words[word]}:${flags.join()}`).join(" "),
      expected,
    );
  });
}

Deno.test("words that do not fit are told from commands without keys", () => {
  assertEquals(keysOf(["zunion", "3", "a"]), null);
  assertEquals(keysOf(["zunion", "x", "a"]), null);
  assertEquals(keysOf(["xread", "count", "1", "a"]), null);
  assertEquals(keysOf(["ping", "a"]), undefined);
  assertEquals(keysOf(["spublish", "a", "b"]), undefined);
});
