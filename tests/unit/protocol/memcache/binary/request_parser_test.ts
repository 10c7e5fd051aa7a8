import { BinaryRequestParser } from "../../../../../src/protocol/memcache/binary/request_parser.ts";
import { ParseStatus, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { seededRandom } from "../../../../support/tools/seed.ts";
import { cuttings, MovingBuffer, toBytes, toText } from "../parse_stream.ts";
import { reply, request } from "./packets.ts";

/** What was found in a stream, one line a request. */
function parsed(pieces: readonly Uint8Array[]): string[] {
  const frame = new RequestFrame();
  const parser = new BinaryRequestParser(frame);
  const other = new BinaryRequestParser(frame);
  const intruder = toBytes(request({ operation: 0x11, extras: "12345678", key: "other" }));
  const buffer = new MovingBuffer();
  const seen: string[] = [];
  for (const piece of pieces) {
    buffer.add(piece);
    while (buffer.pending > 0) {
      const status = parser.parse(buffer.bytes, buffer.start, buffer.end);
      if (status === ParseStatus.Incomplete) {
        buffer.consume(parser.keepFrom);
        assert(parser.frameBytes > buffer.pending, "frameBytes asks for nothing");
        assertEquals(other.parse(intruder, 0, intruder.length), ParseStatus.Complete);
        break;
      }
      if (frame.refusal !== null) seen.push(`refused ${toText(frame.refusal)}`);
      if (status === ParseStatus.Malformed) return [...seen, "closed"];
      if (frame.refusal === null) seen.push(described(frame, buffer.bytes));
      buffer.consume(frame.end);
    }
  }
  return seen;
}

function described(frame: RequestFrame, bytes: Uint8Array): string {
  const key = frame.keyCount === 0
    ? "-"
    : toText(bytes, frame.argumentStart(1), frame.argumentEnd(1));
  return `${frame.row!.name} ${key} ${frame.opaque}${frame.isQuiet ? " quiet" : ""}`;
}

function assertParsed(stream: string, expected: readonly string[]): void {
  for (const pieces of cuttings(stream, seededRandom("cuts of binary requests"))) {
    assertEquals(parsed(pieces), expected);
  }
}

Deno.test("requests of every form are found, with key and opaque", () => {
  assertParsed(
    request({ operation: 0x00, key: "a", opaque: 1 }) +
      request({ operation: 0x09, key: "b", opaque: 2 }) +
      request({ operation: 0x01, key: "c", extras: "12345678", value: "\r\n\x80", opaque: 3 }) +
      request({ operation: 0x0e, key: "d", value: "x", opaque: 4 }) +
      request({ operation: 0x15, key: "e", extras: "x".repeat(20), opaque: 5 }) +
      request({ operation: 0x1d, key: "f", extras: "1234", opaque: 0xffffffff }) +
      request({ operation: 0x0a }) + request({ operation: 0x18, extras: "1234" }) +
      request({ operation: 0x10, key: "items" }) + request({ operation: 0x21, key: "PLAIN" }),
    [
      "get a 1",
      "getq b 2 quiet",
      "set c 3",
      "append d 4",
      "incrementq e 5 quiet",
      "gat f -1",
      "noop - 0",
      "flushq - 0 quiet",
      "stat - 0",
      "sasl_auth - 0",
    ],
  );
});

Deno.test("an unknown operation is answered, and its body is none of the next request", () => {
  const error = { status: 0x81, value: "Unknown command", opaque: 7 };
  assertParsed(
    request({ operation: 0x40, key: "k", extras: "abc", value: "v".repeat(60), opaque: 7 }) +
      request({ operation: 0x00, key: "a" }),
    [`refused ${reply({ ...error, operation: 0x40 })}`, "get a 0"],
  );
});

Deno.test("where memcached gives the stream up it is answered as there, and closed", () => {
  const get = request({ operation: 0x00, key: "a" });
  assertParsed(`${get}get a\r\n${"x".repeat(30)}`, ["get a 0", "closed"]);
  const unknown = { status: 0x81, value: "Unknown command", opaque: 9 };
  assertParsed(request({ opaque: 9, key: "abc", lengths: { body: 2 } }), [
    `refused ${reply(unknown)}`,
    "closed",
  ]);
  const invalid = { status: 0x04, value: "Invalid arguments", opaque: 9 };
  for (
    const parts of [
      { operation: 0x00 },
      { operation: 0x00, key: "a", value: "b" },
      { operation: 0x00, key: "k".repeat(251) },
      { operation: 0x01, key: "a" },
      { operation: 0x01, extras: "12345678" },
      { operation: 0x05, key: "a", extras: "1234" },
      { operation: 0x08, extras: "12345" },
      { operation: 0x0a, value: "x" },
      { operation: 0x1c, key: "a" },
      { operation: 0x1d, key: "a", extras: "1234", value: "x" },
    ]
  ) {
    assertParsed(request({ ...parts, opaque: 9 }), [
      `refused ${reply({ ...invalid, operation: parts.operation })}`,
      "closed",
    ]);
  }
});

Deno.test("nothing is kept of a value that is too large for any server", () => {
  const frame = new RequestFrame();
  const parser = new BinaryRequestParser(frame);
  const body = 1024 * 1024 * 1024 + 1000;
  const head = toBytes(
    request({ operation: 0x01, key: "k", extras: "12345678", lengths: { body } }),
  );
  assertEquals(parser.parse(head, 0, head.length), ParseStatus.Incomplete);
  assertEquals(parser.keepFrom, head.length);
  const piece = new Uint8Array(64 * 1024 * 1024);
  let due = body - 9;
  for (; due > piece.length; due -= piece.length) {
    assertEquals(parser.parse(piece, 0, piece.length), ParseStatus.Incomplete);
    assertEquals(parser.keepFrom, piece.length);
  }
  assertEquals(parser.parse(piece, 0, piece.length), ParseStatus.Complete);
  assertEquals(frame.end, due);
  assertEquals(toText(frame.refusal!).slice(24), "Too large.");
});
