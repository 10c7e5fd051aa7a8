/**
 * What one user may do, told from the records of commands. For each row of the table it is known beforehand whether
 * its requests pass as they are, pass if their keys may be used, or have to be looked at.
 *
 * @module
 */
import type { ClusterConfig, UserLimits } from "../../config/config.ts";
import { GrantedCommands, type RuledCommands } from "../../protocol/command_rules.ts";
import type { CommandRow, CommandTable } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import { DOTTED_DESCRIPTION, DOTTED_ROW } from "../../protocol/resp/commands/custom.ts";
import { isWord } from "../../protocol/resp/decimal.ts";
import { KeyProblem } from "../../protocol/resp/key_finders/specified_keys.ts";
import { KeyList } from "../core/key_list.ts";
import type { LocalRequest } from "../core/local_request.ts";
import {
  describedCommand,
  hasKeys,
  isAdministration,
  isNoteworthy,
  isOfScripts,
  nameOf,
  onlyReads,
  reachesUnnamedKeys,
  readsUnnamedKeys,
  subcommandOf,
  textAt,
  useAlike,
  useOf,
} from "./command_facts.ts";
import { KeyPatterns, KeyUse } from "./key_patterns.ts";

/** What is done with requests of one row. */
export const Check = {
  /** Nothing. */
  None: 0,
  /** Their keys are compared. */
  Keys: 1,
  /** They are looked at. */
  All: 2,
} as const;

/** Why a request is denied. */
export interface Denial {
  readonly reason: "command" | "key" | "channel";
  /** The command's name as denials have it: `get`, `config|set`. */
  readonly command: string;
  /** What may not be used: the command's name, a key or a channel, with one character a byte. */
  readonly object: string;
  /** An option that reads keys which it does not name, `BY` or `GET`; null: none. */
  readonly option: string | null;
}

/** What applies to all users of a cluster. */
export interface AccessRules {
  readonly denied: GrantedCommands | null;
  readonly commands: RuledCommands;
  /** Whether requests of administration, and dangerous ones, are to be seen. */
  readonly isAudited: boolean;
}

/** Up to so many words the specifications of a command are applied to them. */
const SPECIFIED_WORDS_MAX = 4_096;
const NO_USES: ReadonlyMap<number, number> = new Map();

const encoder = new TextEncoder();
const BY = encoder.encode("by");
const GET = encoder.encode("get");
const LIMIT = encoder.encode("limit");
const STORE = encoder.encode("store");
const STAR = 0x2a;

/** What one user may do. */
export class Permissions {
  /** By row index, one of the values of {@link Check}. */
  readonly checks: Uint8Array;
  /** Whether nothing is ever to be looked at. */
  readonly areWhole: boolean;
  /** By row index, for rows of {@link Check.Keys}: what happens to their keys, as bits of {@link KeyUse}. */
  readonly #uses: Uint8Array;
  readonly #rules: AccessRules;
  readonly #limits: UserLimits | null;
  readonly #granted: GrantedCommands | null;
  /** Null: all keys. */
  readonly #keys: KeyPatterns | null;
  /** Null: all channels. */
  readonly #channels: KeyPatterns | null;
  readonly #mayRunScripts: boolean;

