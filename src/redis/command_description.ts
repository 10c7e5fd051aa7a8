/**
 * One command as `COMMAND INFO` describes it: its row, and what Redis's clients are told besides.
 *
 * @module
 */
import { CommandFlag, type CommandRow } from "../protocol/command_table.ts";
import { categoriesOf } from "../protocol/resp/commands/categories.ts";
import { commandFlags } from "../protocol/resp/commands/flags.ts";
import {
  type KeyRange,
  type KeySpecification,
  keySpecifications,
  type KeyStart,
} from "../protocol/resp/commands/key_specifications.ts";
import { subcommandArities } from "../protocol/resp/commands/subcommands.ts";
import { tipsOf } from "../protocol/resp/commands/tips.ts";
import { arrayReply, bulkReply, integerReply, statusReply } from "../protocol/resp/replies.ts";
import { mapReply, setReply } from "./reply_builder.ts";

/** Full names of the subcommands that are served, by command. */
export const subcommandsOf: ReadonlyMap<string, readonly string[]> = Map.groupBy(
  subcommandArities.keys(),
  (name) => name.slice(0, name.indexOf("|")),
);

/** The description of a command: ten elements, the last with those of its subcommands. */
export function describeCommand(row: CommandRow, version: 2 | 3): Uint8Array {
  const subcommands = subcommandsOf.get(row.name) ?? [];
  const described = subcommands.map((name) => describeSubcommand(name, version));
  return describe(row.name, row.arity, flagsOf(row), keysOf(row), {
    columns: [row.firstKey, row.lastKey, row.keyStep],
    subcommands: described,
    version,
  });
}

/** The flags of a row: those of Redis 7.0, or what the proxy knows itself of later and of configured commands. */
export function flagsOf(row: CommandRow): readonly string[] {
  const flags = commandFlags.get(row.name);
  if (flags !== undefined) return flags.split(" ");
  if (subcommandsOf.has(row.name)) return [];
  const own: string[] = [];
  if ((row.flags & CommandFlag.Write) !== 0) own.push("write");
  if ((row.flags & CommandFlag.Read) !== 0) own.push("readonly");
  if (row.keyFinder !== null) own.push("movablekeys");
  return own;
}

/** The flags of a subcommand by its full name. */
export function subcommandFlags(name: string): readonly string[] {
  return commandFlags.get(name)?.split(" ") ?? [];
}

/** The description of a subcommand by its full name, such as `client|list`. */
export function describeSubcommand(name: string, version: 2 | 3): Uint8Array {
  const specifications = keySpecifications.get(name) ?? [];
  const start = specifications[0]?.start;
  const first = start && "index" in start ? start.index : 0;
  const flags = subcommandFlags(name);
  return describe(name, subcommandArities.get(name)!, flags, specifications, {
    columns: first === 0 ? [0, 0, 0] : [first, first, 1],
    subcommands: [],
    version,
  });
}

function describe(
  name: string,
  arity: number,
  flags: readonly string[],
  specifications: readonly KeySpecification[],
  { columns, subcommands, version }: {
    columns: readonly [firstKey: number, lastKey: number, keyStep: number];
    subcommands: readonly Uint8Array[];
    version: 2 | 3;
  },
): Uint8Array {
  return arrayReply([
    bulkReply(name),
    integerReply(arity),
    setReply(flags.map(statusReply), version),
    ...columns.map(integerReply),
    setReply(categoriesOf(name, flags).map(statusReply), version),
    setReply(tipsOf(name).map(bulkReply), version),
    setReply(specifications.map((keys) => specificationReply(keys, version)), version),
    setReply(subcommands, version),
  ]);
}

/** The specifications of a row: those of Redis 7.0, or what its columns say. */
function keysOf(row: CommandRow): readonly KeySpecification[] {
  const known = keySpecifications.get(row.name);
  if (known !== undefined || commandFlags.has(row.name) || row.firstKey === 0) return known ?? [];
  const last = row.lastKey < 0 ? row.lastKey : row.lastKey - row.firstKey;
  return [{
    flags: accessOf(row),
    start: { index: row.firstKey },
    range: { last, step: row.keyStep, limit: 0 },
  }];
}

/** What a command that Redis 7.0 does not have does to its keys, as far as its row knows. */
export function accessOf({ flags }: CommandRow): readonly string[] {
  return (flags & CommandFlag.Read) !== 0 ? ["RO", "access"] : ["RW", "access", "update"];
}

function specificationReply(
  { flags, start, range }: KeySpecification,
  version: 2 | 3,
): Uint8Array {
  return mapReply([
    ["flags", setReply(flags.map(statusReply), version)],
    ["begin_search", partReply(startPart(start), version)],
    ["find_keys", partReply(rangePart(range), version)],
  ], version);
}

/** A part of a specification: its kind, and the fields of this kind. */
type Part = readonly [type: string, fields: readonly (readonly [string, Uint8Array])[]];

function startPart(start: KeyStart): Part {
  if (start === null) return ["unknown", []];
  if ("index" in start) return ["index", [["index", integerReply(start.index)]]];
  const { keyword, startFrom } = start;
  return ["keyword", [["keyword", bulkReply(keyword)], ["startfrom", integerReply(startFrom)]]];
}

function rangePart(range: KeyRange): Part {
  if (range === null) return ["unknown", []];
  if (range === "counted") {
    const fields = [["keynumidx", 0], ["firstkey", 1], ["keystep", 1]] as const;
    return ["keynum", fields.map(([name, value]) => [name, integerReply(value)] as const)];
  }
  const fields = [["lastkey", range.last], ["keystep", range.step], [
    "limit",
    range.limit,
  ]] as const;
  return ["range", fields.map(([name, value]) => [name, integerReply(value)] as const)];
}

function partReply([type, fields]: Part, version: 2 | 3): Uint8Array {
  return mapReply([["type", bulkReply(type)], ["spec", mapReply(fields, version)]], version);
}
