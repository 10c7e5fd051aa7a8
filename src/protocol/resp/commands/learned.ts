/**
 * Commands that only the servers know: what their COMMAND says becomes a description and a row, as a record does. What
 * cannot be routed safely by that becomes a row, too, one that is refused with the reason.
 *
 * @module
 */
import {
  Action,
  CommandFlag,
  type CommandRow,
  type MergeCode,
  Timeout,
} from "../../command_table.ts";
import { keySearchOf } from "../key_finders/parsed_keys.ts";
import { keysBySpecification } from "../key_finders/routed_keys.ts";
import type { CommandDescription } from "./catalogue.ts";
import { categoriesOf } from "./categories.ts";
import {
  areMovable,
  columnsOf,
  type KeyColumns,
  type KeySpecification,
} from "./key_specifications.ts";
import { ALLOWED_ADMINISTRATION } from "./reasons.ts";
import {
  All,
  Any,
  BEHIND_SUBCOMMAND,
  blocks,
  BY_KEY,
  Concatenated,
  Elements,
  everyShard,
  FirstReply,
  Greatest,
  keysBy,
  Least,
  OneSucceeded,
  refused,
  type Route,
  split,
  Sum,
  WITH_ITS_COMMAND,
} from "./route.ts";

/** What a server says of one command. */
export interface ToldCommand {
  /** Lower case. */
  readonly name: string;
  readonly arity: number;
  readonly flags: readonly string[];
  readonly categories: readonly string[];
  readonly tips: readonly string[];
  /** Those whose place is told. */
  readonly keys: readonly KeySpecification[];
  /** Whether these are all keys that it may have, so that nobody reaches others by it. */
  readonly areKeysComplete: boolean;
  /** Their names stand behind this one's: `new|set`. */
  readonly subcommands: readonly ToldCommand[];
}

/** Longest name that is taken, in bytes: what tables take. */
const NAME_PATTERN = /^[\x21-\x40\x5b-\x7b\x7d\x7e]{1,31}$/;

/** Why a learned command is refused. */
const UNPLACED = "the servers do not say which of them it is for";
const UNMERGED = "the servers do not say how their replies to it become one";
const UNTOLD_KEYS = "the servers do not say where its keys are";
const OF_CONNECTIONS = "it is about a connection, and clients share those to the servers";
const OF_SCRIPTS = "it runs scripts in a way that is not known here";
const OF_FAMILIES = "it is of a family of commands, and has no key right behind its name";
const KEYLESS_WAIT = "it blocks without a key";

/** Whether a table takes this name. */
export function isTableName(name: string): boolean {
  return NAME_PATTERN.test(name);
}

/** The description of a command that was learned. */
export function describeTold(told: ToldCommand): CommandDescription {
  const { name, keys } = told;
  const flags = told.flags.filter((flag) => flag !== "movablekeys");
  // Nothing is known of what it does to data: it is treated as the worst.
  const saysNothing = !flags.includes("write") && !flags.includes("readonly");
  if (saysNothing && told.subcommands.length === 0) flags.push("write");
  const columns = columnsOf(keys);
  const route = routeOf(told);
  const areFixed = route.keyFinder === null && route.action !== Action.Refuse;
  return {
    name,
    arity: arityOf(told, areFixed ? wordsNeeded(columns) : 1),
    flags,
    // Of the commands of modules some servers tell no categories.
    categories: categoriesOf(told.categories.join(" "), flags),
    keys,
    ...(areFixed ? columns : { firstKey: 0, lastKey: 0, keyStep: 0 }),
    keyParser: null,
    keySearch: keySearchOf(keys, null),
    tips: told.tips,
    channels: keys.some(({ flags }) => flags.includes("not_key")) ? "unnamed" : null,
    states: [],
    since: null,
    isUntested: false,
    areKeysKnown: told.areKeysComplete,
    route,
    subcommands: told.subcommands.map(describeMember),
  };
}

/** A subcommand goes where the key right behind it is, or is refused. */
function describeMember(told: ToldCommand): CommandDescription {
  return { ...describeTold(told), ...columnsOf(told.keys), route: memberRoute(told) };
}

function memberRoute(told: ToldCommand): Route {
  const route = routeOf(told);
  if (route.action === Action.Refuse) return route;
  const { firstKey, lastKey } = columnsOf(told.keys);
  const isBehindIt = told.keys.length === 1 && firstKey === 2 && lastKey === 2;
  return isBehindIt && route.action === Action.Forward ? WITH_ITS_COMMAND : refused(OF_FAMILIES);
}

/** What two servers must say alike of a command for it to be the same one. */
export function essenceOf(told: ToldCommand): string {
  const { action, merge, reason, handler } = routeOf(told);
  const { arity, keys, areKeysComplete, subcommands } = told;
  const members = subcommands.map((member) => member.name + essenceOf(member)).sort();
  return JSON.stringify([arity, keys, areKeysComplete, action, merge, reason, handler, members]);
}

