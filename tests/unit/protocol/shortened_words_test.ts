import { ShortenedWords } from "../../../src/protocol/shortened_words.ts";
import { assertEquals } from "../../deps.ts";

const decoder = new TextDecoder();

function shorten(words: readonly string[], count?: number): string[] {
  const shortened = new ShortenedWords();
  for (const word of words) shortened.addText(word);
  return shortened.end(count).map((word) => decoder.decode(word));
}

Deno.test("few short words stay as they are", () => {
  assertEquals(shorten(["set", "k", "v"]), ["set", "k", "v"]);
});

Deno.test("a long word ends with how many bytes are missing", () => {
  assertEquals(shorten(["x".repeat(130)]), [`${"x".repeat(128)}... (2 more bytes)`]);
  assertEquals(shorten(["x".repeat(128)]), ["x".repeat(128)]);
});

Deno.test("of many words the last one shown says how many are missing", () => {
  const words = Array.from({ length: 40 }, (_, index) => `w${index}`);
  assertEquals(shorten(words), [...words.slice(0, 31), "... (9 more arguments)"]);
  assertEquals(shorten(words.slice(0, 32)), words.slice(0, 32));
});

Deno.test("words that were not there to be added count as missing", () => {
  assertEquals(shorten(["mget", "a"], 5), ["mget", "a", "... (3 more arguments)"]);
});

Deno.test("a word is as long as it says, however much of it there is", () => {
  const shortened = new ShortenedWords();
  shortened.add(new TextEncoder().encode("abc"), 1, 1_000);
  assertEquals(decoder.decode(shortened.end()[0]!), "bc... (998 more bytes)");
});
