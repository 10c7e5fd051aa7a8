import {
  BROKEN,
  headBytes,
  LineScan,
  NOT_FOUND,
  shortLength,
  TOO_LONG,
} from "../../../../../src/protocol/resp/parse/line_scan.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

const FEED = 0x0a;

function find(scan: LineScan, text: string, start: number, limitBytes: number): number {
  const bytes = bytesOf(text);
  return scan.find(bytes, start, bytes.length, FEED, limitBytes);
}

Deno.test("a line's end is found from its start on", () => {
  assertEquals(find(new LineScan(), "\nabc\nd\n", 1, 10), 4);
  assertEquals(find(new LineScan(), "\n", 0, 10), 0);
  assertEquals(find(new LineScan(), `${"x".repeat(100)}\n`, 0, 1000), 100);
  assertEquals(find(new LineScan(), "abc", 0, 10), NOT_FOUND);
  assertEquals(find(new LineScan(), "", 0, 10), NOT_FOUND);
});

Deno.test("the limit holds for lines with and without an end", () => {
  for (const length of [10, 100]) {
    const line = "x".repeat(length);
    assertEquals(find(new LineScan(), line, 0, length), NOT_FOUND);
    assertEquals(find(new LineScan(), `${line}\n`, 0, length), length);
    assertEquals(find(new LineScan(), `${line}x`, 0, length), TOO_LONG);
    assertEquals(find(new LineScan(), `${line}x\n`, 0, length), TOO_LONG);
  }
});

Deno.test("a long line is not looked at again, wherever its array is", () => {
  const scan = new LineScan();
  assertEquals(find(scan, "x".repeat(50), 0, 1000), NOT_FOUND);
  // The end that stands where the line was seen already can only be missed by not looking.
  assertEquals(find(scan, `pad${"x".repeat(40)}\n${"x".repeat(20)}`, 3, 1000), NOT_FOUND);
  assertEquals(find(scan, `p${"x".repeat(61)}\n`, 1, 1000), 62);
  assertEquals(find(scan, `${"x".repeat(40)}\n`, 0, 1000), 40);
});

Deno.test("short lines before the unfinished one are found again", () => {
  const scan = new LineScan();
  assertEquals(find(scan, `ab\n${"x".repeat(500)}`, 0, 1000), 2);
  assertEquals(find(scan, `ab\n${"x".repeat(500)}`, 3, 1000), NOT_FOUND);
  assertEquals(find(scan, `ab\n${"x".repeat(501)}\n`, 0, 1000), 2);
  assertEquals(find(scan, `ab\n${"x".repeat(501)}\n`, 3, 1000), 504);
});

Deno.test("reset() forgets the unfinished line", () => {
  const scan = new LineScan();
  assertEquals(find(scan, "x".repeat(50), 0, 1000), NOT_FOUND);
  scan.reset();
  assertEquals(find(scan, `${"x".repeat(40)}\n`, 0, 1000), 40);
});

Deno.test("a head ends with CRLF; what else ends it is told apart", () => {
  const findEnd = (text: string, limitBytes = 100) =>
    new LineScan().findHeadEnd(bytesOf(text), 0, text.length, limitBytes);
  for (const digits of ["", "1", "123456789", "1".repeat(40)]) {
    assertEquals(findEnd(`$${digits}\r\nrest`), 1 + digits.length, digits);
    assertEquals(findEnd(`$${digits}\r\n`), 1 + digits.length, digits);
    assertEquals(findEnd(`$${digits}\r`), NOT_FOUND, digits);
    assertEquals(findEnd(`$${digits}`), NOT_FOUND, digits);
    assertEquals(findEnd(`$${digits}\rx\r\n`), BROKEN, digits);
  }
  assertEquals(findEnd(`$${"1".repeat(100)}`), TOO_LONG);
  assertEquals(findEnd(`$${"1".repeat(100)}\r\n`), TOO_LONG);
});

Deno.test("the length of a bulk string is read the short way where it is plain", () => {
  const lengthOf = (text: string) => shortLength(bytesOf(text), 0, text.length);
  for (const length of [0, 7, 10, 99, 100, 123_456_789]) {
    const head = `$${length}\r\n`;
    assertEquals([lengthOf(head), headBytes(length)], [length, head.length]);
    assertEquals(lengthOf(head.slice(0, -1)), -1, head);
  }
  for (const head of ["$\r\n", "$-1\r\n", "$01\r\n", "$1x\r\n", "$1\rx\r\n", "$1234567890\r\n"]) {
    assertEquals(lengthOf(head), -1, head);
  }
});
