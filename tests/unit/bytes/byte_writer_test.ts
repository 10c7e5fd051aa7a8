import { ByteWriter } from "../../../src/bytes/byte_writer.ts";
import { assertEquals } from "../../deps.ts";

function written(writer: ByteWriter): string {
  return Array.from(writer.bytes.subarray(0, writer.length), (byte) => String.fromCharCode(byte))
    .join("");
}

Deno.test("texts keep their bytes, numbers are decimal", () => {
  const writer = new ByteWriter();
  writer.text("a\xff\0");
  for (const value of [0, 9, 10, 65_535, 2 ** 40]) {
    writer.text(" ");
    writer.decimal(value);
  }
  assertEquals(written(writer), "a\xff\0 0 9 10 65535 1099511627776");
  writer.clear();
  writer.text("b");
  assertEquals(written(writer), "b");
});

Deno.test("it grows with what is written, and keeps no large array", () => {
  const writer = new ByteWriter();
  writer.text("x");
  const small = writer.bytes;
  writer.text("y".repeat(1_000_000));
  writer.decimal(7);
  assertEquals([written(writer).length, written(writer).at(-1)], [1_000_002, "7"]);
  writer.clear();
  assertEquals(writer.bytes.length, small.length);
});
