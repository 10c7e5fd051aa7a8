import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { requestWords } from "../../../../../src/protocol/resp/parse/request_words.ts";
import { requestBytes } from "../../../../../src/protocol/resp/write/replies.ts";
import { assertEquals } from "../../../../deps.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function wordsOf(bytes: Uint8Array, start = 0, end = bytes.length, name = "set"): string[] {
  const row = respCommands.rows.find((one) => one.name === name)!;
  return requestWords(row, bytes, start, end).map((word) => decoder.decode(word));
}

Deno.test("the words of a request are those of its array, wherever it stands", () => {
  assertEquals(wordsOf(requestBytes("SET", "k", "a b\r\nc")), ["SET", "k", "a b\r\nc"]);
  const framed = encoder.encode("xx*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n");
  assertEquals(wordsOf(framed, 2, 22), ["GET", "k"]);
});

Deno.test("a request whose end is missing is shown as far as it is there", () => {
  const whole = requestBytes("SET", "k", "v".repeat(5_000));
  const words = wordsOf(whole.slice(0, 1_000));
  assertEquals(words.slice(0, 2), ["SET", "k"]);
  assertEquals(words[2], `${"v".repeat(128)}... (4872 more bytes)`);
  assertEquals(wordsOf(requestBytes("SET", "k", "v").slice(0, 14)), [
    "SET",
    "... (2 more arguments)",
  ]);
});

Deno.test("a request of many words is short", () => {
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  const words = wordsOf(requestBytes("MGET", ...keys));
  assertEquals([words.length, words.at(-1)], [32, "... (70 more arguments)"]);
});

Deno.test("the passwords of MIGRATE are left out, and a key that is named so is no password", () => {
  const asked = ["MIGRATE", "host", "6379", "", "0", "100", "AUTH2", "user", "secret", "KEYS", "k"];
  assertEquals(
    wordsOf(requestBytes(...asked), 0, undefined, "migrate").slice(6),
    ["AUTH2", "(redacted)", "(redacted)", "KEYS", "k"],
  );
  assertEquals(
    wordsOf(requestBytes("migrate", "h", "1", "k", "0", "9", "auth", "x"), 0, undefined, "migrate"),
    ["migrate", "h", "1", "k", "0", "9", "auth", "(redacted)"],
  );
  assertEquals(wordsOf(requestBytes("SET", "AUTH", "x")), ["SET", "AUTH", "x"]);
});

Deno.test("what is no array is shown by its command's name", () => {
  assertEquals(wordsOf(encoder.encode("SET k v\r\n")), ["set"]);
});
