/**
 * Commands that are not Redis's: from the configuration, or with a dot in their name.
 *
 * @module
 */
import { CommandFlag } from "../../../../../src/protocol/command_table.ts";
import { RequestFrame } from "../../../../../src/protocol/protocol.ts";
import {
  createRespCommands,
  isRespCommand,
} from "../../../../../src/protocol/resp/commands/custom.ts";
import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { createRespProtocol } from "../../../../../src/protocol/resp/mod.ts";
import { assertEquals, assertMatch, assertStrictEquals } from "../../../../deps.ts";
import { bytesOf, request } from "../parse.ts";

const MERGE = { name: "json.mget", firstKey: 1, lastKey: -2, keyStep: 1, isRead: true };

function parse(routesDotted: boolean, ...words: string[]) {
  const protocol = createRespProtocol(null, { custom: [MERGE], routesDotted, learns: false });
  const frame = new RequestFrame();
  const bytes = bytesOf(request(...words));
  protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
  const refusal = frame.refusal === null ? null : new TextDecoder().decode(frame.refusal);
  return { frame, refusal };
}

Deno.test("a command of the configuration has its keys, and the flags it is given", () => {
  const { frame, refusal } = parse(true, "JSON.MGET", "a", "b", "$");
  assertEquals([refusal, frame.firstKey, frame.keyCount], [null, 1, 2]);
  assertEquals(frame.row!.flags, CommandFlag.Read);
  assertMatch(parse(true, "JSON.MGET").refusal!, /^-ERR wrong number of arguments/);
});

Deno.test("another name with a dot goes where its first argument is, unless that is refused", () => {
  const { frame, refusal } = parse(true, "ft.search", "index", "*");
  assertEquals([refusal, frame.firstKey, frame.keyCount], [null, 1, 1]);
  assertEquals(frame.row!.flags, CommandFlag.Write);
  assertMatch(parse(true, "ft.list").refusal!, /^-ERR unknown command 'ft.list'/);
  assertMatch(parse(false, "ft.search", "index").refusal!, /^-ERR unknown command 'ft.search'/);
  assertMatch(parse(true, "nosuch", "a.b").refusal!, /^-ERR unknown command 'nosuch'/);
});

Deno.test("without commands of its own a cluster has the table of all", () => {
  assertStrictEquals(createRespCommands([]), respCommands);
  assertEquals([isRespCommand("get"), isRespCommand("json.get")], [true, false]);
});
