/**
 * The parsers of the Redis protocol alone: `deno bench bench/micro/resp_parser_bench.ts`. A run parses 16 KiB
 * of pipelined frames; the time per frame is that of a run divided by the frames named in the title.
 *
 * @module
 */
import { ParseStatus, PROFILES, RequestFrame } from "../../src/protocol/protocol.ts";
import { createRespProtocol } from "../../src/protocol/resp/mod.ts";

const BUFFER_BYTES = 16 * 1024;
const encoder = new TextEncoder();
const protocol = createRespProtocol();
const value = "x".repeat(32);

/** As many copies of a frame as fit into a read buffer. */
function fill(frame: string): { bytes: Uint8Array; count: number } {
  const count = Math.floor(BUFFER_BYTES / frame.length);
  return { bytes: encoder.encode(frame.repeat(count)), count };
}

function benchRequests(name: string, request: string): void {
  const { bytes, count } = fill(request);
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  Deno.bench(`${count} requests: ${name}`, () => {
    let position = 0;
    while (position < bytes.length) {
      if (parser.parse(bytes, position, bytes.length) !== ParseStatus.Complete) throw new Error();
      position = frame.end;
    }
  });
}

function benchReplies(name: string, reply: string): void {
  const { bytes, count } = fill(reply);
  const parser = protocol.createReplyParser(PROFILES[2].master);
  Deno.bench(`${count} replies: ${name}`, () => {
    let position = 0;
    while (position < bytes.length) {
      const status = parser.parse(bytes, position, bytes.length, false);
      if (status !== ParseStatus.Complete) throw new Error();
      position = parser.frame.end;
    }
  });
}

const key = "key:000000012345";
benchRequests("GET", `*2\r\n$3\r\nGET\r\n$16\r\n${key}\r\n`);
benchRequests("SET 32 B", `*3\r\n$3\r\nSET\r\n$16\r\n${key}\r\n$32\r\n${value}\r\n`);
benchRequests("MGET of 10", `*11\r\n$4\r\nMGET\r\n${`$16\r\n${key}\r\n`.repeat(10)}`);
benchReplies("bulk 32 B", `$32\r\n${value}\r\n`);
benchReplies("OK", "+OK\r\n");
benchReplies("integer", ":12345\r\n");
benchReplies("null", "$-1\r\n");
benchReplies("array of 10", `*10\r\n${`$32\r\n${value}\r\n`.repeat(10)}`);
