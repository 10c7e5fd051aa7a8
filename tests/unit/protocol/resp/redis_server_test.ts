/**
 * The command table and the error texts beside a real redis-server 7.0.
 */
import { Action, CommandFlag, type CommandRow } from "../../../../src/protocol/command_table.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { startRedisServer } from "../../../support/redis_server.ts";
import { parse, protocol, request } from "./parse.ts";

/** Redis marks these families and scripts neither `readonly` nor `write`: that depends on what they do. */
const FLAGS_OF_OUR_OWN: Record<string, [redis: string, ours: string, reason: string]> = {
  eval: ["", "write", "a script may write"],
  evalsha: ["", "write", "a script may write"],
  fcall: ["", "write", "a function may write"],
  memory: ["", "readonly", "MEMORY USAGE, the only member that is forwarded, is readonly"],
  object: ["", "readonly", "all members are readonly"],
  xgroup: ["", "write", "all members but HELP write"],
  xinfo: ["", "readonly", "all members are readonly"],
};

function rowOf(name: string): CommandRow {
  const row = protocol.commands.rows.find((row) => row.name === name);
  if (row === undefined) throw new Error(`"${name}" is not in the table`);
  return row;
}

/** The columns as Redis lists them. */
function columns(row: CommandRow): unknown[] {
  const { name, arity, firstKey, lastKey, keyStep } = row;
  return [name, arity, firstKey, lastKey, keyStep];
}

function flagText(row: CommandRow): string {
  if (row.flags === CommandFlag.Read) return "readonly";
  return row.flags === CommandFlag.Write ? "write" : "";
}

Deno.test("rows equal what redis-server 7.0 says of its commands", async () => {
  await using server = await startRedisServer();
  const listed = await server.call("COMMAND") as unknown[][];
  const names = new Set<string>();
  const otherFlags: Record<string, [string, string, string]> = {};
  for (const [name, arity, flagList, firstKey, lastKey, keyStep] of listed) {
    names.add(String(name));
    const row = rowOf(String(name));
    assertEquals(columns(row), [name, arity, firstKey, lastKey, keyStep]);
    const flags = (flagList as string[]).filter((flag) => flag === "readonly" || flag === "write");
    if (row.action === Action.Local) continue;
    const known = FLAGS_OF_OUR_OWN[row.name];
    if (known !== undefined) {
      otherFlags[row.name] = [flags.join(), flagText(row), known[2]];
    } else {
      assertEquals(flagText(row), flags.join(), `flags of "${name}"`);
    }
  }
  assertEquals(otherFlags, FLAGS_OF_OUR_OWN);
  assertEquals(names.size, 240);
  assertEquals(protocol.commands.rows.filter((row) => !names.has(row.name)), []);
});

Deno.test("commands with keys that Redis cannot place by columns have a key finder", async () => {
  await using server = await startRedisServer();
  const listed = await server.call("COMMAND") as unknown[][];
  const without: string[] = [];
  for (const [name, , flagList] of listed) {
    const row = rowOf(String(name));
    const isMovable = (flagList as string[]).includes("movablekeys");
    if (isMovable && row.keyFinder === null && row.action !== Action.Refuse) {
      without.push(row.name);
    }
  }
  // SORT_RO has one key of its own; what BY and GET name are patterns.
  assertEquals(without, ["sort_ro"]);
});

/** One reply line to bytes sent on a connection of their own. */
async function replyLine(port: number, bytes: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const data = Uint8Array.from(bytes, (character) => character.charCodeAt(0));
  for (let sent = 0; sent < data.length;) sent += await connection.write(data.subarray(sent));
  // A server that waits for more closes now, so that a missing reply is seen as such.
  await connection.closeWrite();
  const room = new Uint8Array(4096);
  const length = await connection.read(room) ?? 0;
  return new TextDecoder().decode(room.subarray(0, length));
}

function asBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

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

Deno.test("FCALL's key counts read as those of redis-server 7.0", async () => {
  await using server = await startRedisServer();
  const library = "#!lua name=l\nredis.register_function('f', function() return 1 end)";
  await server.call("FUNCTION", "LOAD", library);
  for (const count of ["x", "-1", "3"]) {
    const bytes = request("FCALL", "f", count, "k");
    assertEquals(parse(bytes).refusal, await replyLine(server.port, bytes));
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

Deno.test("inline requests have the words that redis-server 7.0 finds in them", async () => {
  await using server = await startRedisServer();
  const lines = [
    "echo  plain \r\n",
    "\techo\ta\n",
    'echo "a b"\r\n',
    'echo "\\x41\\n\\r\\t\\b\\a\\q\\"\\\\\\xZZ"\r\n',
    "echo 'a\\'b\\n\"'\r\n",
    'echo pre"fix ed"\r\n',
    'echo ""\r\n',
    "echo \vvertical\v\r\n",
    'echo "\\x00\\x7f"\r\n',
  ];
  for (const line of lines) {
    const reply = await replyLine(server.port, line);
    const bytes = asBytes(line);
    const { frame } = parse(bytes);
    assertEquals(frame.argumentCount, 2, JSON.stringify(line));
    const word = new TextDecoder().decode(
      bytes.subarray(frame.argumentStart(1), frame.argumentEnd(1)),
    );
    const length = frame.argumentEnd(1) - frame.argumentStart(1);
    assertEquals(`$${length}\r\n${word}\r\n`, reply, JSON.stringify(line));
  }
});
