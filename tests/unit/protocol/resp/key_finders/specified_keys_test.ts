/**
 * Keys as the specifications of commands tell them; `tests/servers/redis_command_test.ts` compares them with a server's.
 *
 * @module
 */
import { KeyProblem } from "../../../../../src/protocol/resp/key_finders/specified_keys.ts";
import { assertEquals } from "../../../../deps.ts";
import { toldKeys } from "./told_keys.ts";

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
];

for (const [line, expected] of cases) {
  Deno.test(`the keys of ${line} are ${expected}`, () => {
    assertEquals(toldKeys(line.split(" ")).text, expected);
  });
}

Deno.test("words that do not fit are told from commands without keys", () => {
  const problemOf = (line: string) => toldKeys(line.split(" ")).problem;
  assertEquals(problemOf("zunion 3 a"), KeyProblem.TooMany);
  assertEquals(problemOf("zunion x a"), KeyProblem.NotANumber);
  assertEquals(problemOf("zunion -1 a"), KeyProblem.Negative);
  assertEquals(problemOf("eval s 0"), KeyProblem.Zero);
  assertEquals(problemOf("copy a"), KeyProblem.Missing);
  assertEquals(problemOf("xread count 1 a"), KeyProblem.None);
  assertEquals(problemOf("ping a"), null);
  assertEquals(problemOf("spublish a b"), null);
});
