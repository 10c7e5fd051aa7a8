/**
 * What follows from the records of commands: a description for whoever asks, and the rows that requests are routed by.
 *
 * @module
 */
import {
  Action,
  BLOCKING_FORM_SUFFIX,
  type CommandDefinition,
  CommandFlag,
  type KeyFinder,
  Timeout,
} from "../../command_table.ts";
import { keySearchOf } from "../key_finders/parsed_keys.ts";
import { keysBySpecification } from "../key_finders/routed_keys.ts";
import type { KeySearch } from "../key_finders/specified_keys.ts";
import { subcommandKeys } from "../key_finders/subcommand_keys.ts";
import { categoriesOf } from "./categories.ts";
import type { KeyParserId } from "./handlers.ts";
import {
  areLookedFor,
  areMovable,
  columnsOf,
  type KeyColumns,
  type KeySpecification,
  parseSpecifications,
} from "./key_specifications.ts";
import { refusalText } from "./reasons.ts";
import type { ChannelUse, CommandGroup, CommandRecord, State } from "./record.ts";
import type { Route } from "./route.ts";

/** All that is known of one command or subcommand, for those who ask; requests are routed by rows. */
export interface CommandDescription extends KeyColumns {
  /** Lower case; of a subcommand `client|list`. */
  readonly name: string;
  readonly arity: number;
  /** In Redis's words and order. */
  readonly flags: readonly string[];
  /** Categories in access control lists, in Redis's order. */
  readonly categories: readonly string[];
  readonly keys: readonly KeySpecification[];
  readonly keyParser: KeyParserId | null;
  /** Finds the keys of its requests; null: it has none. */
  readonly keySearch: KeySearch | null;
  readonly tips: readonly string[];
  readonly channels: ChannelUse | null;
  readonly states: readonly State[];
  /** The first version that has it, where that is later than Redis 7.0. */
  readonly since: string | null;
  /** No server of the tests has it. */
  readonly isUntested: boolean;
  /** Whether `keys` tells all keys that it may reach; if not, nobody may use it whose keys are limited. */
  readonly areKeysKnown: boolean;
  readonly route: Route;
  readonly subcommands: readonly CommandDescription[];
}

/** Between the name of a command and that of its subcommand. */
const SEPARATOR = "|";

/**
 * The commands of a group, each with its subcommands.
 *
 * @throws {Error} If a subcommand does not stand behind its command: a programming error.
 */
export function describeGroup({ category, records }: CommandGroup): readonly CommandDescription[] {
  const members = new Map<string, CommandRecord[]>();
  for (const record of records) {
    const [family, subcommand] = record[0].split(SEPARATOR) as [string, string | undefined];
    if (subcommand === undefined) members.set(family, []);
    else if (members.has(family)) members.get(family)!.push(record);
    else throw new Error(`Cannot describe "${record[0]}": it stands before its command`);
  }
  return records.filter(([name]) => members.has(name)).map((record) => {
    const subcommands = members.get(record[0])!.map((member) => describe(member, category));
    return describe(record, category, subcommands);
  });
}

/** The description of a record of a group whose category is `category`. */
export function describe(
  [name, arity, flagWords, keyText, route, more = {}]: CommandRecord,
  category = "",
  subcommands: readonly CommandDescription[] = [],
): CommandDescription {
  const keys = parseSpecifications(keyText);
  const flags = flagWords === "" ? [] : flagWords.split(" ");
  if (areMovable(keys)) flags.push("movablekeys");
  // What a family of commands is follows from the subcommand, unless it is a command itself.
  const named = flags.length === 0 && subcommands.length > 0 ? "" : more.categories ?? category;
  return {
    name,
    arity,
    flags,
    categories: categoriesOf(named, flags),
    keys,
    ...columnsOf(keys),
    keyParser: more.keyParser ?? null,
    keySearch: keySearchOf(keys, more.keyParser ?? null),
    tips: more.tips === undefined ? [] : tipsOf(more.tips),
    channels: more.channels ?? null,
    states: more.states ?? [],
    since: more.since ?? null,
    isUntested: more.untested ?? false,
    areKeysKnown: true,
    route,
    subcommands,
  };
}

/** The tips in Redis's form: those about the reply as they are, then the policies with their names. */
function tipsOf(text: string): string[] {
  const words = text.split(" ");
  const tips = words.filter((word) => word.startsWith("nondeterministic_"));
  const [request, response] = words.slice(tips.length);
  if (request !== undefined) tips.push(`request_policy:${request}`);
  if (response !== undefined) tips.push(`response_policy:${response}`);
  return tips;
}

/** The rows of a command: one, and another one for its form that may block. */
export function definitionsOf(command: CommandDescription): CommandDefinition[] {
  const { name, arity, firstKey, lastKey, keyStep, route } = command;
  const row: CommandDefinition = {
    name,
    arity,
    flags: rowFlags(command),
    action: route.action,
    firstKey,
    lastKey,
    keyStep,
    keyFinder: keyFinderOf(command),
    merge: route.merge,
    refusal: route.reason === null ? null : refusalText(name, route.reason),
    handler: route.action === Action.Local ? route.handler : null,
    timeout: route.action === Action.Local ? route.timeout : Timeout.None,
  };
  if (!route.mayBlock) return [row];
  return [row, {
    ...row,
    name: name + BLOCKING_FORM_SUFFIX,
    flags: row.flags | CommandFlag.Barrier | CommandFlag.Queued,
    action: Action.Local,
    handler: route.handler,
    timeout: route.timeout,
  }];
}

/** Who finds the keys of requests; null: they have the places that the columns say, or nobody looks for them. */
function keyFinderOf(command: CommandDescription): KeyFinder | null {
  const { keys, route } = command;
  if (route.isBehindSubcommand) return subcommandKeys(command);
  if (route.keyFinder !== null || route.action === Action.Refuse) return route.keyFinder;
  return areLookedFor(keys) ? keysBySpecification(keys, route.keyRefusal ?? undefined) : null;
}

/** The bits of a row's flags that say in which states a command is treated otherwise. */
const STATE_FLAGS: Readonly<Record<State, number>> = {
  subscribed: CommandFlag.Subscribed,
  paused_as_write: CommandFlag.PausedAsWrite,
  serverless: CommandFlag.Serverless,
  unpaused: CommandFlag.Unpaused,
  unlimited: CommandFlag.Unlimited,
  queued: CommandFlag.Queued,
  // Said of subcommands, which have no rows.
  asks_one: 0,
  keyless: 0,
};

function rowFlags({ flags, states, subcommands, route }: CommandDescription): number {
  let bits = route.flags;
  for (const state of states) bits |= STATE_FLAGS[state];
  if (flags.includes("no_auth")) bits |= CommandFlag.NoAuth;
  // Some members may be administration, though most are not.
  for (const member of subcommands) bits |= member.route.flags & CommandFlag.Administration;
  // A family of commands does what its members do, as far as they go to a key.
  const members = route.isBehindSubcommand ? subcommands.filter(({ keys }) => keys.length > 0) : [];
  const words = new Set([...flags, ...members.flatMap((member) => member.flags)]);
  if (words.has("write")) bits |= CommandFlag.Write;
  else if (words.has("readonly")) bits |= CommandFlag.Read;
  // Redis does not say whether a script writes.
  else if ((bits & CommandFlag.Script) !== 0) bits |= CommandFlag.Write;
  return bits;
}
