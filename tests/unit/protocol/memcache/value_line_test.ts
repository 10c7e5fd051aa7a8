import { isValueLine, valueLength, wordEnd } from "../../../../src/protocol/memcache/value_line.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes } from "./parse_stream.ts";

function lengthIn(line: string): number {
  const bytes = toBytes(`..${line}\r\n`);
  return valueLength(bytes, 2, bytes.length - 1);
}

Deno.test("valueLength() reads the third word", () => {
  assertEquals(lengthIn("VALUE k 0 0"), 0);
  assertEquals(lengthIn("VALUE k 4294967295 123 18446744073709551615"), 123);
  assertEquals(lengthIn("VALUE k\r 0 7"), 7);
  assertEquals(lengthIn(`VALUE ${"k".repeat(250)} 0 1073741824`), 1073741824);
});

Deno.test("valueLength() refuses lines of another form", () => {
  for (const line of ["VALUE k", "VALUE k 0", "VALUE k 0 ", "VALUE k 0 x", "VALUE k 0 -1"]) {
    assertEquals(lengthIn(line), -1, line);
  }
  assertEquals(lengthIn("VALUE k 0 1073741825"), -1);
  const bare = toBytes("VALUE k 0 5\n");
  assertEquals(valueLength(bare, 0, bare.length - 1), -1);
});

Deno.test("isValueLine() and wordEnd() stay before the end", () => {
  const bytes = toBytes("VALUE key 0 1");
  assertEquals(isValueLine(bytes, 0, 6), true);
  assertEquals(isValueLine(bytes, 0, 5), false);
  assertEquals(wordEnd(bytes, 6, 13), 9);
  assertEquals(wordEnd(bytes, 6, 8), 8);
});
