/** The Redis protocol under the contract of all protocols: every frame whole, byte by byte and at random cuts. */
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import { testProtocolContract } from "../../../contract/protocol_contract.ts";
import { bytesOf, request } from "./parse.ts";

const longValue = "v".repeat(3000);
const manyKeys = Array.from({ length: 100 }, (_, index) => `key:${index}`);

testProtocolContract({
  name: "resp",
  createProtocol: createRespProtocol,
  otherRequest: bytesOf(request("mget", ...Array.from({ length: 40 }, (_, index) => `o${index}`))),
  requests: [
    {
      name: "GET and SET, pipelined",
      bytes: bytesOf(request("GET", "foo") + request("set", "k", "v") + request("GET", "bar")),
      words: [["GET", "foo"], ["set", "k", "v"], ["GET", "bar"]],
    },
    {
      name: "words that are empty, long, or hold line ends",
      bytes: bytesOf(
        request("SET", "", "\r\n*1\r\n$4\r\nPING\r\n") + request("SET", "k", longValue),
      ),
      words: [["SET", "", "\r\n*1\r\n$4\r\nPING\r\n"], ["SET", "k", longValue]],
    },
    {
      name: "more words than are parsed again",
      bytes: bytesOf(
        request("MGET", ...manyKeys) + request("GET", "k") + request("DEL", ...manyKeys),
      ),
      words: [["MGET", ...manyKeys], ["GET", "k"], ["DEL", ...manyKeys]],
    },
    {
      name: "empty requests are skipped",
      bytes: bytesOf(
        `*0\r\n\r\n\n*-1\r\n  \r\n${request("GET", "a")}*0\r\n*-7\r\n${request("GET", "b")}\r\n`,
      ),
      words: [["GET", "a"], ["GET", "b"]],
    },
    {
      name: "inline requests between arrays",
      bytes: bytesOf(`PING\r\n${request("GET", "a")}get  b\n set c  d\r\n`),
      words: [["PING"], ["GET", "a"], ["get", "b"], ["set", "c", "d"]],
    },
    {
      name: "inline requests with quotes",
      bytes: bytesOf(
        `set "a b" 'c d'\r\nset x"y z" "\\x00\\n\\"'"\r\nset '' "it's"\r\n${request("GET", "k")}`,
      ),
      words: [["set", "a b", "c d"], ["set", "xy z", "\0\n\"'"], ["set", "", "it's"], ["GET", "k"]],
    },
    {
      name: "commands that are refused or unknown, or lack words",
      bytes: bytesOf(request("BLPOP", "k", "0") + request("NOPE", "a") + request("GET")),
      words: [["BLPOP", "k", "0"], ["NOPE", "a"], ["GET"]],
    },
    {
      name: "commands whose keys move",
      bytes: bytesOf(
        request("ZUNIONSTORE", "d", "2", "a", "b") + request("EVAL", "return 1", "1", "k", "v") +
          request("XREAD", "COUNT", "2", "STREAMS", "s", "t", "0", "0"),
      ),
      words: [
        ["ZUNIONSTORE", "d", "2", "a", "b"],
        ["EVAL", "return 1", "1", "k", "v"],
        ["XREAD", "COUNT", "2", "STREAMS", "s", "t", "0", "0"],
      ],
    },
    {
      name: "a bad length behind a good request",
      bytes: bytesOf(request("GET", "a") + "*2\r\n$3\r\nGET\r\n$x\r\n"),
      malformed: "-ERR Protocol error: invalid bulk length\r\n",
    },
    {
      name: "a bad length behind many words",
      bytes: bytesOf(`*40\r\n${"$1\r\na\r\n".repeat(20)}:1\r\n`),
      malformed: "-ERR Protocol error: expected '$', got ':'\r\n",
    },
    {
      name: "a count line without end",
      bytes: bytesOf(`*${"1".repeat(70_000)}`),
      malformed: "-ERR Protocol error: too big mbulk count string\r\n",
    },
  ],
  replies: [
    {
      name: "the types of RESP2",
      bytes: bytesOf("+OK\r\n:-12\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n*-1\r\n*0\r\n-ERR no\r\n"),
      frames: [
        ...["+OK\r\n", ":-12\r\n", "$-1\r\n", "$0\r\n\r\n", "$5\r\na\r\nbc\r\n", "*-1\r\n"],
        ...["*0\r\n", "-ERR no\r\n"],
      ],
    },
    {
      name: "nested arrays",
      bytes: bytesOf("*2\r\n*3\r\n:1\r\n*0\r\n$1\r\na\r\n*-1\r\n+OK\r\n"),
      frames: ["*2\r\n*3\r\n:1\r\n*0\r\n$1\r\na\r\n*-1\r\n", "+OK\r\n"],
    },
    {
      name: "the types of RESP3",
      bytes: bytesOf(
        "_\r\n#t\r\n,1.5\r\n(12345678901234567890\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n" +
          "%1\r\n+a\r\n:1\r\n~2\r\n:1\r\n:2\r\n",
      ),
      frames: [
        ...["_\r\n", "#t\r\n", ",1.5\r\n", "(12345678901234567890\r\n", "!5\r\nERR x\r\n"],
        ...["=7\r\ntxt:abc\r\n", "%1\r\n+a\r\n:1\r\n", "~2\r\n:1\r\n:2\r\n"],
      ],
    },
    {
      name: "attributes and pushes",
      bytes: bytesOf(
        "|1\r\n+ttl\r\n:9\r\n*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:1\r\n:2\r\n>2\r\n+m\r\n+x\r\n",
      ),
      frames: [
        "|1\r\n+ttl\r\n:9\r\n*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:1\r\n:2\r\n",
        ">2\r\n+m\r\n+x\r\n",
      ],
    },
    {
      name: "a long bulk and a long line",
      bytes: bytesOf(`$3000\r\n${longValue}\r\n-ERR ${longValue}\r\n`),
      frames: [`$3000\r\n${longValue}\r\n`, `-ERR ${longValue}\r\n`],
    },
    { name: "a byte that begins no reply", bytes: bytesOf("+OK\r\nfoo\r\n"), isMalformed: true },
    { name: "a body without line end", bytes: bytesOf("$3\r\nabcde\r\n"), isMalformed: true },
    { name: "a push within an array", bytes: bytesOf("*1\r\n>0\r\n"), isMalformed: true },
  ],
});
