/**
 * The contract of all protocols, for memcache. Requests whose refused value is skipped are left out: they
 * cannot be parsed twice, nor have they to be; `request_parser_test.ts` cuts them.
 *
 * @module
 */
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import {
  type ReplyCase,
  type RequestCase,
  testProtocolContract,
} from "../../../contract/protocol_contract.ts";
import { toBytes } from "./parse_stream.ts";

const LARGE = "x\r\n".repeat(50_000);

function requests(name: string, stream: string, ...words: string[]): RequestCase {
  return { name, bytes: toBytes(stream), words: words.map((line) => line.split(" ")) };
}

function replies(name: string, ...frames: string[]): ReplyCase {
  return { name, bytes: toBytes(frames.join("")), frames };
}

testProtocolContract({
  name: "memcache",
  createProtocol: createMemcacheProtocol,
  otherRequest: toBytes("gats 10 a b c d e f\r\n"),
  requests: [
    requests("retrievals", "get a\r\n gets  a b\ngat 1 a\r\n", "get a", "gets a b", "gat 1 a"),
    requests(
      "values and noreply",
      "set k 0 0 4 noreply\r\n\r\n\r\n\r\ncas k 0 0 0 1\r\n\r\ndelete k noreply\r\n",
      "set k 0 0 4 noreply",
      "cas k 0 0 0 1",
      "delete k noreply",
    ),
    requests(
      "a large value",
      `set k 0 0 ${LARGE.length}\r\n${LARGE}\r\nversion\r\n`,
      `set k 0 0 ${LARGE.length}`,
      "version",
    ),
    {
      name: "errors in step",
      bytes: toBytes(
        "\r\nGET a\r\nget\r\nset k 0 0 2\r\nabcdef\r\nstats\r\nincr k x\r\nget a\x00\n",
      ),
    },
    {
      name: "a long line",
      bytes: toBytes(`incr ${"k".repeat(17_000)}`),
      malformed: "CLIENT_ERROR line too long\r\n",
    },
    requests(
      "meta commands",
      "mg k v q\r\nms k 4 q\r\n\r\n\r\n\r\nmn\r\nmd k b\r\n",
      "mg k v q",
      "ms k 4 q",
      "mn",
      "md k b",
    ),
  ],
  replies: [
    replies("single lines", "STORED\r\n", "END\r\n", "CLIENT_ERROR x\r\n", "12\r\n", "ERROR\r\n"),
    replies(
      "values",
      "VALUE a 0 5\r\nEND\r\n\r\nVALUE b 1 0 7\r\n\r\nEND\r\n",
      `VALUE k 0 ${LARGE.length}\r\n${LARGE}\r\nEND\r\n`,
      "STAT a 1\r\nSTAT b 2\r\nEND\r\n",
      "VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n",
      "DELETED\r\n",
      "VA 5 k s5\r\nVA 1\n\r\n",
      "VA 0\r\n\r\n",
      "HD\r\n",
      "ME k exp=-1\r\n",
    ),
    {
      name: "a value without its line end",
      bytes: toBytes("OK\r\nVALUE a 0 1\r\nxx\r\nEND\r\n"),
      isMalformed: true,
    },
    { name: "a line that never ends", bytes: toBytes("A".repeat(2100)), isMalformed: true },
  ],
});
