import { assertEquals } from "../../../deps.ts";
import { parse, request } from "./parse.ts";

/** A request, its keys, and the one outside their run. */
const found: [string, string[], string | null][] = [
  ["EVAL script 0 a", [], null],
  ["EVAL script 2 a b c", ["a", "b"], null],
  ["evalsha_ro digest 1 a", ["a"], null],
  ["FCALL function 1 a b", ["a"], null],
  ["ZUNION 2 a b WEIGHTS 1 2", ["a", "b"], null],
  ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["a", "b"], "d"],
  ["ZDIFFSTORE d 1 a", ["a"], "d"],
  ["ZINTERCARD 2 a b LIMIT 1", ["a", "b"], null],
  ["SINTERCARD 2 a b", ["a", "b"], null],
  ["LMPOP 2 a b LEFT", ["a", "b"], null],
  ["ZMPOP 1 a MIN", ["a"], null],
  ["SORT a", ["a"], null],
  ["SORT a LIMIT 0 1 STORE d", ["a"], "d"],
  ["SORT a STORE d STORE e", ["a"], "e"],
  ["SORT a BY store GET store", ["a"], null],
  ["SORT a LIMIT store 1", ["a"], null],
  ["SORT a STORE", ["a"], null],
  ["GEORADIUS a 1 2 3 km STORE d", ["a"], "d"],
  ["GEORADIUS a 1 2 3 km STORE d STOREDIST e", ["a"], "e"],
  ["GEORADIUSBYMEMBER a m 3 km storedist d", ["a"], "d"],
  ["GEORADIUSBYMEMBER a m 3 km", ["a"], null],
  ["XREAD STREAMS a 0", ["a"], null],
  ["XREAD COUNT 2 STREAMS a b 0 0", ["a", "b"], null],
  ["XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a >", ["a"], null],
  ["XREADGROUP GROUP streams block STREAMS a >", ["a"], null],
  ["OBJECT ENCODING a", ["a"], null],
  ["OBJECT HELP", [], null],
  ["MEMORY usage a SAMPLES 0", ["a"], null],
  ["XINFO STREAM a FULL", ["a"], null],
  ["XGROUP CREATE a g $", ["a"], null],
];

Deno.test("keys that move are found", () => {
  for (const [line, keys, extraKey] of found) {
    const looked = parse(request(...line.split(" ")));
    assertEquals([looked.keys, looked.extraKey, looked.refusal], [keys, extraKey, null], line);
  }
});

/** Requests without keys that could be found; what Redis answers is compared in `redis_server_test.ts`. */
const refused: [string, string][] = [
  ["EVAL script x", "ERR value is not an integer or out of range"],
  ["EVAL script 2 a", "ERR Number of keys can't be greater than number of args"],
  ["EVAL script -1", "ERR Number of keys can't be negative"],
  ["FCALL function x", "ERR Bad number of keys provided"],
  ["ZUNION 0 a", "ERR at least 1 input key is needed for 'zunion' command"],
  ["ZINTERSTORE d 2 a", "ERR syntax error"],
  ["SINTERCARD 0 a", "ERR numkeys should be greater than 0"],
  ["LMPOP 2 LEFT x", "ERR syntax error"],
  ["XREAD COUNT 1 STREAMS", "ERR syntax error"],
  [
    "XREAD STREAMS a b 0",
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
  ],
  [
    "XREAD BLOCK 0 STREAMS a 0",
    "ERR 'xread block' is not supported: it would hold up the connection that all clients share; " +
    "use the form that does not block",
  ],
  [
    "XREADGROUP GROUP g c BLOCK 0 STREAMS a >",
    "ERR 'xreadgroup block' is not supported: it would hold up the connection that all clients " +
    "share; use the form that does not block",
  ],
  ["OBJECT ENCODING", "ERR wrong number of arguments for 'object|encoding' command"],
  ["XINFO what a", "ERR unknown subcommand 'what'. Try XINFO HELP."],
  [
    "MEMORY DOCTOR",
    "ERR 'memory doctor' is not supported: it concerns one server; send it to that server",
  ],
];

Deno.test("requests whose keys cannot be found are refused", () => {
  for (const [line, text] of refused) {
    assertEquals(parse(request(...line.split(" "))).refusal, `-${text}\r\n`, line);
  }
});
