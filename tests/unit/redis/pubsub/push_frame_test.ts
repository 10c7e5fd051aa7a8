import { bytesOfText, PushFrame, textOfBytes } from "../../../../src/redis/pubsub/push_frame.ts";
import { assertEquals } from "../../../deps.ts";

function wordsOf(text: string): string[] | null {
  const frame = new PushFrame();
  if (!frame.read(bytesOfText(`??${text}`), 2)) return null;
  return Array.from({ length: frame.wordCount }, (_, index) => frame.word(index));
}

Deno.test("a frame's words are found", () => {
  assertEquals(wordsOf("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n\r\n\xff\0\r\n"), [
    "message",
    "a",
    "\r\n\xff\0",
  ]);
  assertEquals(wordsOf("*3\r\n$9\r\nsubscribe\r\n$0\r\n\r\n:12\r\n"), ["subscribe", "", "12"]);
  assertEquals(wordsOf("*2\r\n$4\r\npong\r\n$0\r\n\r\n"), ["pong", ""]);
});

Deno.test("what a subscriber is not told is no frame", () => {
  for (
    const text of ["+PONG\r\n", "*0\r\n", "*-1\r\n", "*1\r\n*0\r\n", "*1\r\n$-1\r\n", "*1\r\n_\r\n"]
  ) {
    assertEquals(wordsOf(text), null, text);
  }
  assertEquals(wordsOf(`*5\r\n${":1\r\n".repeat(5)}`), null);
});

Deno.test("a word's beginning is looked at without making text of it", () => {
  const frame = new PushFrame();
  frame.read(bytesOfText("*2\r\n$5\r\n__key\r\n$3\r\n__k\r\n"), 0);
  assertEquals(frame.startsWith(0, "__key"), true);
  assertEquals(frame.startsWith(0, "__kex"), false);
  assertEquals(frame.startsWith(1, "__key"), false);
});

Deno.test("bytes and text change into each other, long ones too", () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, index) => index % 256);
  assertEquals(bytesOfText(textOfBytes(bytes, 0, bytes.length)), bytes);
  assertEquals(textOfBytes(bytes, 65, 68), "ABC");
});
