/**
 * What follows from records; `mod_test.ts` and `tests/servers/redis_command_test.ts` compare all of it with a server's.
 *
 * @module
 */
import { Action, CommandFlag, Merge, Timeout } from "../../../../../src/protocol/command_table.ts";
import {
  definitionsOf,
  describe,
  describeGroup,
} from "../../../../../src/protocol/resp/commands/catalogue.ts";
import type { CommandRecord } from "../../../../../src/protocol/resp/commands/record.ts";
import {
  BEHIND_SUBCOMMAND,
  BY_KEY,
  mayBlock,
  refused,
  script,
  WITH_ITS_COMMAND,
} from "../../../../../src/protocol/resp/commands/route.ts";
import { assertEquals, assertThrows } from "../../../../deps.ts";

const { Barrier, Read, Script, Write } = CommandFlag;
const finder = () => {};
const refuseNothing = () => null;

function rowOf(...record: CommandRecord) {
  return definitionsOf(describe(record))[0]!;
}

Deno.test("a record becomes a row of its columns and nothing else", () => {
  assertEquals(rowOf("lcs", -3, "readonly", "RO access: 1 to +1", BY_KEY), {
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
    handler: null,
    timeout: Timeout.None,
  });
});

Deno.test("states become bits of the row, and so does what Redis says of logins", () => {
  const row = rowOf("quit", -1, "no_auth fast", "", BY_KEY, {
    states: ["subscribed", "serverless"],
  });
  const { NoAuth, Serverless, Subscribed } = CommandFlag;
  assertEquals(row.flags, NoAuth | Subscribed | Serverless);
});

Deno.test("scripts count as writing unless their command says that they do not", () => {
  assertEquals(rowOf("eval", -3, "noscript", "", script(refuseNothing)).flags, Write | Script);
  assertEquals(rowOf("eval_ro", -3, "readonly", "", script(refuseNothing)).flags, Read | Script);
});

Deno.test("a command that may block has a second row for it", () => {
  const command = describe(["xread", -4, "readonly", "", mayBlock(finder)]);
  const columns = definitionsOf(command).map(({ name, action, flags, handler }) => [
    ...[name, action, flags, handler],
  ]);
  assertEquals(columns, [
    ["xread", Action.Forward, Read, null],
    ["xread|block", Action.Local, Read | Barrier | CommandFlag.Queued, "block"],
  ]);
});

Deno.test("a family has its subcommands, and reads or writes as those with keys do", () => {
  const [memory] = describeGroup({
    title: "",
    category: "@keyspace",
    records: [
      ["memory", -2, "", "", BEHIND_SUBCOMMAND],
      ["memory|doctor", 2, "write", "", refused("no")],
      ["memory|usage", -3, "readonly", "RO: 2", WITH_ITS_COMMAND, { categories: "" }],
    ],
  });
  assertEquals(memory!.subcommands.map(({ name }) => name), ["memory|doctor", "memory|usage"]);
  assertEquals(memory!.categories, ["@slow"]);
  assertEquals(memory!.subcommands[0]!.categories, ["@keyspace", "@write", "@slow"]);
  assertEquals(memory!.subcommands[1]!.categories, ["@read", "@slow"]);
  assertEquals(definitionsOf(memory!)[0]!.flags, Read);
});

Deno.test("a subcommand without its command is an error", () => {
  const records: CommandRecord[] = [["object|freq", 3, "readonly", "RO: 2", WITH_ITS_COMMAND]];
  assertThrows(
    () => describeGroup({ title: "", category: "", records }),
    Error,
    '"object|freq": it stands before its command',
  );
});

Deno.test("tips are what is said of the reply, then the policies", () => {
  const tipsOf = (tips: string) => describe(["a", 1, "", "", BY_KEY, { tips }]).tips;
  assertEquals(tipsOf("nondeterministic_output_order all_shards"), [
    ...["nondeterministic_output_order", "request_policy:all_shards"],
  ]);
  assertEquals(tipsOf("multi_shard agg_sum"), [
    ...["request_policy:multi_shard", "response_policy:agg_sum"],
  ]);
  assertEquals(tipsOf("nondeterministic_output"), ["nondeterministic_output"]);
  assertEquals(describe(["a", 1, "", "", BY_KEY]).tips, []);
});
