import { ParseStatus, RequestFrame } from "../../../../../src/protocol/protocol.ts";
import { parseSpecifications } from "../../../../../src/protocol/resp/commands/key_specifications.ts";
import type { ToldCommand } from "../../../../../src/protocol/resp/commands/learned.ts";
import { createRespProtocol } from "../../../../../src/protocol/resp/mod.ts";
import { LEARNED_ROWS_MAX } from "../../../../../src/protocol/resp/parse/learned_commands.ts";
import { assertEquals, assertStrictEquals } from "../../../../deps.ts";
import { bytesOf, request } from "../parse.ts";

function told(name: string, keys = "RW access update: 1", arity = -2): ToldCommand {
  return {
    ...{ name, arity, flags: ["write"], categories: [], tips: [] },
    keys: parseSpecifications(keys),
    areKeysComplete: true,
    subcommands: [],
  };
}

function createRig() {
  const own = { name: "own.set", firstKey: 1, lastKey: 1, keyStep: 1, isRead: false };
  const protocol = createRespProtocol(null, { custom: [own], routesDotted: false, learns: true });
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const parse = (...words: string[]) => {
    const bytes = bytesOf(request(...words));
    assertEquals(parser.parse(bytes, 0, bytes.length), ParseStatus.Complete);
    return bytes;
  };
  return { learned: protocol.learned!, frame, parse, commands: protocol.commands };
}

Deno.test("only names that are neither Redis's nor the configuration's are open", () => {
  const { learned } = createRig();
  assertEquals(
    ["get", "own.set", "xread", "new", "json.set", "Bad"].map((name) => learned.isOpen(name)),
    [false, false, false, true, true, false],
  );
});

Deno.test("what is learned is parsed from then on, and in other words anew", () => {
  const { learned, frame, parse, commands } = createRig();
  parse("new", "a", "b");
  assertEquals(frame.row, null);
  learned.learn([told("new"), told("other")]);
  parse("NEW", "a", "b");
  const row = frame.row!;
  assertEquals([row.name, frame.firstKey, frame.keyCount, frame.refusal], ["new", 1, 1, null]);
  parse("get", "a");
  assertEquals(frame.row!.name, "get");
  const count = commands.rows.length;
  learned.learn([told("new")]);
  assertEquals(commands.rows.length, count);
  learned.learn([told("new", "RW access update: 2", -3)]);
  parse("new", "a", "b");
  assertEquals([frame.firstKey, frame.refusal], [2, null]);
  assertStrictEquals(row.firstKey, 1);
  parse("new", "a");
  assertEquals(
    new TextDecoder().decode(frame.refusal!).slice(0, 30),
    "-ERR wrong number of arguments",
  );
});

Deno.test("what is learned is bounded", () => {
  const { learned, commands } = createRig();
  const before = commands.rows.length;
  learned.learn(Array.from({ length: LEARNED_ROWS_MAX + 5 }, (_, index) => told(`n${index}`)));
  assertEquals(commands.rows.length - before, LEARNED_ROWS_MAX);
});

Deno.test("a name with a dot may go where its first argument is", () => {
  const { learned, frame, parse } = createRig();
  let bytes = parse("json.set", "key", "1");
  assertEquals(frame.row, null);
  learned.routeDotted(frame, bytes);
  assertEquals([frame.row!.name, frame.firstKey, frame.refusal], ["dotted", 1, null]);
  bytes = parse("nodot", "key");
  learned.routeDotted(frame, bytes);
  assertEquals(frame.row, null);
});

Deno.test("a family is parsed by its subcommands", () => {
  const { learned, frame, parse } = createRig();
  const member = (name: string, keys: string) => ({ ...told(`new|${name}`, keys, 3) });
  learned.learn([{
    ...told("new", ""),
    flags: [],
    subcommands: [member("set", "RW update: 2"), member("list", "")],
  }]);
  parse("NEW", "SET", "a");
  assertEquals([frame.firstKey, frame.keyCount, frame.refusal], [2, 1, null]);
  const errorOf = (...words: string[]) => {
    parse(...words);
    return new TextDecoder().decode(frame.refusal!).trim();
  };
  assertEquals(errorOf("new", "set"), "-ERR wrong number of arguments for 'new|set' command");
  assertEquals(errorOf("new", "x", "a"), "-ERR unknown subcommand 'x'. Try NEW HELP.");
  assertEquals(
    errorOf("new", "list", "a"),
    "-ERR 'new list' is not supported: the servers do not say which of them it is for",
  );
});
