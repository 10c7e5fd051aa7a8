/**
 * Commands as rows of a table: what a command is allowed to do and where its keys stand is data, read by
 * dispatch and parsers alike. The columns use Redis's own words where it has them.
 *
 * @module
 */
import type { RequestFrame } from "./protocol.ts";

/** What the proxy does with a command. */
export const Action = {
  /** Goes to the one backend that has its key (all its keys, if there are several). */
  Forward: 0,
  /** One fragment per backend, replies merged. */
  Split: 1,
  /** Answered by the proxy itself. */
  Local: 2,
  /** Answered with an error that says why. */
  Refuse: 3,
  /** Goes as it is to every backend that holds keys, replies merged: `all_shards`. */
  EveryShard: 4,
  /** As Forward, over connections of another kind, to which the first such request moves its client. */
  ForwardApart: 5,
} as const;
/** One of the values of {@link Action}. */
export type ActionCode = 0 | 1 | 2 | 3 | 4 | 5;

/** How the replies to a split request become one; Redis's response policies, and memcache's. */
export const Merge = {
  None: 0,
  /** `agg_sum`: the integers' sum, or the first error. */
  Sum: 1,
  /** `all_succeeded`: OK only if all are, or the first error. */
  AllSucceeded: 2,
  /** One array with an element a key, in key order; a failed backend's keys are error elements. */
  Elements: 3,
  /** memcache: all VALUE blocks in key order and one END; an error if a backend failed. */
  Values: 4,
  /** `agg_min`: the least of the integers, or the first error. */
  Least: 5,
  /** The elements of all arrays, or RESP3's sets or maps, as one; or the first error. */
  Concatenated: 6,
  /** `agg_max`: the greatest of the integers, or the first error. */
  Greatest: 7,
  /** `agg_logical_and`: whether all are true, of arrays element by element; or the first error. */
  All: 8,
  /** `agg_logical_or`: whether one is true, of arrays element by element; or the first error. */
  Any: 9,
  /** `one_succeeded`: the first reply that is no error; the first error only where all are. */
  OneSucceeded: 10,
  /** `all_succeeded` of whatever is not OK where it succeeds: the first reply, or the first error. */
  FirstReply: 11,
} as const;
/** One of the values of {@link Merge}. */
export type MergeCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;

/** What a command does to data, as bits of {@link CommandRow.flags}. */
export const CommandFlag = {
  /** Never changes data: may go to a replica. */
  Read: 1,
  /** May change data: never sent twice. */
  Write: 2,
  /** Moves its client to other connections: waits until all earlier requests are answered. */
  Barrier: 4,
  /** Runs a client's script: its error replies may say anything, redirections included. */
  Script: 8,
  /** Its reply is made of those of all servers that hold keys: waits until it is known which they are. */
  AllShards: 16,
  /** May be sent before a client has logged in: Redis's `no_auth`. */
  NoAuth: 32,
  /** May be sent by a subscriber that speaks RESP2. */
  Subscribed: 64,
  /** Besides what writes, waits while writes are paused: it is passed on to replicas, or may hold writes. */
  PausedAsWrite: 128,
  /** Is answered without any server, so also before it is known which there are. */
  Serverless: 256,
  /** Is answered by the proxy, but by the server where it is part of a transaction. */
  Queued: 512,
  /** Publishes: the nodes of a Redis Cluster carry it to each other, so any of them will do. */
  Broadcast: 1024,
  /** Is about the servers themselves: refused, or sent to them, as the configuration says. */
  Administration: 2048,
  /**
   * Goes on while servers are paused: it is answered from what the proxy knows. A transaction that has no server yet
   * waits with its first key; unsubscribing asks for nothing that a pause is about.
   */
  Unpaused: 4096,
  /**
   * Is not refused by a rate limit: it is answered here at no cost to servers, and what its client sends behind it,
   * without waiting for the reply, would mean something else without it.
   */
  Unlimited: 8192,
  /** Brings a script: the word behind its name. */
  ScriptBody: 16384,
  /** Calls a script by its digest: the word behind its name. */
  ScriptDigest: 32768,
} as const;

/** Where a command that may block has the longest time that it waits. */
export const Timeout = {
  /** It does not block. */
  None: 0,
  /** In the word behind its name, in seconds. */
  FirstWord: 1,
  /** In its last word, in seconds. */
  LastWord: 2,
  /** Behind the option BLOCK, in milliseconds. */
  BlockOption: 3,
  /** In its fourth word behind the name, in seconds; options follow. */
  FourthWord: 4,
  /** In its fifth word behind the name, in seconds; options follow. */
  FifthWord: 5,
} as const;
/** One of the values of {@link Timeout}. */
export type TimeoutCode = 0 | 1 | 2 | 3 | 4 | 5;

