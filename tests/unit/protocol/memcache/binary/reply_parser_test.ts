import { BinaryReplyParser } from "../../../../../src/protocol/memcache/binary/reply_parser.ts";
import { ParseStatus } from "../../../../../src/protocol/protocol.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { seededRandom } from "../../../../support/tools/seed.ts";
import { cuttings, MovingBuffer, toBytes, toText } from "../parse_stream.ts";
import { reply } from "./packets.ts";

const get = reply({ operation: 0x00, extras: "1234", value: "v".repeat(50), opaque: 1 });
const miss = reply({ operation: 0x00, status: 0x01, value: "Not found" });
const failed = reply({ operation: 0x01, status: 0x82, value: "Out of memory" });
const stats = reply({ operation: 0x10, key: "pid", value: "1" }) +
  reply({ operation: 0x10, key: "uptime", value: "22" }) + reply({ operation: 0x10 });
const noStats = reply({ operation: 0x10, status: 0x01, value: "Not found" });

function parsed(pieces: readonly Uint8Array[], isDiscarded = false): [string, boolean][] {
  const parser = new BinaryReplyParser();
  const buffer = new MovingBuffer();
  const seen: [string, boolean][] = [];
  for (const piece of pieces) {
    buffer.add(piece);
    while (buffer.pending > 0) {
      const status = parser.parse(buffer.bytes, buffer.start, buffer.end, isDiscarded);
      if (status === ParseStatus.Malformed) throw new Error("malformed");
      if (status === ParseStatus.Incomplete) {
        buffer.consume(parser.keepFrom);
        assert(parser.frameBytes > buffer.pending, "frameBytes asks for nothing");
        break;
      }
      const { end, isError } = parser.frame;
      seen.push([isDiscarded ? "" : toText(buffer.bytes, buffer.start, end), isError]);
      buffer.consume(end);
    }
  }
  assertEquals(buffer.pending, 0);
  return seen;
}

Deno.test("a reply is a packet, and statistics are packets until one without a key", () => {
  const expected: [string, boolean][] = [
    [get, false],
    [miss, false],
    [stats, false],
    [failed, true],
    [noStats, false],
    [get, false],
  ];
  const stream = expected.map(([text]) => text).join("");
  for (const pieces of cuttings(stream, seededRandom("cuts of binary replies"))) {
    assertEquals(parsed(pieces), expected);
    assertEquals(parsed(pieces, true).map(([, isError]) => isError), expected.map((one) => one[1]));
  }
});

Deno.test("what nobody wants is let go as it comes", () => {
  const parser = new BinaryReplyParser();
  const head = toBytes(get.slice(0, 40));
  assertEquals(parser.parse(head, 0, head.length, false), ParseStatus.Incomplete);
  assertEquals([parser.keepFrom, parser.frameBytes], [0, get.length]);
  assertEquals(parser.parse(head, 0, head.length, true), ParseStatus.Incomplete);
  assertEquals(parser.keepFrom, head.length);
  const rest = toBytes(get.slice(40) + miss);
  assertEquals(parser.parse(rest, 0, rest.length, true), ParseStatus.Complete);
  assertEquals(parser.frame.end, get.length - 40);
});

Deno.test("what is no reply ends the connection", () => {
  const parser = new BinaryReplyParser();
  for (const text of ["ERROR\r\n", "\x80"]) {
    assertEquals(parser.parse(toBytes(text), 0, text.length, false), ParseStatus.Malformed);
    parser.reset();
  }
});
