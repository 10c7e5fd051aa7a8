import { LineScan, NOT_FOUND, TOO_LONG } from "../../../../../src/protocol/resp/parse/line_scan.ts";
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