/** Finds the keys of commands whose keys move; sets the frame's key fields, or its `refusal`. */
export type KeyFinder = (frame: RequestFrame, bytes: Uint8Array) => void;

/** One command. */
export interface CommandRow {
  /** Lower case. */
  readonly name: string;
  /** Position in its table, from 0. */
  readonly index: number;
  /** Number of words with the name; negative: at least that many. Redis's convention. */
  readonly arity: number;
  /** Bits of {@link CommandFlag}. */
  readonly flags: number;
  readonly action: ActionCode;
  /** Index of the first key among the words; 0: keyless. */
  readonly firstKey: number;
  /** Index of the last key; negative counts from the end (-1 is the last word). */
  readonly lastKey: number;
  readonly keyStep: number;
  readonly keyFinder: KeyFinder | null;
  readonly merge: MergeCode;
  /** Why a refused command is refused, without the error prefix; null otherwise. */
  readonly refusal: string | null;
  /** Who answers a command that the proxy answers itself; null: nobody, or its protocol knows by the name. */
  readonly handler: string | null;
  readonly timeout: TimeoutCode;
  /** The row of its form that may block, which its key finder chooses; null for nearly all. */
  readonly blockingForm: CommandRow | null;
}

/** A row as a protocol's lists give it; the table numbers it. */
export type CommandDefinition =
  & Omit<CommandRow, "index" | "blockingForm" | "handler" | "timeout">
  & Partial<Pick<CommandRow, "handler" | "timeout">>;

/** Ends the names of rows that no client can name: see {@link CommandRow.blockingForm}. */
export const BLOCKING_FORM_SUFFIX = "|block";

/** Whether a row's name is one that no client can say. */
export function isBlockingForm(name: string): boolean {
  return name.endsWith(BLOCKING_FORM_SUFFIX);
}

/** The command's own name, where {@link isBlockingForm} tells one of its forms. */
export function plainName(name: string): string {
  return isBlockingForm(name) ? name.slice(0, -BLOCKING_FORM_SUFFIX.length) : name;
}

/** All commands of one protocol. */
export interface CommandTable {
  readonly rows: readonly CommandRow[];
  /** The row for the name in `bytes[start, end)`, or null. Allocates nothing. */
  find(bytes: Uint8Array, start: number, end: number): CommandRow | null;
}

/** A table that may get further rows. */
export interface GrowingCommandTable extends CommandTable {
  /**
   * Adds rows behind those that there are. A name that is there already means the new row from now on.
   *
   * @returns The new rows, in the order of their definitions.
   * @throws {Error} If a row's columns contradict each other.
   */
  add(definitions: readonly CommandDefinition[]): readonly CommandRow[];
}

/** Whether a request of `wordCount` words fits an arity: that many, or, where it is negative, at least that many. */
export function fitsArity(wordCount: number, arity: number): boolean {
  return arity > 0 ? wordCount === arity : wordCount >= -arity;
}

/** Longest name a table takes, in bytes; it bounds the lookup's array. */
const NAME_BYTES_MAX = 31;
/** Values that five bits of a name's byte can have; letters keep theirs whatever their case. */
const LETTER_VALUES = 32;
const NONE = -1;

/**
 * Makes a table of the given commands, numbered in their order.
 *
 * @throws {Error} If a name occurs twice or a row's columns contradict each other: a programming error.
 */
export function createCommandTable(definitions: readonly CommandDefinition[]): GrowingCommandTable {
  return new BucketTable(definitions);
}

/**
 * Lookup by length, first and last byte, which tell nearly all commands apart, then by all bytes:
 *
 * ```text
 *   heads[length, first & 31, last & 31] ─► row ─► following[row] ─► … ─► -1
 * ```
 */
class BucketTable implements GrowingCommandTable {
  readonly rows: CommandRow[] = [];
  /** First row of each bucket. */
  readonly #heads = new Int16Array((NAME_BYTES_MAX + 1) * LETTER_VALUES * LETTER_VALUES).fill(NONE);
  /** Entry `i` is the row behind row `i` in its bucket. */
  #following = new Int16Array(0);
  /** Bytes of all names; row `i` has its own from `i * NAME_BYTES_MAX`. */
  #names = new Uint8Array(0);

  constructor(definitions: readonly CommandDefinition[]) {
    this.add(definitions);
  }

