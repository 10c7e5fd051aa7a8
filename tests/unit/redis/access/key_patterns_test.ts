/**
 * Which keys patterns allow, and to do what with them.
 *
 * @module
 */
import { KeyPatterns, KeyUse } from "../../../../src/redis/access/key_patterns.ts";
import { assertEquals } from "../../../deps.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function allowed(patterns: string[], keys: string[], uses: number = KeyUse.Both): string[] {
  const known = new KeyPatterns(patterns);
  return keys.filter((key) => {
    const around = bytes(`x${key}x`);
    return known.allow(around, 1, around.length - 1, uses);
  });
}

Deno.test("beginnings, whole keys and globs", () => {
  const keys = ["app:", "app:1", "app", "xapp:1", "one", "one1", "user:1:a", "user:22:a", "é1", ""];
  assertEquals(allowed(["app:*"], keys), ["app:", "app:1"]);
  assertEquals(allowed(["one"], keys), ["one"]);
  assertEquals(allowed(["user:?:a", "é*"], keys), ["user:1:a", "é1"]);
  assertEquals(allowed(["*:[0-9]:a"], keys), ["user:1:a"]);
  assertEquals(allowed(["app:\\*"], ["app:*", "app:1"]), ["app:*"]);
  assertEquals(allowed([], keys), []);
  assertEquals([new KeyPatterns(["a", "*"]).allowAll, new KeyPatterns(["a*"]).allowAll], [
    true,
    false,
  ]);
});

Deno.test("what a key may be used for", () => {
  const patterns = ["%R~read:*", "%W~write:*", "~both:*", "%RW~all:*"];
  const keys = ["read:1", "write:1", "both:1", "all:1", "other:1"];
  assertEquals(allowed(patterns, keys, KeyUse.Read), ["read:1", "both:1", "all:1"]);
  assertEquals(allowed(patterns, keys, KeyUse.Write), ["write:1", "both:1", "all:1"]);
  assertEquals(allowed(patterns, keys), ["both:1", "all:1"]);
  // What neither reads nor changes a value, such as EXISTS, any pattern allows.
  assertEquals(allowed(patterns, keys, 0), keys.slice(0, 4));
  assertEquals(new KeyPatterns(patterns).areWhole, false);
  assertEquals(new KeyPatterns(["a", "~b"]).areWhole, true);
  assertEquals(new KeyPatterns(["%R~*"]).allowAll, false);
});

Deno.test("a pattern of channels has to be one of the patterns itself", () => {
  const patterns = new KeyPatterns(["news:*"]);
  assertEquals(["news:*", "news:a*", "*"].map((text) => patterns.has(bytes(text))), [
    ...[true, false, false],
  ]);
  assertEquals(new KeyPatterns(["*"]).has(bytes("any*")), true);
});
