import {
  decimalDigits,
  isWord,
  NOT_A_NUMBER,
  readDecimal,
  writeDecimal,
} from "../../../../src/protocol/resp/decimal.ts";
import { assertEquals } from "../../../deps.ts";
import { bytesOf } from "./parse.ts";

function read(text: string): number {
  const bytes = bytesOf(`9${text}9`);
  return readDecimal(bytes, 1, bytes.length - 1);
}

Deno.test("readDecimal() reads whole numbers", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["7", 7],
    ["-1", -1],
    ["1048576", 1_048_576],
    ["999999999999999", 999_999_999_999_999],
    ["-999999999999999", -999_999_999_999_999],
    ["9999999999999999", Number.MAX_SAFE_INTEGER],
    ["9223372036854775807", Number.MAX_SAFE_INTEGER],
    ["-9223372036854775808", -Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, value] of cases) assertEquals(read(text), value, text);
});

Deno.test("readDecimal() takes what 64 bits hold, and no more", () => {
  for (const word of ["9223372036854775807", "-9223372036854775808"]) {
    assertEquals(Math.abs(read(word)), Number.MAX_SAFE_INTEGER, word);
  }
  for (const word of ["9223372036854775808", "-9223372036854775809"]) {
    assertEquals(read(word), NOT_A_NUMBER, word);
  }
});

Deno.test("readDecimal() is as strict as Redis", () => {
  const broken = ["", "-", "-0", "00", "01", "-01", "+1", " 1", "1 ", "1x", "x", "/", ":", "1.0"];
  for (const text of [...broken, "10000000000000000000", "-10000000000000000000"]) {
    assertEquals(read(text), NOT_A_NUMBER, text);
  }
});

Deno.test("writeDecimal() writes what readDecimal() reads", () => {
  const target = new Uint8Array(20);
  for (const value of [0, 1, 9, 10, 99, 100, 12_345, 999_999_999, 1_000_000_000, 2 ** 31 - 1]) {
    const end = writeDecimal(value, target, 3);
    assertEquals(new TextDecoder().decode(target.subarray(3, end)), String(value));
    assertEquals(decimalDigits(value), String(value).length);
  }
});

Deno.test("isWord() compares regardless of case, whole words only", () => {
  const word = bytesOf("store");
  const bytes = bytesOf("xSToRex");
  assertEquals(isWord(bytes, 1, 6, word), true);
  assertEquals(isWord(bytes, 0, 6, word), false);
  assertEquals(isWord(bytes, 1, 5, word), false);
  assertEquals(isWord(bytesOf("stork"), 0, 5, word), false);
});
