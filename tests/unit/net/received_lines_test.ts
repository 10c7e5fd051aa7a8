import { LINE_BYTES_MAX, ReceivedLines } from "../../../src/net/received_lines.ts";
import { assertEquals } from "../../deps.ts";

const encoder = new TextEncoder();

Deno.test("lines come out whole and in order, however their bytes come", () => {
  const text = "first\n\nzwölf\nrest";
  const bytes = encoder.encode(text);
  const lines = new ReceivedLines();
  const taken: string[] = [];
  for (let at = 0; at < bytes.length; at++) {
    lines.add(bytes.subarray(at, at + 1));
    const line = lines.take();
    if (line !== null) taken.push(line);
  }
  assertEquals(taken, ["first", "", "zwölf"]);
  assertEquals(lines.take(), null);
  lines.add(encoder.encode("\na\nb\n"));
  assertEquals([lines.take(), lines.take(), lines.take(), lines.take()], ["rest", "a", "b", null]);
});

Deno.test("a line that does not end has room up to a limit", () => {
  const lines = new ReceivedLines();
  lines.add(encoder.encode("x".repeat(LINE_BYTES_MAX)));
  assertEquals(lines.hasRoom, true);
  lines.add(encoder.encode("x"));
  assertEquals(lines.hasRoom, false);
});
