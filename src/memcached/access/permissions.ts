/**
 * What one user of memcache clients may do. memcached has no access control lists, so the rules are Redis's as far as
 * they have a meaning, and operations of packets are judged as the commands of lines that do the same.
 *
 * @module
 */
import type { UserLimits } from "../../config/config.ts";
import { GrantedCommands, type RuledCommands } from "../../protocol/command_rules.ts";
import { Action, CommandFlag, type CommandRow } from "../../protocol/command_table.ts";
import { writesItem } from "../../protocol/memcache/meta_line.ts";
import { commandNameOf } from "../../protocol/memcache/ruled.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { KeyPatterns, KeyUse } from "../../redis/access/key_patterns.ts";

/** Why a request is denied, and what: a command's name, or a key with one character a byte. */
export interface MemcacheDenial {
  readonly reason: "command" | "key";
  readonly object: string;
}

/** What is known of a row. */
interface Known {
  /** The name of the command of lines. */
  readonly name: string;
  readonly isWrite: boolean;
  /** Whether it is about the connection alone. */
  readonly isOpen: boolean;
  /** Whether it changes all keys, or the servers themselves. */
  readonly isDangerous: boolean;
}

/** `stats` with words that begin so changes what is counted, or what is kept of single requests. */
const CHANGING_STATS = /^(reset|detail|slowlog reset|hotkeys reset)\b/;
/** With words that begin so it is administration: it changes what is counted, or tells of everybody's requests. */
const ADMINISTRATIVE_STATS = /^(reset|detail|slowlog|hotkeys)\b/;
/** What a meta get has to be allowed besides where it makes, touches or renews an item. */
const TOUCHING = "touch";
const STATISTICS = "stats";
/** Words behind `stats` that are looked at. */
const STATISTICS_WORDS_MAX = 2;
const latin1 = new TextDecoder("latin1");

/** What one user may do. */
export class MemcachePermissions {
  /** Whether nothing is ever to be looked at. */
  readonly areWhole: boolean;
  readonly #commands: RuledCommands;
  readonly #limits: UserLimits | null;
  readonly #granted: GrantedCommands | null;
  readonly #denied: GrantedCommands | null;
  /** Null: all keys. */
  readonly #keys: KeyPatterns | null;
  readonly #known = new Map<CommandRow, Known>();

  /** @param isAudited Whether dangerous commands are to be seen. */
  constructor(
    limits: UserLimits | null,
    denyCommands: readonly string[],
    commands: RuledCommands,
    isAudited: boolean,
  ) {
    this.#limits = limits;
    this.#commands = commands;
    this.#granted = limits?.commands ? new GrantedCommands(limits.commands, commands) : null;
    const denied = ["@all", ...denyCommands.map((name) => `-${name}`)];
    this.#denied = denyCommands.length === 0 ? null : new GrantedCommands(denied, commands);
    const patterns = limits?.keyPatterns ? new KeyPatterns(limits.keyPatterns) : null;
    this.#keys = patterns === null || patterns.allowAll ? null : patterns;
    this.areWhole = limits === null && this.#denied === null && !isAudited;
  }

  /** Whether a row's request changes all keys, or the servers themselves. */
  isDangerous(row: CommandRow): boolean {
    return this.#knowledgeOf(row).isDangerous;
  }

  /** The name by which a row is judged. */
  nameOf(row: CommandRow): string {
    return this.#knowledgeOf(row).name;
  }

  /** Why a request that is right in its form is denied, or null. */
  judge(frame: RequestFrame, bytes: Uint8Array): MemcacheDenial | null {
    const known = this.#knowledgeOf(frame.row!);
    const { name } = known;
    const isWriting = known.isWrite || writesByFlags(frame, bytes);
    const statistics = name === STATISTICS ? this.#wordsOfStatistics(frame, bytes) : "";
    const isDenied = (this.#denied !== null && !this.#denied.has(name)) ||
      (!known.isOpen && !this.#mayUse(known, isWriting, statistics));
    if (isDenied) return { reason: "command", object: name };
    return this.#judgeKeys(frame, bytes, isWriting);
  }

  #mayUse(
    { name, isWrite, isDangerous }: Known,
    isWriting: boolean,
    statistics: string,
  ): boolean {
    const limits = this.#limits;
    if (limits === null) return true;
    const granted = this.#granted;
    const isAdministration = isDangerous || ADMINISTRATIVE_STATS.test(statistics);
    if (granted === null ? isAdministration : !granted.has(name)) return false;
    if (isWriting && !isWrite && granted !== null && !granted.has(TOUCHING)) return false;
    if (limits.readOnly && (isWriting || CHANGING_STATS.test(statistics))) return false;
    // What is about all keys tells of foreign ones, or changes them.
    return this.#keys === null || (!isDangerous && statistics === "");
  }

  #judgeKeys(frame: RequestFrame, bytes: Uint8Array, isWriting: boolean): MemcacheDenial | null {
    const keys = this.#keys;
    if (keys === null) return null;
    const { decodedKey, firstKey, keyCount, keyStep } = frame;
    const use = isWriting ? KeyUse.Both : KeyUse.Read;
    if (decodedKey !== null) {
      if (keys.allow(decodedKey, 0, decodedKey.length, use)) return null;
      return { reason: "key", object: latin1.decode(decodedKey) };
    }
    for (let key = 0; key < keyCount; key++) {
      const word = firstKey + key * keyStep;
      const start = frame.argumentStart(word);
      const end = frame.argumentEnd(word);
      if (keys.allow(bytes, start, end, use)) continue;
      return { reason: "key", object: latin1.decode(bytes.subarray(start, end)) };
    }
    return null;
  }

  #wordsOfStatistics(frame: RequestFrame, bytes: Uint8Array): string {
    const { argumentCount } = frame;
    if (argumentCount < 2) return "";
    const last = Math.min(argumentCount, STATISTICS_WORDS_MAX + 1) - 1;
    const words = bytes.subarray(frame.argumentStart(1), frame.argumentEnd(last));
    return latin1.decode(words).replace(/ +/g, " ");
  }

  #knowledgeOf(row: CommandRow): Known {
    const known = this.#known.get(row);
    if (known !== undefined) return known;
    const name = commandNameOf(row, this.#commands);
    const isWrite = (row.flags & CommandFlag.Write) !== 0;
    const made = {
      name,
      isWrite,
      isOpen: row.action === Action.Local && name !== STATISTICS,
      isDangerous: isWrite && row.firstKey === 0,
    };
    this.#known.set(row, made);
    return made;
  }
}

/** Whether a meta get makes, touches or renews its item. */
function writesByFlags(frame: RequestFrame, bytes: Uint8Array): boolean {
  const row = frame.row!;
  const isMetaRead = row.action === Action.ForwardApart && (row.flags & CommandFlag.Read) !== 0;
  return isMetaRead && writesItem(frame, bytes);
}
