import { WORDS_MAX } from "../../../../src/protocol/memcache/limits.ts";
import { HAS_NUL, splitWords } from "../../../../src/protocol/memcache/words.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

/** The words of the first line of `text`, which stands amid other bytes. */
function wordsOf(text: string): string[] | null {
  const frame = new RequestFrame();
  frame.start = 3;
  const bytes = toBytes(`a b${text}c d\n`);
  const lineFeed = splitWords(frame, bytes, 3, 3 + text.length);
  if (lineFeed < 0) return null;
  assertEquals(lineFeed, 3 + text.indexOf("\n"));
  return Array.from(
    { length: frame.argumentCount },
    (_, word) => toText(bytes, frame.argumentStart(word), frame.argumentEnd(word)),
  );
}

Deno.test("splitWords() splits at spaces and takes the line end off", () => {
  assertEquals(wordsOf("get a bb\r\n"), ["get", "a", "bb"]);
  assertEquals(wordsOf("get a\nset"), ["get", "a"]);
  assertEquals(wordsOf("  get   a  \r\n"), ["get", "a"]);
  assertEquals(wordsOf("\r\n"), []);
  assertEquals(wordsOf("\n"), []);
  assertEquals(wordsOf(" \n"), []);
});

Deno.test("splitWords() leaves all other bytes in the words", () => {
  assertEquals(wordsOf("get a\rb\tc\r\r\n"), ["get", "a\rb\tc\r"]);
  assertEquals(wordsOf("get \r \r\n"), ["get", "\r"]);
  assertEquals(wordsOf("get \xff\x7f\x01\r\n"), ["get", "\xff\x7f\x01"]);
});

Deno.test("splitWords() waits for the line feed", () => {
  for (const text of ["", "g", "get", "get ", "get a\r"]) assertEquals(wordsOf(text), null);
});

Deno.test("splitWords() counts words beyond the limit without keeping them", () => {
  const frame = new RequestFrame();
  const count = WORDS_MAX + 5000;
  const bytes = toBytes("k ".repeat(count) + "\n");
  assertEquals(splitWords(frame, bytes, 0, bytes.length), 2 * count);
  assertEquals(frame.argumentCount, count);
  assertEquals(frame.offsets.length, 2 * WORDS_MAX);
  const last = 2 * WORDS_MAX - 2;
  assertEquals([frame.offsets[last], frame.offsets[last + 1]], [last, last + 1]);
});

Deno.test("splitWords() reports a NUL byte in place of the words", () => {
  const frame = new RequestFrame();
  const bytes = toBytes("get a\x00b\r\n");
  assertEquals(splitWords(frame, bytes, 0, bytes.length), bytes.length - 1);
  assertEquals(frame.argumentCount, HAS_NUL);
});
