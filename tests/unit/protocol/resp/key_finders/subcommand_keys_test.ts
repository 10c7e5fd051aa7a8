import { assertEquals } from "../../../../deps.ts";
import { parse, request } from "../parse.ts";

Deno.test("keys that move are found", () => {
  /** A request, its keys, and the one outside their run. */
  const cases: [string, string[], string | null][] = [
    ["OBJECT ENCODING a", ["a"], null],
    ["OBJECT HELP", [], null],
    ["MEMORY usage a SAMPLES 0", ["a"], null],
    ["XINFO STREAM a FULL", ["a"], null],
    ["XGROUP CREATE a g $", ["a"], null],
  ];
  for (const [line, keys, extraKey] of cases) {
    const looked = parse(request(...line.split(" ")));
    assertEquals([looked.keys, looked.extraKey, looked.refusal], [keys, extraKey, null], line);
  }
});

Deno.test("requests whose keys cannot be found are refused", () => {
  const cases: [string, string][] = [
    ["OBJECT ENCODING", "ERR wrong number of arguments for 'object|encoding' command"],
    ["XINFO what a", "ERR unknown subcommand 'what'. Try XINFO HELP."],
    [
      "MEMORY DOCTOR",
      "ERR 'memory doctor' is not supported: it concerns the servers themselves; send it to them, or set admin_commands = \"forward\"",
    ],
  ];
  for (const [line, text] of cases) {
    assertEquals(parse(request(...line.split(" "))).refusal, `-${text}\r\n`, line);
  }
});
