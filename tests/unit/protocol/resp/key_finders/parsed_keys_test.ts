/**
 * Keys that follow from options; `tests/servers/redis_command_test.ts` compares them with a server's.
 *
 * @module
 */
import { KeyProblem } from "../../../../../src/protocol/resp/key_finders/specified_keys.ts";
import { assertEquals } from "../../../../deps.ts";
import { toldKeys } from "./told_keys.ts";

/** Requests, and each key with what happens to it. */
const cases: readonly (readonly [string, string])[] = [
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
    assertEquals(toldKeys(line.split(" ")).text, expected);
  });
}

Deno.test("a MIGRATE of one key and of several at once is none", () => {
  assertEquals(toldKeys("migrate h 1 a 0 10 KEYS b".split(" ")).problem, KeyProblem.Missing);
});