  add(definitions: readonly CommandDefinition[]): readonly CommandRow[] {
    const first = this.rows.length;
    const added: CommandRow[] = [];
    const seen = new Set<string>();
    // Forms first, so that the rows they belong to find them.
    const forms = new Map<string, CommandRow>();
    const ordered = definitions.map((definition, index) => ({ definition, index }))
      .sort((one, other) =>
        Number(isBlockingForm(other.definition.name)) - Number(isBlockingForm(one.definition.name))
      );
    for (const { definition, index } of ordered) {
      const form = forms.get(definition.name + BLOCKING_FORM_SUFFIX) ?? null;
      const row = numberRow(definition, first + index, form);
      checkRow(row);
      if (seen.has(row.name)) throw new Error(`Cannot build command table: "${row.name}" twice`);
      seen.add(row.name);
      added[index] = row;
      if (isBlockingForm(row.name)) forms.set(row.name, row);
    }
    this.#reserve(first + added.length);
    for (const row of added) {
      this.rows.push(row);
      if (!isBlockingForm(row.name)) this.#insert(row);
    }
    return added;
  }

  find(bytes: Uint8Array, start: number, end: number): CommandRow | null {
    const length = end - start;
    if (length <= 0 || length > NAME_BYTES_MAX) return null;
    const names = this.#names;
    let index = this.#heads[bucket(length, bytes[start]!, bytes[end - 1]!)]!;
    while (index !== NONE) {
      let name = index * NAME_BYTES_MAX;
      let position = start;
      while (position < end && matches(bytes[position]!, names[name]!)) {
        position += 1;
        name += 1;
      }
      if (position === end) return this.rows[index]!;
      index = this.#following[index]!;
    }
    return null;
  }

  #reserve(count: number): void {
    const following = new Int16Array(count).fill(NONE);
    following.set(this.#following);
    this.#following = following;
    const names = new Uint8Array(count * NAME_BYTES_MAX);
    names.set(this.#names);
    this.#names = names;
  }

  #insert(row: CommandRow): void {
    const name = row.name;
    for (let position = 0; position < name.length; position++) {
      this.#names[row.index * NAME_BYTES_MAX + position] = name.charCodeAt(position);
    }
    const home = bucket(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1));
    this.#following[row.index] = this.#heads[home]!;
    this.#heads[home] = row.index;
  }
}

function bucket(length: number, first: number, last: number): number {
  return (length * LETTER_VALUES + (first & 31)) * LETTER_VALUES + (last & 31);
}

/** Whether `byte` is `lower` in either case; `lower` is a byte of a checked name. */
function matches(byte: number, lower: number): boolean {
  return byte === lower || (lower >= 0x61 && lower <= 0x7a && (byte | 0x20) === lower);
}

/** Lists every column, so that all rows of all tables have one shape. */
function numberRow(
  definition: CommandDefinition,
  index: number,
  blockingForm: CommandRow | null,
): CommandRow {
  return {
    name: definition.name,
    index,
    arity: definition.arity,
    flags: definition.flags,
    action: definition.action,
    firstKey: definition.firstKey,
    lastKey: definition.lastKey,
    keyStep: definition.keyStep,
    keyFinder: definition.keyFinder,
    merge: definition.merge,
    refusal: definition.refusal,
    handler: definition.handler ?? null,
    timeout: definition.timeout ?? Timeout.None,
    blockingForm,
  };
}

function checkRow(row: CommandRow): void {
  if (!/^[\x21-\x40\x5b-\x7e]+$/.test(row.name) || row.name.length > NAME_BYTES_MAX) {
    throw new Error(
      `Cannot build command table: name "${row.name}" is not 1 to 31 lower-case characters`,
    );
  }
  const problem = columnProblem(row);
  if (problem !== null) {
    throw new Error(`Cannot build command table: "${row.name}" ${problem}`);
  }
}

/** What is wrong with a row's columns, or null. */
function columnProblem(row: CommandRow): string | null {
  const bothFlags = CommandFlag.Read | CommandFlag.Write;
  if (row.arity === 0) return "has arity 0";
  if ((row.flags & bothFlags) === bothFlags) return "both reads and writes";
  if ((row.firstKey === 0) !== (row.lastKey === 0)) return "has only one end of its keys";
  if (row.firstKey < 0) return "has a first key before its name";
  if (row.lastKey > 0 && row.lastKey < row.firstKey) return "has its last key before its first";
  if (row.firstKey > 0 && row.keyStep < 1) return "has keys without a step";
  const farthestKey = Math.max(row.firstKey, row.lastKey);
  const isRouted = row.action !== Action.Refuse && row.action !== Action.Local;
  if (isRouted && farthestKey >= Math.abs(row.arity)) return "may lack a key";
  if ((row.action === Action.Refuse) !== (row.refusal !== null)) {
    return "is refused without a reason, or has one without being refused";
  }
  const isMerged = row.action === Action.Split || row.action === Action.EveryShard;
  if (isMerged !== (row.merge !== Merge.None)) {
    return "is split without a merge, or has one without being split";
  }
  if (row.action === Action.Split && row.firstKey === 0 && row.keyFinder === null) {
    return "is split without keys";
  }
  return null;
}
