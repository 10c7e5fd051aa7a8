import { Action, CommandFlag, Merge } from "../../../../../src/protocol/command_table.ts";
import {
  barrier,
  forward,
  local,
  moving,
  refusalText,
  refuse,
  split,
} from "../../../../../src/protocol/resp/commands/row.ts";
import { assertEquals, assertStrictEquals } from "../../../../deps.ts";

const { Read, Write } = CommandFlag;

Deno.test("a forwarded row has its columns and nothing else", () => {
  assertEquals(forward("lcs", -3, Read, 1, 2, 1), {
    name: "lcs",
    arity: -3,
    flags: Read,
    firstKey: 1,
    lastKey: 2,
    keyStep: 1,
    action: Action.Forward,
    keyFinder: null,
    merge: Merge.None,
    refusal: null,
  });
});

Deno.test("the other rows differ from it in what the proxy does", () => {
  const finder = () => {};
  const moved = moving("sort", -2, Write, 1, 1, 1, finder);
  assertStrictEquals(moved.keyFinder, finder);
  assertEquals(moved.action, Action.Forward);
  const del = split("del", -2, Write, 1, -1, 1, Merge.Sum);
  assertEquals([del.action, del.merge], [Action.Split, Merge.Sum]);
  const ping = local("ping", -1);
  assertEquals([ping.action, ping.flags, ping.firstKey, ping.lastKey], [Action.Local, 0, 0, 0]);
  const hello = barrier("hello", -1);
  assertEquals([hello.action, hello.flags], [Action.Local, CommandFlag.Barrier]);
  const keys = refuse("keys", 2, Read, 0, 0, 0, "too many");
  assertEquals([keys.action, keys.refusal], [Action.Refuse, "'keys' is not supported: too many"]);
  assertEquals(refusalText("xread block", "why"), "'xread block' is not supported: why");
});
