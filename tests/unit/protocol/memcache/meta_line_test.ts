import { MemcacheCommands } from "../../../../src/protocol/memcache/commands.ts";
import {
  breaksSilence,
  quietFlagOf,
  writesItem,
} from "../../../../src/protocol/memcache/meta_line.ts";
import { LineJudge } from "../../../../src/protocol/memcache/request_line.ts";
import { splitWords } from "../../../../src/protocol/memcache/words.ts";
import { NO_OPERATION, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

const judge = new LineJudge(new MemcacheCommands());

function judged(line: string): { frame: RequestFrame; bytes: Uint8Array; dataLength: number } {
  const frame = new RequestFrame();
  const bytes = toBytes(`${line}\r\n`);
  splitWords(frame, bytes, 0, bytes.length);
  frame.end = bytes.length;
  return { frame, bytes, dataLength: judge.judge(frame, bytes) };
}

Deno.test("a key in base64 is routed by the bytes that it stands for", () => {
  for (const line of ["mg Zm9v b v", "ms Zm9v 2 T0 b", "md Zm9v b q", "ma Zm9v b", "me Zm9v b"]) {
    assertEquals(toText(judged(line).frame.decodedKey!), "foo", line);
  }
  for (const line of ["mg foo v", "mg !!! b", "me Zm9v k", "me Zm9v bx"]) {
    assertEquals(judged(line).frame.decodedKey, null, line);
  }
});

Deno.test("a get may write: it makes its item, touches it or has it renewed", () => {
  for (const line of ["mg k v", "mg T", "mg N v t", "mg k O1 q k"]) {
    const { frame, bytes } = judged(line);
    assertEquals(writesItem(frame, bytes), false, line);
  }
  for (const line of ["mg k N30 v", "mg k v T0", "mg k R5"]) {
    const { frame, bytes } = judged(line);
    assertEquals(writesItem(frame, bytes), true, line);
  }
});

Deno.test("no key comes back that would be several lines", () => {
  const key = btoa("a\r\nHD");
  for (const line of [`mg ${key} b k`, `mg ${key} k v q b`, `me ${key} b`]) {
    assertMatch(toText(judged(line).frame.refusal!), /^CLIENT_ERROR .*line feed.*\r\n$/, line);
  }
  for (
    const line of [
      `mg ${key} b v`,
      `ms ${key} 2 b k`,
      `ma ${key} b k`,
      `mg ${key} k`,
      "mg Zm9v b k",
    ]
  ) {
    assertEquals(judged(line).frame.refusal, null, line);
  }
});

Deno.test("the flag that makes a command quiet is found wherever it stands, and but once", () => {
  for (const line of ["mg k q v", "mg k v q1", "ms k 2 q", "md k Oq q"]) {
    const { frame, bytes } = judged(line);
    assertEquals([frame.isQuiet, frame.isRewritten, frame.refusal], [true, true, null], line);
    assertEquals(line.split(" ")[quietFlagOf(frame, bytes)]![0], "q", line);
  }
  for (const line of ["mg q v", "ms q 2", "mg k Oq", "set q 0 0 1 noreply"]) {
    const { frame, bytes } = judged(line);
    assertEquals([frame.operation, quietFlagOf(frame, bytes)], [NO_OPERATION, -1], line);
  }
  assertEquals(toText(judged("mg k q v q").frame.refusal!), "CLIENT_ERROR duplicate flag\r\n");
  assertEquals(toText(judged("ms k 2 q q").frame.refusal!), "CLIENT_ERROR duplicate flag\r\n");
  assertEquals(judged("ms k 2 q q").dataLength, 2);
  for (const line of ["md k q q", "ma k v q q", "md k Z q q"]) {
    const refusal = toText(judged(line).frame.refusal!);
    assertEquals(refusal, "CLIENT_ERROR invalid or duplicate flag\r\n", line);
  }
  assertEquals(toText(judged("mg k Z q q").frame.refusal!), "CLIENT_ERROR invalid flag\r\n");
});

Deno.test("each quiet command keeps from its client what memcached keeps from it", () => {
  const shown = (line: string, reply: string) =>
    breaksSilence(judged(line).frame, toBytes(reply), 0, reply.length);
  for (
    const [line, reply] of [
      ["mg k q", "EN\r\n"],
      ["mg k q k", "EN kk\r\n"],
      ["ms k 1 q", "HD\r\n"],
      ["ms k 1 q c", "HD c5\r\n"],
      ["md k q", "HD\r\n"],
      ["ma k q", "HD\r\n"],
      ["ma k q v", "VA 1\r\n5\r\n"],
    ] as const
  ) {
    assertEquals(shown(line, reply), false, line);
  }
  for (
    const [line, reply] of [
      ["mg k q", "HD\r\n"],
      ["mg k q v", "VA 2\r\nEN\r\n"],
      ["ms k 1 q", "NS\r\n"],
      ["ms k 1 q", "EX\r\n"],
      ["md k q", "NF\r\n"],
      ["ma k q", "NF\r\n"],
      ["mg k q", "CLIENT_ERROR invalid flag\r\n"],
      ["ms k 1 q", "SERVER_ERROR out of memory\r\n"],
    ] as const
  ) {
    assertEquals(shown(line, reply), true, `${line}: ${reply}`);
  }
});
