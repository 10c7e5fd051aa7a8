import { InlineLine, UNBALANCED } from "../../../../../src/protocol/resp/parse/inline_line.ts";
import { assertEquals } from "../../../../deps.ts";

const asText = (bytes: ArrayLike<number>) => String.fromCharCode(...Array.from(bytes));

/** The words of a line, or null where quotes do not pair. */
function split(text: string): string[] | null {
  const bytes = Uint8Array.from(`xx${text}'`, (character) => character.charCodeAt(0));
  const line = new InlineLine();
  const count = line.split(bytes, 2, bytes.length - 1);
  if (count === UNBALANCED) return null;
  const source = line.isUnescaped ? line.words : [...bytes.subarray(2)];
  return Array.from(
    { length: count },
    (_, word) => asText(source.slice(line.offsets[2 * word], line.offsets[2 * word + 1])),
  );
}

Deno.test("words are parted by spaces of any kind", () => {
  assertEquals(split("get key"), ["get", "key"]);
  assertEquals(split("  \tget \x0b\x0c key\t "), ["get", "key"]);
  assertEquals(split("a\x0bb c\\n"), ["a\x0bb", "c\\n"]);
  assertEquals(split(""), []);
  assertEquals(split(" \t "), []);
});

Deno.test("double quotes hold spaces and escapes", () => {
  assertEquals(split('"a b" c'), ["a b", "c"]);
  assertEquals(split('"\\n\\r\\t\\b\\a"'), ["\n\r\t\b\x07"]);
  assertEquals(split('"\\"\\\\\\q"'), ['"\\q']);
  assertEquals(split('"\\x00\\xfF\\x4a"'), ["\0\xffJ"]);
  assertEquals(split('"\\xg0\\x4"'), ["xg0x4"]);
  assertEquals(split('""'), [""]);
  assertEquals(split('pre"fix ed" "b"'), ["prefix ed", "b"]);
});

Deno.test("single quotes hold everything but themselves", () => {
  assertEquals(split("'a \"b' c"), ['a "b', "c"]);
  assertEquals(split("'it\\'s \\n'"), ["it's \\n"]);
  assertEquals(split("x'y'"), ["xy"]);
});

Deno.test("quotes that do not pair are told", () => {
  for (const line of ['"a', "'a", '"a"b', "'a'b", '"a""b"', '"a\\"', "'a\\'", '"', 'a"', '"\\']) {
    assertEquals(split(line), null, line);
  }
});

Deno.test("a line of many words is split", () => {
  const words = Array.from({ length: 30_000 }, (_, index) => String(index % 10));
  assertEquals(split(words.join(" ")), words);
});