  constructor(limits: UserLimits | null, rules: AccessRules, table: CommandTable) {
    this.#rules = rules;
    this.#limits = limits;
    const words = limits?.commands ?? null;
    this.#granted = words === null ? null : new GrantedCommands(words, rules.commands);
    this.#keys = patternsOf(limits?.keyPatterns ?? null);
    // Servers publish what happens to keys, so whose keys are limited has the channels that are said, or none.
    const channels = limits?.channelPatterns ?? (this.#keys === null ? null : []);
    this.#channels = patternsOf(channels);
    this.#mayRunScripts = limits?.scripts ?? this.#keys === null;
    this.#uses = Uint8Array.from(table.rows, (row) => this.#useOf(row));
    this.checks = Uint8Array.from(table.rows, (row) => this.#checkOf(row));
    // Rules may name commands that no row is of.
    const areUnruled = this.#granted === null && rules.denied === null;
    this.areWhole = areUnruled && this.#checkOf(DOTTED_ROW) === Check.None &&
      this.checks.every((check) => check === Check.None);
  }

  /** Whether the keys of a request that its row has found may be used; for rows of {@link Check.Keys} only. */
  mayUseKeys(frame: RequestFrame, bytes: Uint8Array): boolean {
    const keys = this.#keys!;
    const use = this.#uses[frame.row!.index]!;
    const { start, offsets, firstKey, keyStep, keyCount, extraKey } = frame;
    let word = 2 * firstKey;
    for (let key = 0; key < keyCount; key++) {
      if (!keys.allow(bytes, start + offsets[word]!, start + offsets[word + 1]!, use)) return false;
      word += 2 * keyStep;
    }
    return extraKey < 0 ||
      keys.allow(bytes, frame.argumentStart(extraKey), frame.argumentEnd(extraKey), use);
  }

  /**
   * Looks at a request whose words are as many as its command takes.
   *
   * @returns Why it is denied, or null.
   */
  judge(request: LocalRequest): Denial | null {
    const row = request.frame.row!;
    const command = describedCommand(row);
    const subcommand = subcommandOf(command, request);
    const name = nameOf(row, subcommand ?? command, request);
    const denied = subcommand === null
      ? !this.#mayUseAll(command)
      : !this.#mayUse(subcommand, name, request);
    if (denied) return { reason: "command", command: name, object: name, option: null };
    // What is refused all the same reaches no key.
    if (request.frame.refusal !== null) return null;
    const judged = subcommand ?? command;
    return this.#judgeKeys(judged, name, request) ?? this.#judgeChannels(judged, name, request);
  }

  /** Whether all channels may be listened to. */
  get mayListenToAll(): boolean {
    return this.#channels === null;
  }

  /** Whether a channel, or with `isPattern` a pattern of channels, may be listened to. */
  mayListen(name: Uint8Array, isPattern: boolean): boolean {
    if (this.#channels === null) return true;
    return isPattern
      ? this.#channels.has(name)
      : this.#channels.allow(name, 0, name.length, KeyUse.Both);
  }

  #checkOf(row: CommandRow): number {
    const command = describedCommand(row);
    if (!this.#mayUseAll(command)) return Check.All;
    const members = [command, ...command.subcommands];
    if (this.#rules.isAudited && members.some(isNoteworthy)) return Check.All;
    if (this.#channels !== null && members.some(({ channels }) => channels !== null)) {
      return Check.All;
    }
    if (this.#keys === null) return Check.None;
    if (command.subcommands.length > 0) return Check.All;
    if (!hasKeys(command)) return Check.None;
    const isPlain = command.areKeysKnown && !command.keys.some(readsUnnamedKeys) &&
      useAlike(command, this.#keys) !== null;
    return isPlain ? Check.Keys : Check.All;
  }

  #useOf(row: CommandRow): number {
    const use = this.#keys === null ? null : useAlike(describedCommand(row), this.#keys);
    return use ?? KeyUse.Both;
  }

  /** Whether a command may be used with whatever words. */
  #mayUseAll(command: CommandDescription): boolean {
    return [command, ...command.subcommands].every((one) => this.#mayUse(one, one.name, null));
  }

  /** Whether a command or subcommand may be used, whatever its keys are. */
  #mayUse(command: CommandDescription, name: string, request: LocalRequest | null): boolean {
    if (command.flags.includes("no_auth")) return true;
    const { denied } = this.#rules;
    if (denied !== null && !denied.has(name, toldCategories(command))) return false;
    const limits = this.#limits;
    if (limits === null) return true;
    if (!this.#isGranted(command, name, request)) return false;
    if (limits.readOnly && !onlyReads(command)) return false;
    if (!this.#mayRunScripts && isOfScripts(command)) return false;
    return this.#keys === null || hasKeys(command) || !reachesUnnamedKeys(command);
  }

  #isGranted(
    command: CommandDescription,
    name: string,
    request: LocalRequest | null,
  ): boolean {
    const granted = this.#granted;
    if (granted === null) return !isAdministration(command);
    if (granted.has(name, toldCategories(command))) return true;
    if (request === null || request.wordCount < 2) return false;
    return granted.hasFirstWord(name, textAt(request, 1).toLowerCase());
  }

  #judgeKeys(command: CommandDescription, name: string, request: LocalRequest): Denial | null {
    const keys = this.#keys;
    if (keys === null) return null;
    // A command of which not all is known may have keys wherever it likes.
    if (!command.areKeysKnown) {
      return { reason: "command", command: name, object: name, option: null };
    }
    if (command.keys.some(readsUnnamedKeys)) {
      const option = optionOfPatterns(request);
      if (option !== null) return { reason: "key", command: name, object: option, option };
    }
    const word = this.#deniedKey(keys, command, request);
    if (word < 0) return null;
    return { reason: "key", command: name, object: textAt(request, word), option: null };
  }

  /** The word that is the first key which may not be used so, or -1. */
  #deniedKey(keys: KeyPatterns, command: CommandDescription, request: LocalRequest): number {
    if (!hasKeys(command)) return -1;
    const common = useAlike(command, keys);
    // Uses one by one cost much where there are very many; then each key has to be allowed for everything.
    const isLong = request.wordCount > SPECIFIED_WORDS_MAX;
    const uses = common === null && !isLong ? usesOf(command, request) : NO_USES;
    for (const [word, use] of uses) {
      if (!mayUse(keys, request, word, use)) return word;
    }
    // Where requests are routed by words that no specification has, nothing is known of what happens to them.
    const { firstKey, keyStep, keyCount, extraKey } = request.frame;
    for (let key = 0; key < keyCount; key++) {
      const word = firstKey + key * keyStep;
      if (!uses.has(word) && !mayUse(keys, request, word, common ?? KeyUse.Both)) return word;
    }
    const isExtraDenied = extraKey >= 0 && !uses.has(extraKey) &&
      !mayUse(keys, request, extraKey, common ?? KeyUse.Both);
    return isExtraDenied ? extraKey : -1;
  }

  #judgeChannels(command: CommandDescription, name: string, request: LocalRequest): Denial | null {
    const { channels } = command;
    if (this.#channels === null || channels === null) return null;
    if (channels === "unnamed") {
      return { reason: "command", command: name, object: name, option: null };
    }
    const first = channels === "all_asked" ? 2 : 1;
    const end = channels === "one" ? 2 : request.wordCount;
    for (let word = first; word < end; word++) {
      if (this.mayListen(request.raw(word), channels === "patterns")) continue;
      return { reason: "channel", command: name, object: textAt(request, word), option: null };
    }
    return null;
  }
}

/** The categories of a command; null where nobody knows any. */
function toldCategories(command: CommandDescription): readonly string[] | null {
  return command === DOTTED_DESCRIPTION ? null : command.categories;
}

/** Redis's patterns; null: everything is allowed. */
function patternsOf(texts: readonly string[] | null): KeyPatterns | null {
  if (texts === null) return null;
  const patterns = new KeyPatterns(texts);
  return patterns.allowAll ? null : patterns;
}

/** The option by which a SORT reads keys that it does not name, or null: a constant BY reads none. */
function optionOfPatterns({ frame, bytes }: LocalRequest): "BY" | "GET" | null {
  const isAt = (word: number, option: Uint8Array) =>
    isWord(bytes, frame.argumentStart(word), frame.argumentEnd(word), option);
  let word = 2;
  while (word < frame.argumentCount) {
    if (isAt(word, GET)) return "GET";
    if (isAt(word, BY) && word + 1 < frame.argumentCount) {
      const start = frame.argumentStart(word + 1);
      if (bytes.subarray(start, frame.argumentEnd(word + 1)).includes(STAR)) return "BY";
    }
    if (isAt(word, LIMIT)) word += 3;
    else word += isAt(word, BY) || isAt(word, STORE) ? 2 : 1;
  }
  return null;
}

/** The words of a request that are keys by its command's specifications, with what happens to each. */
function usesOf(
  { keySearch }: CommandDescription,
  { frame, bytes }: LocalRequest,
): Map<number, number> {
  const uses = new Map<number, number>();
  const keys = new KeyList();
  // Of words that do not fit nothing is known.
  if (keySearch?.find(frame, bytes, keys) !== KeyProblem.None) return uses;
  for (const key of keys.found) {
    uses.set(key.word, (uses.get(key.word) ?? 0) | useOf(key));
  }
  return uses;
}

function mayUse(
  keys: KeyPatterns,
  { frame, bytes }: LocalRequest,
  word: number,
  use: number,
): boolean {
  return keys.allow(bytes, frame.argumentStart(word), frame.argumentEnd(word), use);
}

/** What applies to all users of a cluster, as its configuration has it. */
export function accessRules(
  { denyCommands }: ClusterConfig,
  commands: RuledCommands,
  isAudited: boolean,
): AccessRules {
  const rules = ["@all", ...denyCommands.map((name) => `-${name}`)];
  const denied = denyCommands.length === 0 ? null : new GrantedCommands(rules, commands);
  return { denied, commands, isAudited };
}
