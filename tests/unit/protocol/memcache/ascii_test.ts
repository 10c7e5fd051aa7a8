import {
  findLineFeed,
  isSigned64,
  isText,
  isUnsigned64,
  parseUnsigned,
} from "../../../../src/protocol/memcache/ascii.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes } from "./parse_stream.ts";

/** Calls `read` on the text amid other bytes. */
function within<Result>(
  text: string,
  read: (bytes: Uint8Array, start: number, end: number) => Result,
): Result {
  return read(toBytes(`9${text}9`), 1, text.length + 1);
}

Deno.test("parseUnsigned() reads digits up to its limit", () => {
  const read = (text: string) =>
    within(text, (bytes, start, end) => parseUnsigned(bytes, start, end, 1000));
  assertEquals(read("0"), 0);
  assertEquals(read("+7"), 7);
  assertEquals(read("1000"), 1000);
  assertEquals(read("00000000000000000000042"), 42);
  for (
    const text of ["", "+", "-1", "++1", "1001", "1 ", " 1", "1x", "0x1", "1\t", "1e2", "/", ":"]
  ) {
    assertEquals(read(text), -1, text);
  }
});

Deno.test("parseUnsigned() is not fooled by numbers beyond what a double holds", () => {
  const read = (text: string) =>
    within(text, (bytes, start, end) => parseUnsigned(bytes, start, end, 2 ** 32 - 1));
  assertEquals(read("4294967295"), 4294967295);
  assertEquals(read("4294967296"), -1);
  assertEquals(read("18446744073709551616"), -1);
  assertEquals(read("9".repeat(400)), -1);
});

Deno.test("isSigned64() takes -2^63 to 2^63 - 1, and white space as memcached does", () => {
  for (
    const text of [
      "0",
      "-0",
      "-1",
      "+1",
      "9223372036854775807",
      "-9223372036854775808",
      "\t\x0b7",
      "7\tx",
    ]
  ) {
    assertEquals(within(text, isSigned64), true, text);
  }
  for (
    const text of [
      "",
      "-",
      "--1",
      "-+1",
      "9223372036854775808",
      "-9223372036854775809",
      "1.5",
      "x",
      "\t",
    ]
  ) {
    assertEquals(within(text, isSigned64), false, text);
  }
});

Deno.test("isUnsigned64() takes 0 to 2^64 - 1", () => {
  for (const text of ["0", "+5", "18446744073709551615", "0018446744073709551615", "\r5", "5\t-"]) {
    assertEquals(within(text, isUnsigned64), true, text);
  }
  for (const text of ["", "+", "-1", "18446744073709551616", "18446744073709551620", "2x"]) {
    assertEquals(within(text, isUnsigned64), false, text);
  }
  assertEquals(within("28446744073709551615", isUnsigned64), false);
  assertEquals(within("100000000000000000000", isUnsigned64), false);
});

Deno.test("isText() looks at nothing behind the end", () => {
  const bytes = toBytes("noreply");
  assertEquals(isText(bytes, 0, 7, toBytes("noreply")), true);
  assertEquals(isText(bytes, 0, 6, toBytes("noreply")), false);
  assertEquals(isText(bytes, 2, 5, toBytes("rep")), true);
});

Deno.test("findLineFeed() finds the first line feed before the end", () => {
  const bytes = toBytes("ab\ncd\n");
  assertEquals(findLineFeed(bytes, 0, 6), 2);
  assertEquals(findLineFeed(bytes, 3, 6), 5);
  assertEquals(findLineFeed(bytes, 3, 5), -1);
});
