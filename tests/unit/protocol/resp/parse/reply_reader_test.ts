import { ReplyReader } from "../../../../../src/protocol/resp/parse/reply_reader.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

function reader(text: string): ReplyReader {
  const bytes = bytesOf(`xx${text}$9\r\n`);
  return new ReplyReader(bytes, 2, 2 + text.length);
}

Deno.test("values are read in order", () => {
  const values = reader("*4\r\n:12\r\n$3\r\na\r\n\r\n+status\r\n$-1\r\n");
  assertEquals(values.readArray(), 4);
  assertEquals(values.readInteger(), 12);
  assertEquals(values.readText(), "a\r\n");
  assertEquals(values.readText(), "status");
  assertEquals(values.readText(), "");
  assertEquals(values.readText(), null);
});

Deno.test("a value of another type is none", () => {
  assertEquals(reader(":1\r\n").readArray(), -1);
  assertEquals(reader("*-1\r\n").readArray(), -1);
  assertEquals(reader("*1").readArray(), -1);
  assertEquals(reader("$1\r\n1\r\n").readInteger(), -1);
  assertEquals(reader(":-1\r\n").readInteger(), -1);
  assertEquals(reader(":x\r\n").readInteger(), -1);
  assertEquals(reader(":1\r\n").readText(), null);
  assertEquals(reader("$5\r\nab\r\n").readText(), null);
  assertEquals(reader("").readText(), null);
});

Deno.test("a value is passed over with everything in it", () => {
  const skipped = [
    ...["+a\r\n", ":1\r\n", "$-1\r\n", "$1\r\na\r\n", "_\r\n", "*0\r\n", "*-1\r\n"],
    ...["*2\r\n*1\r\n:1\r\n$1\r\na\r\n", "%1\r\n+a\r\n*1\r\n:1\r\n"],
    ...["=5\r\ntxt:\n\r\n", "!7\r\nERR \r\nx\r\n", "~2\r\n:1\r\n:2\r\n"],
    ...["|1\r\n+a\r\n*1\r\n|0\r\n:1\r\n:5\r\n", "*1\r\n|1\r\n+a\r\n+b\r\n$1\r\na\r\n"],
    "|1\r\n".repeat(10_000) + "+a\r\n".repeat(20_001),
  ];
  for (const value of skipped) {
    const values = reader(`${value}:7\r\n`);
    assertEquals([values.skip(), values.readInteger()], [true, 7], value);
  }
});

Deno.test("values are read behind their attributes", () => {
  const attribute = "|1\r\n+a\r\n*2\r\n:1\r\n$1\r\nb\r\n";
  const values = reader(
    `${attribute}*3\r\n${attribute}|0\r\n:12\r\n${attribute}$1\r\na\r\n|0\r\n+b\r\n`,
  );
  assertEquals(values.readArray(), 3);
  assertEquals(values.readInteger(), 12);
  assertEquals(values.readText(), "a");
  assertEquals(values.readText(), "b");
  assertEquals(reader("|2\r\n+a\r\n+b\r\n:1\r\n").readInteger(), -1);
});

Deno.test("a value that is not whole is not passed over", () => {
  for (
    const value of [
      "",
      "+a",
      "$5\r\nab\r\n",
      "*2\r\n:1\r\n",
      "*999999999\r\n",
      "*x\r\n",
      "|1\r\n+a\r\n+b\r\n",
    ]
  ) {
    assertEquals(reader(value).skip(), false, value);
  }
});

Deno.test("pairs are those of a map, or of the array that stands for one", () => {
  assertEquals(reader("%2\r\n").readPairs(), 2);
  assertEquals(reader("|1\r\n+a\r\n:1\r\n%0\r\n").readPairs(), 0);
  assertEquals(reader("*4\r\n").readPairs(), 2);
  for (const text of ["*3\r\n", "*-1\r\n", "%x\r\n", ":1\r\n", ""]) {
    assertEquals(reader(text).readPairs(), -1, text);
  }
});
