import {
  Action,
  CommandFlag,
  createCommandTable,
  Merge,
} from "../../../../../src/protocol/command_table.ts";
import { definitionsOf } from "../../../../../src/protocol/resp/commands/catalogue.ts";
import { parseSpecifications } from "../../../../../src/protocol/resp/commands/key_specifications.ts";
import {
  describeTold,
  essenceOf,
  isTableName,
  learnedDescription,
  noteLearned,
  type ToldCommand,
} from "../../../../../src/protocol/resp/commands/learned.ts";
import { assertEquals, assertMatch, assertNotStrictEquals } from "../../../../deps.ts";

function told(changes: Partial<ToldCommand>, keys = "RW access update: 1"): ToldCommand {
  return {
    name: "new",
    arity: -1,
    flags: ["write"],
    categories: [],
    tips: [],
    keys: parseSpecifications(keys),
    areKeysComplete: true,
    subcommands: [],
    ...changes,
  };
}

function rowOf(command: ToldCommand) {
  return createCommandTable(definitionsOf(describeTold(command))).rows[0]!;
}

Deno.test("a command with a key goes to it, and takes at least its key", () => {
  const row = rowOf(told({}));
  assertEquals([row.action, row.arity, row.firstKey, row.lastKey], [Action.Forward, -2, 1, 1]);
  assertEquals(row.flags & CommandFlag.Write, CommandFlag.Write);
  const read = rowOf(told({ arity: 3, flags: ["readonly"] }));
  assertEquals([read.arity, read.flags], [3, CommandFlag.Read]);
  assertEquals(rowOf(told({}, "RO access: 1 to -2")).arity, -3);
});

Deno.test("keys that columns do not tell are looked for", () => {
  for (
    const keys of ["RO access: 1 counted", "RO access: 1, RW insert: 3", "RO access: K from 1"]
  ) {
    const row = rowOf(told({}, keys));
    assertEquals([row.action, row.firstKey, row.keyFinder === null], [Action.Forward, 0, false]);
  }
  assertEquals(rowOf(told({ flags: ["write", "no_mandatory_keys"] })).arity, -1);
});

Deno.test("what does not say whether it writes may write", () => {
  const command = describeTold(told({ flags: [] }));
  assertEquals(command.flags, ["write"]);
  assertEquals(command.categories, ["@write", "@slow"]);
  assertEquals(definitionsOf(command)[0]!.flags & CommandFlag.Write, CommandFlag.Write);
});

Deno.test("one that blocks gets a connection of its own", () => {
  const row = rowOf(told({ flags: ["write", "blocking"] }));
  assertEquals([row.action, row.handler], [Action.Local, "block"]);
  const flags = CommandFlag.Barrier | CommandFlag.Queued | CommandFlag.Write;
  assertEquals(row.flags, flags);
});

Deno.test("policies split over keys and go to all shards where there is a merge", () => {
  const multi = (keys: string, ...more: string[]) => {
    const { action, merge } = rowOf(told({ tips: ["request_policy:multi_shard", ...more] }, keys));
    return [action, merge];
  };
  assertEquals(multi("RO access: 1 to -1"), [Action.Split, Merge.Elements]);
  assertEquals(multi("RM delete: 1 to -1", "response_policy:agg_sum"), [Action.Split, Merge.Sum]);
  assertEquals(multi("RO access: 1 to -2"), [Action.Forward, Merge.None]);
  assertEquals(multi("RO: 1 to -1", "response_policy:special"), [Action.Forward, Merge.None]);
  const all = (...tips: string[]) => {
    const { action, merge } = rowOf(told({ flags: ["readonly"], tips }, ""));
    return [action, merge];
  };
  assertEquals(all("request_policy:all_shards"), [Action.EveryShard, Merge.Concatenated]);
  assertEquals(all("request_policy:all_nodes", "response_policy:all_succeeded"), [
    Action.EveryShard,
    Merge.FirstReply,
  ]);
  const merges = [
    ["agg_sum", Merge.Sum],
    ["agg_min", Merge.Least],
    ["agg_max", Merge.Greatest],
    ["agg_logical_and", Merge.All],
    ["agg_logical_or", Merge.Any],
    ["one_succeeded", Merge.OneSucceeded],
  ] as const;
  for (const [policy, merge] of merges) {
    const tips = ["request_policy:all_shards", `response_policy:${policy}`];
    assertEquals(all(...tips), [Action.EveryShard, merge]);
  }
});

