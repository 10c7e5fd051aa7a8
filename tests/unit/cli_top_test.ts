import { keysIn, parseTop, runTop, type TopHost } from "../../src/cli_top.ts";
import { assertEquals, assertMatch } from "../deps.ts";

Deno.test("the command line says which proxy, how often, and how it is shown", () => {
  const { options } = parseTop(["--admin", "2111", "--interval=0.5", "--once", "--json"]);
  assertEquals(options, {
    ...{ address: "127.0.0.1:2111", token: null, ca: null },
    ...{ intervalMs: 500, isOnce: true, isJson: true },
  });
  const { options: plain } = parseTop([]);
  assertEquals([plain!.address, plain!.intervalMs, plain!.isOnce], [
    "127.0.0.1:2110",
    1_000,
    false,
  ]);
});

Deno.test("everything that is wrong with the command line is said", () => {
  const { errors } = parseTop(["word", "--json", "--interval", "0", "--admin", "x:y", "--colour"]);
  assertEquals(errors.length, 5);
  const said = errors.join("\n");
  for (
    const part of [
      'unknown flag "--colour" of "top"',
      '"word" is one word too many',
      "--json goes with --once",
      "expected 0.1 to 60 seconds",
      "--admin",
    ]
  ) {
    assertEquals(said.includes(part), true, part);
  }
  assertEquals(parseTop(["--interval", "61"]).options, null);
  assertEquals(parseTop(["--once", "--once"]).errors, []);
});

Deno.test("without a terminal it says so; a proxy that does not answer is named", async () => {
  const said: string[] = [];
  const host: TopHost = {
    print: () => {},
    printError: (text) => said.push(text),
    terminal: () => null,
    listen: () => Promise.resolve(),
  };
  const options = { address: "127.0.0.1:1", token: null, ca: null, intervalMs: 10, isJson: false };
  assertEquals(await runTop({ ...options, isOnce: false }, host), false);
  assertEquals(await runTop({ ...options, isOnce: true }, host), false);
  assertEquals(said[0], "aster: top wants a terminal; --once prints once");
  assertMatch(said[1]!, /^aster: the proxy at 127\.0\.0\.1:1 does not answer: /);
});

Deno.test("what a terminal sends is cut into keys", () => {
  assertEquals(keysIn("s/\x1b[A\x1bOPé\x1b"), ["s", "/", "\x1b[A", "\x1bOP", "é", "\x1b"]);
  assertEquals(keysIn(""), []);
});
