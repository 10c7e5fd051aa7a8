import { failures } from "../../../../../src/failure.ts";
import { createBinaryDialect } from "../../../../../src/protocol/memcache/binary/dialect.ts";
import { rowOf } from "../../../../../src/protocol/memcache/binary/commands.ts";
import { createMemcacheProtocol } from "../../../../../src/protocol/memcache/mod.ts";
import { BINARY_PROFILES } from "../../../../../src/protocol/memcache/profiles.ts";
import { type ReplyPart, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { testProtocolContract } from "../../../../contract/protocol_contract.ts";
import { assertEquals, assertThrows } from "../../../../deps.ts";
import { toBytes, toText, written } from "../parse_stream.ts";
import { reply, request } from "./packets.ts";

const dialect = createBinaryDialect();

function parse(text: string): { frame: RequestFrame; bytes: Uint8Array } {
  const frame = new RequestFrame();
  const bytes = toBytes(`..${text}`);
  dialect.createRequestParser(frame).parse(bytes, 2, bytes.length);
  return { frame, bytes };
}

Deno.test("backends get the loud form of a quiet request", () => {
  const quiet = { operation: 0x11, extras: "12345678", key: "k", value: "v", opaque: 5, cas: 9 };
  const { frame, bytes } = parse(request(quiet));
  const loud = request({ ...quiet, operation: 0x01 });
  assertEquals(written((target) => dialect.writeRequest(frame, bytes, target)), loud);
  assertEquals(dialect.rewriteInPlace!(frame, bytes), true);
  assertEquals(toText(bytes, 2), loud);
});

Deno.test("a quiet request's reply is shown as memcached shows it, with its own operation", () => {
  const shown = (operation: number, status: number): string | null => {
    const bytes = toBytes(reply({ operation: 0, status, opaque: 3 }));
    const mark = { operation, opaque: 3, isQuiet: true };
    return dialect.breaksSilence!(mark, bytes, 0, bytes.length) ? toText(bytes) : null;
  };
  for (const operation of [0x09, 0x0d, 0x1e, 0x24]) {
    assertEquals(shown(operation, 1), null);
    assertEquals(shown(operation, 0), reply({ operation, opaque: 3 }));
    assertEquals(shown(operation, 0x82), reply({ operation, opaque: 3, status: 0x82 }));
  }
  for (const operation of [0x11, 0x14, 0x15, 0x19]) {
    assertEquals(shown(operation, 0), null);
    assertEquals(shown(operation, 1), reply({ operation, opaque: 3, status: 1 }));
  }
});

Deno.test("a failure has the request's operation and opaque", () => {
  const { frame } = parse(request({ operation: 0x09, key: "k", opaque: 0xfffffff0 }));
  assertEquals(
    written((target) => dialect.writeFailure(failures.backendClosed, "a:1", target, frame)),
    reply({
      operation: 0x09,
      opaque: 0xfffffff0,
      status: 0x86,
      value: "backend a:1: connection closed",
    }),
  );
});

Deno.test("flush succeeds if it does everywhere; quietly, it says only what failed", () => {
  const part = (status: number): ReplyPart => {
    const bytes = toBytes(reply({ operation: 0x08, status, opaque: 4 }));
    return { bytes, start: 0, end: bytes.length, failure: null, address: "" };
  };
  const merged = (operation: number, ...parts: ReplyPart[]): string => {
    const { frame } = parse(request({ operation, opaque: 4 }));
    const merge = { row: rowOf(operation)!, keyCount: 0, fragmentOfKey: new Int32Array(0), parts };
    return written((target) => dialect.writeMerged(merge, target, frame));
  };
  assertEquals(merged(0x08, part(0), part(0)), reply({ operation: 0x08, opaque: 4 }));
  assertEquals(merged(0x18, part(0), part(0)), "");
  const refused = { opaque: 4, status: 0x20 };
  assertEquals(merged(0x08, part(0), part(0x20)), reply({ ...refused, operation: 0x08 }));
  assertEquals(merged(0x18, part(0), part(0x20)), reply({ ...refused, operation: 0x18 }));
  const failed = { ...part(0), failure: failures.backendTimeout, address: "a:1" };
  assertEquals(
    merged(0x18, part(0), failed),
    reply({ operation: 0x18, opaque: 4, status: 0x86, value: "backend a:1: no reply in time" }),
  );
});

Deno.test("no binary request is split", () => {
  const { frame, bytes } = parse(request({ key: "k" }));
  assertThrows(() =>
    written((target) =>
      dialect.writeFragment(
        frame,
        bytes,
        { firstKey: 0, keyCount: 1, nextKey: Int32Array.of(-1) },
        target,
      )
    )
  );
});

// Its length has no byte that the text of a frame would show as another.
const large = "x".repeat(0x17e7e - 4);
testProtocolContract({
  name: "memcache binary",
  createProtocol: () => {
    const protocol = createMemcacheProtocol();
    const createReplyParser = () => protocol.createReplyParser(BINARY_PROFILES.master);
    return { ...protocol, ...createBinaryDialect(), createReplyParser };
  },
  otherRequest: toBytes(request({ operation: 0x11, extras: "12345678", key: "other", value: "y" })),
  requests: [
    {
      name: "of all forms",
      bytes: toBytes(
        request({ key: "a" }) + request({ operation: 0x0a }) +
          request({ operation: 0x01, extras: "12345678", key: "k", value: large }) +
          request({ operation: 0x10, key: "items" }) + request({ operation: 0x14, key: "k" }),
      ),
    },
    { name: "not of it", bytes: toBytes(`${request({ key: "a" })}get a\r\n`), malformed: null },
  ],
  replies: [
    {
      name: "packets and statistics",
      ...framesOf([
        reply({ extras: "1234", value: large }),
        reply({ operation: 0x10, key: "pid", value: "1" }) + reply({ operation: 0x10 }),
        reply({ operation: 0x01, status: 2, value: "Data exists for key." }),
      ]),
    },
    { name: "lines", bytes: toBytes("ERROR\r\n"), isMalformed: true },
  ],
});

function framesOf(frames: string[]): { bytes: Uint8Array; frames: string[] } {
  return { bytes: toBytes(frames.join("")), frames };
}