for (
  const [what, changes, keys] of [
    ["administration", { flags: ["admin"] }, "RO: 1"],
    ["what is dangerous", { categories: ["@dangerous"] }, "RO: 1"],
    ["subscriptions", { flags: ["pubsub"] }, "RO: 1"],
    ["connections", { categories: ["@connection"] }, "RO: 1"],
    ["scripts", { categories: ["@scripting"] }, "RO: 1"],
    ["families without keys", { subcommands: [told({ name: "new|x", flags: ["fast"] }, "")] }, ""],
    ["keys that are nowhere", { flags: ["movablekeys"] }, ""],
    ["keys that are not all told", { areKeysComplete: false }, ""],
    ["a wait without a key", { flags: ["blocking"] }, ""],
    ["no policy", {}, ""],
    ["a policy that is special", { tips: ["request_policy:special"] }, ""],
    ["noscript without keys", { flags: ["noscript"], tips: ["request_policy:all_shards"] }, ""],
    ["no merge", { tips: ["request_policy:all_shards", "response_policy:special"] }, ""],
  ] as const
) {
  Deno.test(`refused with a reason: ${what}`, () => {
    const row = rowOf(told(changes, keys));
    assertEquals(row.action, Action.Refuse);
    assertMatch(row.refusal!, /^'new' is not supported: /);
  });
}

Deno.test("channels are no keys, and servers that differ do not say the same", () => {
  assertEquals(describeTold(told({}, "not_key: 1")).channels, "unnamed");
  assertEquals(essenceOf(told({})), essenceOf(told({ categories: ["@read"] })));
  assertNotStrictEquals(essenceOf(told({})), essenceOf(told({ arity: 3 })));
  assertNotStrictEquals(essenceOf(told({})), essenceOf(told({}, "RO access: 2")));
});

Deno.test("descriptions are known by row, and names are those that tables take", () => {
  const description = describeTold(told({}));
  const { rows } = createCommandTable(definitionsOf(description));
  assertEquals(learnedDescription(rows[0]!), null);
  noteLearned(rows, description);
  assertEquals(learnedDescription(rows[0]!), description);
  assertEquals(["a.b", "x".repeat(32), "a|b", "A", ""].map(isTableName), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("a family goes to the key behind its subcommand; members without one are refused", () => {
  const member = (name: string, keys: string, changes: Partial<ToldCommand> = {}) =>
    told({ name: `new|${name}`, arity: -3, ...changes }, keys);
  const description = describeTold(told({
    flags: [],
    subcommands: [
      member("get", "RO access: 2", { flags: ["readonly"] }),
      member("set", "RW update: 2"),
      member("both", "RW update: 2 to +1"),
      member("wait", "RW update: 2", { flags: ["write", "blocking"] }),
      member("admin", "RW update: 2", { flags: ["admin"] }),
      member("all", "", { tips: ["request_policy:all_shards"] }),
    ],
  }, ""));
  const served = description.subcommands.filter(({ route }) => route.reason === null);
  assertEquals(served.map(({ name, firstKey }) => [name, firstKey]), [["new|get", 2], [
    "new|set",
    2,
  ]]);
  const [row] = definitionsOf(description);
  assertEquals([row!.action, row!.keyFinder === null], [Action.Forward, false]);
  assertEquals(row!.flags, CommandFlag.Write);
});
