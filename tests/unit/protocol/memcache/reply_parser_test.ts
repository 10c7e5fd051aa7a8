import { TEXT_PROFILES } from "../../../../src/protocol/memcache/profiles.ts";
import { ParseStatus } from "../../../../src/protocol/protocol.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { seededRandom } from "../../../support/tools/seed.ts";
import {
  cuttings,
  MovingBuffer,
  parseReplies,
  protocol,
  type SeenReply,
  toBytes,
} from "./parse_stream.ts";

function assertReplies(expected: SeenReply[], rest = ""): void {
  const stream = expected.map((reply) => reply.text).join("") + rest;
  const random = seededRandom(`cuts of ${JSON.stringify(stream.slice(0, 40))}`);
  for (const pieces of cuttings(stream, random)) {
    const parsed = parseReplies(pieces);
    assertEquals(parsed.seen, expected);
    assertEquals(parsed.isMalformed, rest !== "");
  }
}

function good(text: string): SeenReply {
  return { text, isError: false };
}

function bad(text: string): SeenReply {
  return { text, isError: true };
}

Deno.test("reply parser finds one-line replies and knows the errors", () => {
  assertReplies([
    good("STORED\r\n"),
    good("NOT_STORED\r\n"),
    good("EXISTS\r\n"),
    good("NOT_FOUND\r\n"),
    good("DELETED\r\n"),
    good("TOUCHED\r\n"),
    good("OK\r\n"),
    good("END\r\n"),
    good("VERSION 1.6.18\r\n"),
    good("18446744073709551615\r\n"),
    bad("ERROR\r\n"),
    bad("CLIENT_ERROR bad data chunk\r\n"),
    bad("SERVER_ERROR object too large for cache\r\n"),
  ]);
});

Deno.test("reply parser finds values by their length", () => {
  assertReplies([
    good("VALUE a 0 3\r\nabc\r\nEND\r\n"),
    good("VALUE a 1 5 77\r\nEND\r\n\r\nVALUE b 4294967295 0 1\r\n\r\nEND\r\n"),
    good(`VALUE ${"k".repeat(250)} 0 2\r\n\x00\xff\r\nEND\r\n`),
    good("VALUE a\r 0 1\r\nx\r\nEND\r\n"),
    good("STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n"),
    bad("VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n"),
    good("END\r\n"),
  ]);
});

Deno.test("reply parser gives up at what no server says", () => {
  assertReplies([good("STORED\r\n")], "\r\n");
  assertReplies([], "stored\r\n");
  assertReplies([], "STORED\n");
  assertReplies([], "END\n");
  assertReplies([], "VALUE a 0 1\r\nxyz\r\nEND\r\n");
  assertReplies([], "VALUE a 0 1\r\nx\r\nSTORED\r\n");
  assertReplies([], "VALUE a 0 1\r\nx\r\nSTAT pid 1\r\n");
  assertReplies([], "STAT pid 1\r\nVALUE a 0 1\r\n");
  assertReplies([], "VALUE a 0\r\n");
  assertReplies([], "VALUE a 0 x\r\n");
  assertReplies([], "VALUE a 0 -1\r\n");
  assertReplies([], `VALUE a 0 ${2 ** 30 + 1}\r\n`);
  assertReplies([], "VALUE a 0 1\nx\r\n");
  assertReplies([], "A".repeat(2048));
  assertReplies([], `${"A".repeat(2047)}\r\n`);
});

Deno.test("reply parser says how many bytes a large value needs", () => {
  const parser = protocol.createReplyParser(TEXT_PROFILES.master);
  const head = "VALUE k 0 1000000\r\n";
  const bytes = toBytes(head);
  assertEquals(parser.parse(bytes, 0, bytes.length, false), ParseStatus.Incomplete);
  assertEquals(parser.frameBytes, head.length + 1_000_000 + "\r\nEND\r\n".length);
  assertEquals(parser.keepFrom, 0);
});

Deno.test("reply parser lets a reply go as it arrives once nobody wants it", () => {
  const random = seededRandom("discarded replies");
  const value = "END\r\nVALUE x 0 3\r\n".repeat(20);
  const reply = `VALUE a 0 ${value.length}\r\n${value}\r\nVALUE b 0 0\r\n\r\nEND\r\n`;
  for (let round = 0; round < 200; round++) {
    const turnsAt = random.below(reply.length);
    const parser = protocol.createReplyParser(TEXT_PROFILES.master);
    const buffer = new MovingBuffer();
    const stream = toBytes(`${reply}STORED\r\n`);
    const ends: boolean[] = [];
    let keptMost = 0;
    let arrived = 0;
    while (arrived < stream.length) {
      const count = Math.min(stream.length - arrived, random.between(1, 60));
      buffer.add(stream.subarray(arrived, arrived + count));
      arrived += count;
      const isDiscarded = arrived > turnsAt;
      while (buffer.pending > 0) {
        const wanted = isDiscarded && ends.length === 0;
        const status = parser.parse(buffer.bytes, buffer.start, buffer.end, wanted);
        assert(status !== ParseStatus.Malformed, "the step is lost");
        if (status === ParseStatus.Incomplete) {
          buffer.consume(parser.keepFrom);
          assert(parser.frameBytes > buffer.pending, "frameBytes asks for nothing");
          if (isDiscarded && turnsAt < 20) keptMost = Math.max(keptMost, buffer.pending);
          break;
        }
        ends.push(parser.frame.isError);
        buffer.consume(parser.frame.end);
      }
    }
    assertEquals(ends, [false, false]);
    assertEquals(buffer.pending, 0);
    assert(keptMost <= 20, `${keptMost} bytes were kept`);
  }
});

Deno.test("reply parser begins anew after a reset", () => {
  const parser = protocol.createReplyParser(TEXT_PROFILES.master);
  const begun = toBytes("VALUE k 0 10\r\nabc");
  assertEquals(parser.parse(begun, 0, begun.length, false), ParseStatus.Incomplete);
  parser.reset();
  const whole = toBytes("STORED\r\n");
  assertEquals(parser.parse(whole, 0, whole.length, false), ParseStatus.Complete);
  assertEquals(parser.frame.end, whole.length);
});
