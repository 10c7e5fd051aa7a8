/** The command table beside what a real redis-server 7.0 says of its commands. */
import { respDescriptions } from "../../../../../src/protocol/resp/commands/mod.ts";
import {
  Action,
  CommandFlag,
  type CommandRow,
  isBlockingForm,
} from "../../../../../src/protocol/command_table.ts";
import { assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/servers/redis_server.ts";
import { protocol } from "../parse.ts";

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

/** Redis 7.4's commands on the expiry of hash fields: arity and flag as its command files have them. */
const SINCE_7_4: Record<string, [arity: number, flag: string]> = {
  hexpire: [-6, "write"],
  hexpireat: [-6, "write"],
  hexpiretime: [-5, "readonly"],
  hpersist: [-5, "write"],
  hpexpire: [-6, "write"],
  hpexpireat: [-6, "write"],
  hpexpiretime: [-5, "readonly"],
  hpttl: [-5, "readonly"],
  httl: [-5, "readonly"],
};

/** Arities that later servers have made wider; what 7.0 does not take it refuses itself. */
const WIDER: Record<string, [arity: number, version: string]> = {
  zrank: [-3, "Redis 7.2 has WITHSCORE"],
  zrevrank: [-3, "Redis 7.2 has WITHSCORE"],
};

function laterNames(): string[] {
  return [...respDescriptions.values()].filter(({ name, since }) =>
    since !== null && !name.includes("|")
  )
    .map(({ name }) => name);
}

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
  if ((row.flags & CommandFlag.Read) !== 0) return "readonly";
  return (row.flags & CommandFlag.Write) !== 0 ? "write" : "";
}

Deno.test("rows equal what redis-server 7.0 says of its commands", async () => {
  await using server = await startRedisServer();
  const listed = await server.call("COMMAND") as unknown[][];
  const names = new Set<string>();
  const otherFlags: Record<string, [string, string, string]> = {};
  for (const [name, arity, flagList, firstKey, lastKey, keyStep] of listed) {
    names.add(String(name));
    const row = rowOf(String(name));
    const wider = WIDER[String(name)];
    if (wider !== undefined) assertEquals(-Number(arity), wider[0], wider[1]);
    assertEquals(columns(row), [name, wider?.[0] ?? arity, firstKey, lastKey, keyStep]);
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
  const newer = protocol.commands.rows.filter(({ name }) =>
    !names.has(name) && !isBlockingForm(name)
  );
  assertEquals(newer.map((row) => row.name).sort(), laterNames().sort());
});

Deno.test("the commands of Redis 7.4 on hash fields go where their hash is", () => {
  for (const [name, [arity, flag]] of Object.entries(SINCE_7_4)) {
    const row = rowOf(name);
    assertEquals(columns(row), [name, arity, 1, 1, 1]);
    assertEquals([row.action, flagText(row)], [Action.Forward, flag], name);
  }
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
