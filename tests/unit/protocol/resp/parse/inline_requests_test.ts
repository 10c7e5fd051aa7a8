import { ParseStatus, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { InlineRequests } from "../../../../../src/protocol/resp/parse/inline_requests.ts";
import { LineScan } from "../../../../../src/protocol/resp/parse/line_scan.ts";
import { assertEquals } from "../../../../deps.ts";
import { bytesOf } from "../parse.ts";

const { Complete, Incomplete, Malformed } = ParseStatus;

function open() {
  const frame = new RequestFrame();
  return { frame, requests: new InlineRequests(frame, new LineScan()) };
}

function wordsOf(frame: RequestFrame, bytes: Uint8Array): string[] {
  return Array.from({ length: frame.argumentCount }, (_, word) => {
    const start = frame.argumentStart(word);
    return new TextDecoder().decode(bytes.subarray(start, frame.argumentEnd(word)));
  });
}

Deno.test("a line without quotes stays as it is", () => {
  const { frame, requests } = open();
  const bytes = bytesOf("xx get  k\r\nyy");
  assertEquals(requests.parse(bytes, 2, bytes.length), Complete);
  assertEquals(wordsOf(frame, bytes), ["get", "k"]);
  assertEquals([frame.start, frame.end, frame.isRewritten], [2, 11, true]);
  assertEquals(new TextDecoder().decode(bytes), "xx get  k\r\nyy");
});

Deno.test("a line with quotes is found again after it was rewritten, also elsewhere", () => {
  const { frame, requests } = open();
  const bytes = bytesOf('set "a \\"b" \'\'\r\nnext\r\n');
  const words = ["set", 'a "b', ""];
  assertEquals(requests.parse(bytes, 0, bytes.length), Complete);
  assertEquals(wordsOf(frame, bytes), words);
  const end = frame.end;
  assertEquals(requests.parse(bytes, 0, bytes.length), Complete);
  assertEquals([wordsOf(frame, bytes), frame.end], [words, end]);
  const moved = new Uint8Array(bytes.length + 5);
  moved.set(bytes, 5);
  assertEquals(requests.parse(moved, 5, moved.length), Complete);
  assertEquals([wordsOf(frame, moved), frame.end], [words, end + 5]);
  assertEquals(requests.parse(moved, frame.end, moved.length), Complete);
  assertEquals(wordsOf(frame, moved), ["next"]);
});

Deno.test("a rewritten line leaves the bytes behind it alone", () => {
  const { frame, requests } = open();
  const bytes = bytesOf('x"y"\n*1\r\n$4\r\nPING\r\n');
  assertEquals(requests.parse(bytes, 0, bytes.length), Complete);
  assertEquals(wordsOf(frame, bytes), ["xy"]);
  assertEquals(frame.end, 5);
  assertEquals(new TextDecoder().decode(bytes.subarray(5)), "*1\r\n$4\r\nPING\r\n");
});

Deno.test("a client's own NUL is refused, whatever was rewritten before", () => {
  const { frame, requests } = open();
  const first = bytesOf('set "k" v\r\n');
  assertEquals(requests.parse(first, 0, first.length), Complete);
  const second = bytesOf("\0setkw\r\n     ");
  assertEquals(requests.parse(second, 0, second.length), Malformed);
  const text = new TextDecoder().decode(frame.refusal!);
  assertEquals(text, "-ERR Protocol error: NUL in inline request\r\n");
});

Deno.test("an unfinished line asks for one byte more", () => {
  const { requests } = open();
  const bytes = bytesOf("get k\r");
  assertEquals(requests.parse(bytes, 0, bytes.length), Incomplete);
  assertEquals(requests.needed, 7);
});

Deno.test("an empty line has no words", () => {
  const { frame, requests } = open();
  const bytes = bytesOf(" \t\r\nping\n");
  assertEquals(requests.parse(bytes, 0, bytes.length), Complete);
  assertEquals([frame.argumentCount, frame.end], [0, 4]);
});
