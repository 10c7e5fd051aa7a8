import { assertEquals } from "../../../../deps.ts";
import { parse, request } from "../parse.ts";

Deno.test("keys that move are found", () => {
  /** A request, its keys, and the one outside their run. */
  const cases: [string, string[], string | null][] = [
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
    ["MIGRATE h 1 a 0 10", ["a"], null],
    ["MIGRATE h 1  0 10 COPY KEYS a b", ["a", "b"], null],
    ["MIGRATE h 1  0 10 AUTH2 auth keys KEYS a", ["a"], null],
    ["MIGRATE h 1  0 10 AUTH keys keys a", ["a"], null],
    ["XREAD STREAMS a 0", ["a"], null],
    ["XREAD COUNT 2 STREAMS a b 0 0", ["a", "b"], null],
    ["XREADGROUP GROUP g c COUNT 1 NOACK STREAMS a >", ["a"], null],
    ["XREADGROUP GROUP streams block STREAMS a >", ["a"], null],
  ];
  for (const [line, keys, extraKey] of cases) {
    const looked = parse(request(...line.split(" ")));
    assertEquals([looked.keys, looked.extraKey, looked.refusal], [keys, extraKey, null], line);
  }
});

Deno.test("requests whose keys cannot be found are refused", () => {
  const cases: [string, string][] = [
    ["XREAD COUNT 1 STREAMS", "ERR syntax error"],
    ["XREAD BLOCK STREAMS a 0", "ERR timeout is not an integer or out of range"],
    ["XREAD COUNT 2 BLOCK -1 STREAMS a", "ERR timeout is negative"],
    ["XREAD BLOCK 0 COUNT x STREAMS a", "ERR value is not an integer or out of range"],
    ["XREADGROUP GROUP g c NOACK FOO STREAMS a 0", "ERR syntax error"],
    [
      "XREAD NOACK STREAMS a",
      "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
    ],
    [
      "XREAD GROUP g c STREAMS a",
      "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
    ],
    [
      "XREAD STREAMS a b 0",
      "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
    ],
  ];
  for (const [line, text] of cases) {
    assertEquals(parse(request(...line.split(" "))).refusal, `-${text}\r\n`, line);
  }
});

Deno.test("XREAD and XREADGROUP with BLOCK are rows of their own, with the same keys", () => {
  for (
    const [line, name] of [
      ["XREAD BLOCK 0 COUNT 1 STREAMS a b 0 0", "xread|block"],
      ["XREADGROUP GROUP g c BLOCK 0 STREAMS a b > >", "xreadgroup|block"],
      ["XREAD STREAMS a b 0 0", "xread"],
    ] as const
  ) {
    const { frame, keys } = parse(request(...line.split(" ")));
    assertEquals([frame.row?.name, keys], [name, ["a", "b"]]);
  }
});
