/**
 * Descriptions of commands that no server here has; `tests/servers/redis_command_test.ts` compares the others.
 *
 * @module
 */
import { respCommands, respDescriptions } from "../../../../src/protocol/resp/commands/mod.ts";
import type { CommandDescription } from "../../../../src/protocol/resp/commands/catalogue.ts";
import {
  createRespCommands,
  descriptionOf,
} from "../../../../src/protocol/resp/commands/custom.ts";
import type { CommandRow } from "../../../../src/protocol/command_table.ts";
import { describeCommand } from "../../../../src/redis/server/command_description.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

function commandOf(
  name: string,
  rows: readonly CommandRow[] = respCommands.rows,
): CommandDescription {
  return descriptionOf(rows.find((row) => row.name === name)!);
}

/** A reply on one line. */
function lineOf(reply: Uint8Array): string {
  return textOf(reply).replaceAll("\r\n", " ").trim();
}

Deno.test("flags are Redis's where it has the command, else what its row knows", () => {
  assertEquals(commandOf("get").flags, ["readonly", "fast"]);
  assertEquals(commandOf("client").flags, []);
  assertEquals(commandOf("hgetdel").flags, ["write", "fast"]);
  assertEquals(commandOf("msetex").flags, ["write", "denyoom", "movablekeys"]);
});

Deno.test("a later command and a configured one have the keys of their columns", () => {
  assertEquals(
    lineOf(describeCommand(commandOf("httl"), 2)),
    "*10 $4 httl :-5 *2 +readonly +fast :1 :1 :1 *3 +@read +@hash +@fast *0 *1 *6 $5 flags *2 " +
      "+RO +access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 " +
      "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0 *0",
  );
  const custom = { name: "a.b", firstKey: 2, lastKey: -1, keyStep: 1, isRead: false };
  const { rows } = createRespCommands([custom]);
  assert(
    lineOf(describeCommand(commandOf("a.b", rows), 3)).includes(
      "%3 $5 flags ~3 +RW +access +update $12 begin_search %2 $4 type $5 index $4 spec %1 " +
        "$5 index :2 $9 find_keys %2 $4 type $5 range $4 spec %3 $7 lastkey :-1",
    ),
  );
});

Deno.test("keywords, counted keys and unknown places have forms of their own", () => {
  const cases: [string, string][] = [
    ["xread", "$7 keyword $4 spec *4 $7 keyword $7 STREAMS $9 startfrom :1"],
    ["zunion", "$6 keynum $4 spec *6 $9 keynumidx :0 $8 firstkey :1 $7 keystep :1"],
    ["sort", "$12 begin_search *4 $4 type $7 unknown $4 spec *0 $9 find_keys *4"],
  ];
  for (const [name, part] of cases) {
    assert(lineOf(describeCommand(commandOf(name), 2)).includes(part), name);
  }
});

Deno.test("families describe their subcommands", () => {
  const one = lineOf(describeCommand(respDescriptions.get("object|freq")!, 2));
  assert(one.includes("*10 $11 object|freq :3 *1 +readonly :2 :2 :1 *3 +@keyspace +@read"));
  assert(lineOf(describeCommand(commandOf("object"), 2)).includes(one));
});