/** Words of the shortest request that has its first keys. */
function wordsNeeded({ firstKey, lastKey }: KeyColumns): number {
  return lastKey < 0 ? firstKey - lastKey : Math.max(firstKey, lastKey) + 1;
}

/** What the server says, but at least as many words as the keys need. */
function arityOf({ arity }: ToldCommand, needed: number): number {
  return arity >= needed ? arity : -Math.max(Math.abs(arity), needed);
}

function routeOf(told: ToldCommand): Route {
  const { flags, categories, keys, subcommands } = told;
  const isOf = (...names: string[]) => names.some((name) => categories.includes(name));
  if (flags.includes("admin") || isOf("@admin", "@dangerous")) {
    return refused(ALLOWED_ADMINISTRATION);
  }
  if (flags.includes("pubsub") || flags.includes("no_auth")) return refused(OF_CONNECTIONS);
  if (isOf("@connection", "@transaction", "@pubsub")) return refused(OF_CONNECTIONS);
  if (isOf("@scripting")) return refused(OF_SCRIPTS);
  if (subcommands.length > 0) {
    const isServed = subcommands.some((member) => memberRoute(member).reason === null);
    return isServed ? BEHIND_SUBCOMMAND : refused(OF_FAMILIES);
  }
  if (keys.length > 0) return keyedRoute(told);
  if (flags.includes("movablekeys") || !told.areKeysComplete) return refused(UNTOLD_KEYS);
  if (flags.includes("blocking")) return refused(KEYLESS_WAIT);
  return keylessRoute(told);
}

function keyedRoute({ flags, keys, tips }: ToldCommand): Route {
  const finder = isOneRange(keys) && !flags.includes("no_mandatory_keys")
    ? null
    : keysBySpecification(keys);
  const write = unsaidWrite(flags);
  if (flags.includes("blocking")) {
    const route = blocks(Timeout.None);
    return { ...route, keyFinder: finder, flags: route.flags | write };
  }
  const merge = tips.includes("request_policy:multi_shard") && finder === null && isAllWords(keys)
    ? splitMerge(tips)
    : null;
  const route = merge !== null ? split(merge) : finder === null ? BY_KEY : keysBy(finder);
  return { ...route, flags: route.flags | write };
}

function keylessRoute({ flags, tips }: ToldCommand): Route {
  const isForAll = tips.includes("request_policy:all_shards") ||
    tips.includes("request_policy:all_nodes");
  if (!isForAll || flags.includes("noscript")) return refused(UNPLACED);
  const policy = responsePolicy(tips);
  const merge = policy === null ? Concatenated : MERGES.get(policy);
  if (merge === undefined) return refused(UNMERGED);
  const route = everyShard(merge);
  return { ...route, flags: route.flags | unsaidWrite(flags) };
}

/** By response policy; `special` says nothing that holds of every command. */
const MERGES: ReadonlyMap<string, MergeCode> = new Map([
  ["agg_sum", Sum],
  ["agg_min", Least],
  ["agg_max", Greatest],
  ["agg_logical_and", All],
  ["agg_logical_or", Any],
  ["all_succeeded", FirstReply],
  ["one_succeeded", OneSucceeded],
]);

function responsePolicy(tips: readonly string[]): string | null {
  const prefix = "response_policy:";
  return tips.find((tip) => tip.startsWith(prefix))?.slice(prefix.length) ?? null;
}

/** How the replies of parts become one; null: it is not to be split. */
function splitMerge(tips: readonly string[]): MergeCode | null {
  const policy = responsePolicy(tips);
  return policy === null ? Elements : MERGES.get(policy) ?? null;
}

/** The bit of what may write, where the server does not say whether it does. */
function unsaidWrite(flags: readonly string[]): number {
  return flags.includes("readonly") || flags.includes("write") ? 0 : CommandFlag.Write;
}

/** Whether the columns of a row tell all keys. */
function isOneRange(keys: readonly KeySpecification[]): boolean {
  if (areMovable(keys)) return false;
  const [first] = keys;
  const { keyStep } = columnsOf(keys);
  return keys.length === 1 && first!.range !== null && "last" in first!.range &&
    first!.range.limit <= 1 && (keyStep === 1 || isAllWords(keys));
}

/** Whether all words behind the name are keys, or keys with what belongs to each. */
function isAllWords([key]: readonly KeySpecification[]): boolean {
  const { firstKey, lastKey } = columnsOf([key!]);
  return firstKey === 1 && lastKey === -1;
}

/** Descriptions of learned rows. */
const descriptions = new WeakMap<CommandRow, CommandDescription>();

/** What is known of the command of a row that was learned; null of any other. */
export function learnedDescription(row: CommandRow): CommandDescription | null {
  return descriptions.get(row) ?? null;
}

/** Notes what the rows of a learned command are of. */
export function noteLearned(rows: readonly CommandRow[], description: CommandDescription): void {
  for (const row of rows) descriptions.set(row, description);
}
