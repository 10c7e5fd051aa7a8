import { assertEquals } from "../../../../deps.ts";
import { parse, request } from "../parse.ts";

Deno.test("keys that move are found", () => {
  /** A request, its keys, and the one outside their run. */
  const cases: [string, string[], string | null][] = [
    ["EVAL script 0 a", [], null],
    ["EVAL script 2 a b c", ["a", "b"], null],
    ["evalsha_ro digest 1 a", ["a"], null],
    ["FCALL function 1 a b", ["a"], null],
    ["FCALL function x a", [], null],
    ["FCALL_RO function 3 a", [], null],
    ["ZUNION 2 a b WEIGHTS 1 2", ["a", "b"], null],
    ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["a", "b"], "d"],
    ["ZDIFFSTORE d 1 a", ["d"], "a"],
    ["ZINTERCARD 2 a b LIMIT 1", ["a", "b"], null],
    ["SINTERCARD 2 a b", ["a", "b"], null],
    ["LMPOP 2 a b LEFT", ["a", "b"], null],
    ["ZMPOP 1 a MIN", ["a"], null],
  ];
  for (const [line, keys, extraKey] of cases) {
    const looked = parse(request(...line.split(" ")));
    assertEquals([looked.keys, looked.extraKey, looked.refusal], [keys, extraKey, null], line);
  }
});

Deno.test("requests whose keys cannot be found are refused", () => {
  const cases: [string, string][] = [
    ["EVAL script x", "ERR value is not an integer or out of range"],
    ["EVAL script 2 a", "ERR Number of keys can't be greater than number of args"],
    ["EVAL script -1", "ERR Number of keys can't be negative"],
    ["EVALSHA abc x", "NOSCRIPT No matching script. Please use EVAL."],
    [`EVALSHA_RO ${"a".repeat(40)} -1`, "ERR Number of keys can't be negative"],
    ["ZUNION 0 a", "ERR at least 1 input key is needed for 'zunion' command"],
    ["ZINTERSTORE d 2 a", "ERR syntax error"],
    ["SINTERCARD 0 a", "ERR numkeys should be greater than 0"],
    ["LMPOP 2 LEFT x", "ERR syntax error"],
  ];
  for (const [line, text] of cases) {
    assertEquals(parse(request(...line.split(" "))).refusal, `-${text}\r\n`, line);
  }
});
