/** The texts of errors beside those of a real redis-server 7.0. */
import { assert, assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/servers/redis_server.ts";
import { parse, request } from "../parse.ts";
import { asBytes, replyLine } from "../redis_reply.ts";

Deno.test("errors read as those of redis-server 7.0", async () => {
  await using server = await startRedisServer();
  const requests = [
    "*x\r\n",
    "*\r\n",
    "*01\r\n",
    "*+1\r\n",
    "*2147483648\r\n",
    "*1\r\n$x\r\n",
    "*1\r\n$-1\r\n",
    "*1\r\n$-0\r\n",
    "*1\r\n$03\r\n",
    "*1\r\n$536870913\r\n",
    "*1\r\n$99999999999999999999\r\n",
    "*2\r\n$3\r\nGET\r\n:3\r\n",
    "*1\r\nPING\r\n",
    'set k "v\r\n',
    "set k 'v\r\n",
    'set k "v"x\r\n',
    "nope\r\n",
    "NoPe a 'b c' \"\\r\\n\\x80\"\r\n",
    `${"n".repeat(200)} ${"a".repeat(60)} ${"b".repeat(60)} ${"c".repeat(60)} d\r\n`,
    `nope ${"a".repeat(300)} b\r\n`,
    '""\r\n',
    request("GET"),
    request("get", "a", "b"),
    request("MSET", "a", "1", "b"),
    request("MSETNX", "a", "1", "b"),
    request("OBJECT"),
    request("OBJECT", "foo", "k"),
    request("OBJECT", "encoding"),
    request("XGROUP", "create", "k"),
    request("XINFO", "stream"),
    request("MEMORY", "usage"),
    request("EVAL", "return 1", "x"),
    request("EVAL", "return 1", "-1"),
    request("EVAL", "return 1", "2", "k"),
    request("EVALSHA", "abc", "x"),
    request("XREAD", "BLOCK", "STREAMS", "a", "0"),
    request("XREAD", "BLOCK", "-1", "STREAMS", "a"),
    request("XREAD", "NOACK", "STREAMS", "a"),
    request("XREADGROUP", "GROUP", "g", "c", "COUNT", "x", "STREAMS", "a"),
    request("ZUNION", "x", "a"),
    request("ZUNION", "0", "a"),
    request("ZINTER", "2", "a"),
    request("ZINTERCARD", "9999999999999999", "a"),
    request("ZDIFFSTORE", "d", "0", "a"),
    request("ZUNIONSTORE", "d", "3", "a", "b"),
    request("SINTERCARD", "0", "a"),
    request("SINTERCARD", "x", "a"),
    request("SINTERCARD", "2", "a"),
    request("LMPOP", "0", "a", "LEFT"),
    request("ZMPOP", "2", "a", "MIN"),
    request("XREAD", "COUNT", "1", "a", "STREAMS"),
    request("XREAD", "STREAMS", "a", "b", "0"),
    request("XREADGROUP", "GROUP", "g", "c", "STREAMS", "a", "b", "0"),
    request("XREAD", "what", "STREAMS", "a"),
  ];
  for (const bytes of requests) {
    const { refusal } = parse(asBytes(bytes));
    const expected = await replyLine(server.port, bytes);
    assert(expected.startsWith("-"), `redis-server refuses ${JSON.stringify(bytes)}`);
    assertEquals(refusal, expected, JSON.stringify(bytes));
  }
});

Deno.test("lines without end read as those of redis-server 7.0", async () => {
  await using server = await startRedisServer();
  for (const bytes of [`*${"1".repeat(65_537)}`, `*1\r\n$${"1".repeat(65_537)}`]) {
    assertEquals(parse(bytes).refusal, await replyLine(server.port, bytes));
  }
  const inline = "a".repeat(65_537);
  assertEquals(parse(inline).refusal, await replyLine(server.port, inline));
});
