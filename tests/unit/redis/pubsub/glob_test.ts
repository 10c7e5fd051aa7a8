import { globMatches, mayMatchPrefix } from "../../../../src/redis/pubsub/glob.ts";
import { assert, assertEquals } from "../../../deps.ts";

Deno.test("patterns match as a server matches them", () => {
  const cases: [pattern: string, text: string, isMatch: boolean][] = [
    ["news", "news", true],
    ["news", "new", false],
    ["new", "news", false],
    ["n?ws", "news", true],
    ["n?ws", "nws", false],
    ["*", "anything", true],
    ["*", "", false],
    ["", "", true],
    ["", "a", false],
    ["a*", "a", true],
    ["a**b*", "axxbyy", true],
    ["*a*b", "ab-ab", true],
    ["*a*b", "ab-a", false],
    ["[abc]x", "bx", true],
    ["[abc]x", "dx", false],
    ["[^abc]x", "dx", true],
    ["[^abc]x", "ax", false],
    ["[a-c]", "b", true],
    ["[c-a]", "b", true],
    ["[a-c]", "d", false],
    ["[\\]]", "]", true],
    ["[a", "a", true],
    ["[a", "b", false],
    ["[^", "x", true],
    ["[", "x", false],
    ["[]a", "a", false],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["a\\", "a\\", true],
    ["h\\[llo", "h[llo", true],
    ["\xff*", "\xff\0", true],
  ];
  for (const [pattern, text, isMatch] of cases) {
    assertEquals(globMatches(pattern, text), isMatch, `${pattern} ${text}`);
  }
});

Deno.test("a pattern of stars takes no exponential time", () => {
  assertEquals(globMatches("*a".repeat(200) + "b", "a".repeat(5_000)), false);
});

Deno.test("patterns that events of keys may match are known", () => {
  for (const pattern of ["*", "__*", "__key*", "_?key*", "[_]*", "__keyspace@0__:x", "__ke*z"]) {
    assert(mayMatchPrefix(pattern, "__key"), pattern);
  }
  for (const pattern of ["news*", "_", "__ke", "__kex*", "[^_]*", "", "\\**", "?_kay*"]) {
    assert(!mayMatchPrefix(pattern, "__key"), pattern);
  }
});
