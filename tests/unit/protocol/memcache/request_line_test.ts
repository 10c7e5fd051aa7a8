import { MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import { NO_DATA } from "../../../../src/protocol/memcache/request_frame.ts";
import { HANG_UP, LineJudge } from "../../../../src/protocol/memcache/request_line.ts";
import { splitWords } from "../../../../src/protocol/memcache/words.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

const judge = new LineJudge(new MemcacheCommands());

/** Judges one line with a frame that still says what another client's request left in it. */
function judged(line: string): { frame: RequestFrame; dataLength: number } {
  const frame = new RequestFrame();
  frame.keyCount = 9;
  frame.extraKey = 9;
  frame.isQuiet = true;
  frame.isRewritten = true;
  frame.refusal = new Uint8Array(1);
  const bytes = toBytes(`${line}\r\n`);
  splitWords(frame, bytes, 0, bytes.length);
  frame.end = bytes.length;
  return { dataLength: judge.judge(frame, bytes), frame };
}

Deno.test("a good line leaves nothing of the last request in the frame", () => {
  const { frame, dataLength } = judged("get a b");
  assertEquals(dataLength, NO_DATA);
  assertEquals(frame.row!.name, "get");
  assertEquals([frame.firstKey, frame.keyStep, frame.keyCount, frame.extraKey], [1, 1, 2, -1]);
  assertEquals([frame.refusal, frame.isQuiet, frame.isRewritten], [null, false, false]);
});

Deno.test("a storage line says how long its value is", () => {
  assertEquals(judged("set k 0 0 5").dataLength, 5);
  assertEquals(judged("cas k 0 0 0 1").dataLength, 0);
  assertEquals(judged(`set k 0 0 ${2 ** 30}`).frame.refusal, null);
  const large = judged(`set k 0 0 ${2 ** 30 + 1}`);
  assertEquals(toText(large.frame.refusal!), "SERVER_ERROR object too large for cache\r\n");
  assertEquals(large.dataLength, 2 ** 30 + 1);
  assertEquals(judged(`set k 0 0 ${2 ** 31 - 3}`).dataLength, 2 ** 31 - 3);
  assertEquals(judged(`set k 0 0 ${2 ** 31 - 2}`).dataLength, NO_DATA);
});

Deno.test("a refused line keeps the length of a value that can be known", () => {
  for (
    const line of [`set ${"k".repeat(251)} 0 0 7`, "set k x 0 7", "cas k 0 0 7 x", "ms k 7 q q"]
  ) {
    const { frame, dataLength } = judged(line);
    assertEquals(dataLength, 7, line);
    assertEquals(frame.refusal === null, false, line);
    assertEquals(frame.keyCount, 0, line);
  }
  for (const line of ["set k 0 0 7 a b", "set k 0 0 x", "sets k 0 0 7", "ms k", "ms k x"]) {
    assertEquals(judged(line).dataLength, NO_DATA, line);
  }
});

Deno.test("a line with noreply is quiet and rewritten, whether good or bad", () => {
  for (const line of ["set k 0 0 1 noreply", "delete k noreply", "incr k 1 noreply"]) {
    const { frame } = judged(line);
    assertEquals([frame.isQuiet, frame.isRewritten, frame.refusal], [true, true, null], line);
  }
  for (const line of ["incr k x noreply", "delete k noreply noreply", "flush_all x noreply"]) {
    const { frame } = judged(line);
    assertEquals([frame.isQuiet, frame.isRewritten, frame.refusal!.length], [true, false, 0], line);
  }
  for (const line of ["delete noreply", "get noreply", "mg noreply", "version noreply"]) {
    assertEquals(judged(line).frame.isQuiet, false, line);
  }
});

Deno.test("what goes to every server is quiet and rewritten, too", () => {
  for (const line of ["verbosity 1 noreply", "flush_all noreply", "flush_all 5 noreply"]) {
    const { frame } = judged(line);
    assertEquals([frame.isQuiet, frame.isRewritten, frame.refusal], [true, true, null], line);
  }
});

Deno.test("an unknown command whose last word is of HTTP hangs up, a known one does not", () => {
  const words = " x".repeat(30);
  for (
    const line of ["POST / HTTP/1.1", "HTTP/1.1", "x HTTP/", `x${words.slice(0, 42)} HTTP/1.1 x x`]
  ) {
    assertEquals(judged(line).dataLength, HANG_UP, line);
  }
  for (const line of ["get a HTTP/1.1", "HTTP", "HTTP/1.1 x", `x${words} HTTP/1.1`]) {
    assertEquals(judged(line).dataLength, NO_DATA, line);
  }
});

Deno.test("a line that is longer than servers take is sent with single spaces, or cut, or refused", () => {
  const spaces = " ".repeat(2100);
  for (const line of [`incr${spaces}k 1`, `set k${spaces}0 0 1`, `gat${spaces}0 k`]) {
    assertEquals([judged(line).frame.isRewritten, judged(line).frame.refusal], [true, null], line);
  }
  for (const line of [`incr k ${"0".repeat(2100)}1`, `gat ${"0".repeat(2100)} k`]) {
    assertEquals(toText(judged(line).frame.refusal!), "CLIENT_ERROR line too long\r\n", line);
  }
  const large = judged(`set k ${"0".repeat(2100)} 0 7`);
  assertEquals([large.dataLength, large.frame.refusal === null], [7, false]);
  const keys = "k ".repeat(1100);
  assertEquals(judged(`gat 0 ${keys}`).frame.fragmentBytesMax, 2048 - "gat 0".length - 2);
  assertEquals(judged(`get ${keys}`).frame.fragmentBytesMax, 0);
  assertEquals(judged(`get ${keys.repeat(40)}`).frame.fragmentBytesMax, 64 * 1024);
});
