import { Action, CommandFlag, Merge, Timeout } from "../../../../../src/protocol/command_table.ts";
import { definitionsOf, describe } from "../../../../../src/protocol/resp/commands/catalogue.ts";
import type { CommandRecord } from "../../../../../src/protocol/resp/commands/record.ts";
import {
  administration,
  answered,
  blocks,
  everyShard,
  keysBy,
  LastWord,
  ofAllShards,
  published,
  refused,
  split,
  Sum,
} from "../../../../../src/protocol/resp/commands/route.ts";
import { assertEquals, assertStrictEquals } from "../../../../deps.ts";

const { Administration, AllShards, Barrier, Broadcast, Queued, Write } = CommandFlag;
const finder = () => {};

function rowOf(...record: CommandRecord) {
  return definitionsOf(describe(record))[0]!;
}

Deno.test("the route says what is done with it", () => {
  const del = rowOf("del", -2, "write", "RM delete: 1 to -1", split(Sum));
  assertEquals([del.action, del.flags, del.merge], [Action.Split, Write, Merge.Sum]);
  assertEquals(rowOf("dbsize", 1, "readonly", "", everyShard(Sum)).action, Action.EveryShard);
  const ping = rowOf("ping", -1, "fast", "", answered("ping", "PONG"));
  assertEquals([ping.action, ping.flags, ping.handler], [Action.Local, 0, "ping"]);
  const pop = rowOf("blpop", -3, "write", "RW: 1 to -2", blocks(LastWord));
  assertEquals([pop.action, pop.flags], [Action.Local, Write | Barrier | Queued]);
  assertEquals([pop.handler, pop.timeout], ["block", Timeout.LastWord]);
  assertStrictEquals(pop.keyFinder, null);
  const sorted = rowOf("sort", -2, "write", "RW: 1", keysBy(finder));
  assertStrictEquals(sorted.keyFinder, finder);
  const keys = rowOf("keys", 2, "readonly", "", refused("too many"));
  assertEquals([keys.action, keys.refusal], [Action.Refuse, "'keys' is not supported: too many"]);
  assertEquals(rowOf("acl", -2, "", "", administration("no")).flags, Administration);
  assertEquals(rowOf("publish", 3, "", "", published(finder, "by channel")).flags, Broadcast);
  const scan = rowOf("scan", -2, "", "", ofAllShards(answered("scan", "all")));
  assertEquals([scan.action, scan.flags], [Action.Local, AllShards]);
});
