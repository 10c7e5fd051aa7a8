/**
 * One command as `COMMAND INFO` describes it.
 *
 * @module
 */
import { Action, CommandFlag } from "../../protocol/command_table.ts";
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import type {
  KeyRange,
  KeySpecification,
  KeyStart,
} from "../../protocol/resp/commands/key_specifications.ts";
import {
  arrayReply,
  bulkReply,
  integerReply,
  statusReply,
} from "../../protocol/resp/write/replies.ts";
import { mapReply, setReply } from "../core/reply_builder.ts";

/** The description of a command or a subcommand: ten elements, the last with those of its subcommands. */
export function describeCommand(command: CommandDescription, version: 2 | 3): Uint8Array {
  const { firstKey, lastKey, keyStep, keys } = command;
  const subcommands = toldSubcommands(command);
  return arrayReply([
    bulkReply(command.name),
    integerReply(command.arity),
    setReply(command.flags.map(statusReply), version),
    ...[firstKey, lastKey, keyStep].map(integerReply),
    setReply(command.categories.map(statusReply), version),
    setReply(command.tips.map(bulkReply), version),
    setReply(keys.map((specification) => specificationReply(specification, version)), version),
    setReply(subcommands.map((subcommand) => describeCommand(subcommand, version)), version),
  ]);
}

/**
 * The subcommands that are told: what Redis 7.0 does not have is served, and no client asks for it; what is refused
 * whatever the configuration says is not served.
 */
export function toldSubcommands({ subcommands }: CommandDescription): CommandDescription[] {
  return subcommands.filter(({ since, route }) => since === null && !isAlwaysRefused(route));
}

function isAlwaysRefused({ action, flags }: CommandDescription["route"]): boolean {
  return action === Action.Refuse && (flags & CommandFlag.Administration) === 0;
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
  if ("countedStep" in range) {
    const fields = [["keynumidx", 0], ["firstkey", 1], ["keystep", range.countedStep]] as const;
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
