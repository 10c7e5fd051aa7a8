import { readNames, readTold } from "../../../../../src/protocol/resp/commands/told.ts";
import { assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/servers/redis_server.ts";
import { bytesOf } from "../parse.ts";

type Written = string | number | null | readonly Written[];

function written(value: Written): string {
  if (value === null) return "*-1\r\n";
  if (typeof value === "number") return `:${value}\r\n`;
  if (typeof value === "string") return `$${value.length}\r\n${value}\r\n`;
  return `*${value.length}\r\n${value.map(written).join("")}`;
}

function told(value: Written) {
  const bytes = bytesOf(`xx${written(value)}`);
  return readTold(bytes, 2, bytes.length);
}

function specification(flags: string[], start: Written, range: Written): Written {
  return ["notes", "n", "flags", flags, "begin_search", start, "find_keys", range];
}

const AT_1 = ["type", "index", "spec", ["index", 1]];
const ONE = ["type", "range", "spec", ["lastkey", 0, "keystep", 1, "limit", 0]];

function command(keys: Written, subcommands: Written = []): Written {
  return ["New", -2, ["write"], 1, 1, 1, ["@write"], ["request_policy:x"], keys, subcommands];
}

Deno.test("a command is read with its specifications", () => {
  assertEquals(told([command([specification(["RW", "update"], AT_1, ONE)]), null]), [{
    name: "new",
    arity: -2,
    flags: ["write"],
    categories: ["@write"],
    tips: ["request_policy:x"],
    keys: [{
      flags: ["rw", "update"],
      start: { index: 1 },
      range: { last: 0, step: 1, limit: 0 },
    }],
    areKeysComplete: true,
    subcommands: [],
  }]);
});

Deno.test("keys of which not all is told are not complete", () => {
  const unknown = ["type", "unknown", "spec", []];
  const counted = (
    index: number,
  ) => ["type", "keynum", "spec", ["keynumidx", index, "firstkey", 1, "keystep", 1]];
  const behind = ["type", "keyword", "spec", ["keyword", "STORE", "startfrom", 2]];
  const read = (flags: string[], start: Written, range: Written) => {
    const [one] = told([command([specification(flags, start, range)])])!;
    return [one!.keys.length, one!.areKeysComplete];
  };
  assertEquals(read(["RO"], AT_1, counted(0)), [1, true]);
  assertEquals(read(["RO"], behind, ONE), [1, true]);
  assertEquals(read(["RO"], AT_1, counted(1)), [0, false]);
  assertEquals(read(["RO"], unknown, unknown), [0, false]);
  assertEquals(read(["RO", "incomplete"], AT_1, ONE), [1, false]);
  assertEquals(read(["not_key"], AT_1, ONE), [1, false]);
  assertEquals(read(["RO"], ["type", "later"], ONE), [0, false]);
});

Deno.test("servers before 7.0 tell columns, which are never known to be all", () => {
  const old = (flags: string[], ...columns: number[]) => {
    const [one] = told([["new", -2, flags, ...columns, ["@slow"]]])!;
    return [one!.keys.map(({ start, range }) => ({ start, range })), one!.areKeysComplete];
  };
  assertEquals(old(["write"], 1, -1, 2), [
    [{ start: { index: 1 }, range: { last: -1, step: 2, limit: 0 } }],
    false,
  ]);
  assertEquals(old(["write"], 0, 0, 0), [[], false]);
  assertEquals(old(["movablekeys"], 1, 1, 1), [[], false]);
});

Deno.test("what is no such reply is none, and what is cut off", () => {
  for (
    const text of ["-ERR no\r\n", "+OK\r\n", "*1\r\n", "*1\r\n$5\r\nab", "*1\r\n:", "", "*x\r\n"]
  ) {
    const bytes = bytesOf(text);
    assertEquals(readTold(bytes, 0, bytes.length), null, text);
    assertEquals(readNames(bytes, 0, bytes.length), null, text);
  }
  assertEquals(
    told([["short"], "text", 5, command([], [command([])])])!.map((one) => one.subcommands.length),
    [1],
  );
  const deep = bytesOf("*1\r\n".repeat(40));
  assertEquals(readTold(deep, 0, deep.length), null);
});

Deno.test("names are those of commands, in lower case", () => {
  const bytes = bytesOf(written(["GET", "config|get", "json.set"]));
  assertEquals(readNames(bytes, 0, bytes.length), ["get", "json.set"]);
});

Deno.test("a server's own reply is read to its end", async () => {
  await using server = await startRedisServer();
  const listed = await server.call("COMMAND") as Written[];
  const read = told(listed)!;
  assertEquals(read.length, listed.length);
  const zunionstore = read.find(({ name }) => name === "zunionstore")!;
  assertEquals(zunionstore.keys.map(({ start }) => start), [{ index: 1 }, { index: 2 }]);
  assertEquals(read.find(({ name }) => name === "sort")!.areKeysComplete, false);
});
