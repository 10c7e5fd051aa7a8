import { assertEquals, assertThrows, fc } from "../../deps.ts";
import { HashTag, isHashTag } from "../../../src/hash/hash_tag.ts";
import { seededRandom } from "../../support/tools/seed.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The part of `key` that decides its place. */
function decidingPart(delimiters: string, key: string): string {
  const bytes = encoder.encode(`<<${key}>>`);
  const tag = new HashTag(delimiters);
  tag.find(bytes, 2, bytes.length - 2);
  return decoder.decode(bytes.subarray(tag.start, tag.end));
}

Deno.test("a tag lies between the first opening delimiter and the first closing one after it", () => {
  assertEquals(decidingPart("{}", "{user:1}:name"), "user:1");
  assertEquals(decidingPart("{}", "a{b}c{d}e"), "b");
  assertEquals(decidingPart("{}", "}a{b}"), "b");
  assertEquals(decidingPart("{}", "{{a}}"), "{a");
  assertEquals(decidingPart("{}", "{é}"), "é");
  assertEquals(decidingPart("ab", "xaxbx"), "x");
});

Deno.test("both delimiters may be the same", () => {
  assertEquals(decidingPart("$$", "x$tag$y"), "tag");
  assertEquals(decidingPart("$$", "x$y"), "x$y");
});

Deno.test("a key without a tag, or with an empty one first, counts as a whole", () => {
  for (const key of ["", "plain", "{", "}", "}{", "{open", "close}", "{}{a}", "a{}b{c}"]) {
    assertEquals(decidingPart("{}", key), key);
  }
  assertEquals(decidingPart("$$", "$$a$"), "$$a$");
});

Deno.test("delimiters outside the key are not seen", () => {
  const bytes = encoder.encode("{a}b}");
  const tag = new HashTag("{}");
  assertEquals(tag.find(bytes, 1, 5), false);
  assertEquals([tag.start, tag.end], [1, 5]);
  assertEquals(tag.find(bytes, 0, 2), false);
  assertEquals([tag.start, tag.end], [0, 2]);
  assertEquals(tag.find(bytes, 0, 5), true);
  assertEquals([tag.start, tag.end], [1, 2]);
});

Deno.test("a tag is two ASCII characters", () => {
  assertEquals(["{}", "$$", "ab"].map(isHashTag), [true, true, true]);
  assertEquals(["", "{", "{}}", "é}", "{é", "🙂"].map(isHashTag), Array(6).fill(false));
  assertThrows(() => new HashTag("{"), RangeError, 'hash tag "{"');
  assertThrows(() => new HashTag("é}"), RangeError, "two ASCII characters");
});

Deno.test("the tag agrees with a search by string functions", () => {
  const key = fc.string({ unit: fc.constantFrom("{", "}", "a", "é"), maxLength: 12 });
  const agrees = fc.property(key, (text) => {
    const open = text.indexOf("{");
    const close = text.indexOf("}", open + 1);
    const isTagged = open >= 0 && close > open + 1;
    assertEquals(decidingPart("{}", text), isTagged ? text.slice(open + 1, close) : text);
  });
  fc.assert(agrees, { numRuns: 500, seed: seededRandom("tag by string functions").seed | 0 });
});
