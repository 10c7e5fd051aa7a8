/**
 * Which clients CLIENT LIST and CLIENT KILL mean: the filters of Redis and Valkey, as plain data that other workers
 * understand.
 *
 * @module
 */
import { byteErrorReply, SYNTAX_ERROR } from "../../protocol/resp/write/replies.ts";
import { DATABASE_NUMBER_MAX } from "../connection/databases.ts";
import { readInteger } from "../core/integer.ts";
import { Refused } from "../core/refused.ts";
import { shown } from "../core/reply_builder.ts";

/** What filters look at. */
export interface FilteredClient {
  readonly id: number;
  readonly type: string;
  readonly address: string;
  readonly localAddress: string;
  /** The address without its port. */
  readonly ip: string;
  readonly user: string;
  readonly name: string;
  readonly flags: string;
  readonly database: number;
  readonly libraryName: string;
  readonly libraryVersion: string;
  /** Seconds since it connected, and since its last request. */
  readonly age: number;
  readonly idle: number;
}

/** One thing that a client must be. */
export interface ClientCondition {
  readonly fact: keyof FilteredClient;
  /** One of these, or, of `age` and `idle`, at least the one; of `flags`, each letter of the one. */
  readonly values: readonly (string | number)[];
  /** Whether it must not. */
  readonly isNot: boolean;
}

/** What a client must be, all of it. */
export interface ClientFilter {
  readonly conditions: readonly ClientCondition[];
  /** The client that asked, where it means all but itself. */
  readonly exceptId: number | null;
}

/** What the words of a filter are read with. */
export interface FilterReader {
  /** The client that asks. */
  readonly ownId: number;
  /** Whether there is a user of this name. */
  isUser(name: string): boolean;
  /** Whether LIST reads filters as KILL does: see `filtersAlike` of the servers' ways. */
  readonly areAlike: boolean;
}

/** Matches every client. */
export const EVERY_CLIENT: ClientFilter = { conditions: [], exceptId: null };

const NO_FILTER = new Refused(SYNTAX_ERROR);
const INVALID_ID = refused("ERR Invalid client ID");
const ID_TOO_SMALL = refused("ERR client-id should be greater than 0");
const DATABASE_NO_INTEGER = refused("ERR DB is not an integer or out of range");
const DATABASE_OUT_OF_RANGE = refused(
  `ERR DB number should be between 0 and ${DATABASE_NUMBER_MAX}`,
);
const CLIENT_TYPES = ["normal", "master", "replica", "pubsub"];
const TYPE_SYNONYMS = new Map([["slave", "replica"], ["primary", "master"]]);
/** The letters of flags that servers know. */
const FLAG_LETTERS = /^[OSMPxbtRBdcuAUreTIiEN]*$/;
const latin1 = (word: string) => Uint8Array.from(word, (character) => character.charCodeAt(0));
const decoder = new TextDecoder();

/** Whether a client is meant. */
export function matchesFilter(client: FilteredClient, filter: ClientFilter): boolean {
  return filter.exceptId !== client.id &&
    filter.conditions.every((condition) => fits(client, condition) !== condition.isNot);
}

function fits(client: FilteredClient, { fact, values }: ClientCondition): boolean {
  switch (fact) {
    case "age":
    case "idle":
      return client[fact] >= Number(values[0]);
    case "flags":
      return [...String(values[0])].every((letter) => client.flags.includes(letter));
    default:
      return values.includes(client[fact]);
  }
}

/**
 * Reads the words behind CLIENT LIST.
 *
 * @returns The filter, or the error that answers the request.
 */
export function listFilter(
  words: readonly string[],
  reader: FilterReader,
): ClientFilter | Refused {
  if (reader.areAlike) return readFilter(words, reader, null, readStrictIds);
  // That a value is missing is said before anything of what is there; ids may be any number of words.
  const isEven = words.length % 2 === 0 || words.some((word) => /^(not-)?id$/i.test(word));
  return isEven ? readFilter(words, reader, null, readListIds) : NO_FILTER;
}

/**
 * Reads the words behind CLIENT KILL, of which there are at least two.
 *
 * @returns The filter, or the error that answers the request. The client that asks is spared unless it says SKIPME no.
 */
export function killFilter(
  words: readonly string[],
  reader: FilterReader,
): ClientFilter | Refused {
  return readFilter(words, reader, reader.ownId, reader.areAlike ? readStrictIds : readKillIds);
}

/** The values of an option, and how many words they take; or an error. */
type Values = { values: readonly (string | number)[]; wordCount: number } | Refused;

function readFilter(
  words: readonly string[],
  reader: FilterReader,
  exceptId: number | null,
  readIds: (words: readonly string[]) => Values,
): ClientFilter | Refused {
  const conditions: ClientCondition[] = [];
  let except = exceptId;
  for (let index = 0; index < words.length;) {
    const word = words[index]!.toLowerCase();
    const rest = words.slice(index + 1);
    if (rest.length === 0) return NO_FILTER;
    if (word === "skipme") {
      if (!/^(yes|no)$/i.test(rest[0]!)) return NO_FILTER;
      except = rest[0]!.toLowerCase() === "yes" ? reader.ownId : null;
      index += 2;
      continue;
    }
    const isNot = word.startsWith("not-");
    const option = options.get(isNot ? word.slice("not-".length) : word);
    if (option === undefined || (isNot && option.isPositive)) return NO_FILTER;
    const read = option.fact === "id" ? readIds(rest) : readOne(option, rest[0]!, reader);
    if (read instanceof Refused) return read;
    conditions.push({ fact: option.fact, values: read.values, isNot });
    index += 1 + read.wordCount;
  }
  return { conditions, exceptId: except };
}

/** How one option reads its word. */
interface FilterOption {
  readonly fact: keyof FilteredClient;
  /** There is no NOT- before it. */
  readonly isPositive?: true;
  /** The value, or an error. Without it the word is the value. */
  read?(word: string, reader: FilterReader): string | number | Refused;
}

const options: ReadonlyMap<string, FilterOption> = new Map<string, FilterOption>([
  ["id", { fact: "id" }],
  ["type", { fact: "type", read: readType }],
  ["addr", { fact: "address" }],
  ["laddr", { fact: "localAddress" }],
  ["ip", { fact: "ip" }],
  ["user", { fact: "user", read: readUser }],
  ["name", { fact: "name" }],
  ["flags", { fact: "flags", read: readFlags }],
  ["db", { fact: "database", read: readDatabase }],
  ["lib-name", { fact: "libraryName" }],
  ["lib-ver", { fact: "libraryVersion" }],
  ["maxage", { fact: "age", isPositive: true, read: (word) => readSeconds("maxage", word) }],
  ["idle", { fact: "idle", isPositive: true, read: (word) => readSeconds("idle", word) }],
]);

function readOne(option: FilterOption, word: string, reader: FilterReader): Values {
  const value = option.read === undefined ? word : option.read(word, reader);
  return value instanceof Refused ? value : { values: [value], wordCount: 1 };
}

/** LIST takes any numbers, and finds no clients by most of them. */
function readListIds(words: readonly string[]): Values {
  const ids = leadingIntegers(words);
  const next = words[ids.length]?.toLowerCase();
  const isOption = next === undefined || next === "skipme" || next.startsWith("not-") ||
    options.has(next);
  return ids.length === 0 || !isOption
    ? INVALID_ID
    : { values: ids.map(Number), wordCount: ids.length };
}

/** KILL wants numbers that can be ids. */
function readKillIds(words: readonly string[]): Values {
  const ids = leadingIntegers(words);
  if (ids.length === 0 || ids.some((id) => id < 1n)) return ID_TOO_SMALL;
  return { values: ids.map(Number), wordCount: ids.length };
}

/** Valkey wants numbers that can be ids, whoever asks. */
function readStrictIds(words: readonly string[]): Values {
  return leadingIntegers(words).length === 0 ? NO_FILTER : readKillIds(words);
}

function leadingIntegers(words: readonly string[]): bigint[] {
  const integers: bigint[] = [];
  for (const word of words) {
    const integer = readInteger(word);
    if (integer === null) break;
    integers.push(integer);
  }
  return integers;
}

function readType(word: string): string | Refused {
  const type = TYPE_SYNONYMS.get(word.toLowerCase()) ?? word.toLowerCase();
  return CLIENT_TYPES.includes(type) ? type : refused(`ERR Unknown client type '${shown(word)}'`);
}

function readUser(word: string, reader: FilterReader): string | Refused {
  const name = decoder.decode(latin1(word));
  return reader.isUser(name) ? name : refused(`ERR No such user '${shown(word)}'`);
}

function readFlags(word: string): string | Refused {
  return FLAG_LETTERS.test(word)
    ? word
    : refused(`ERR Unknown flags found in the provided filter: ${shown(word)}`);
}

function readDatabase(word: string): number | Refused {
  const database = readInteger(word);
  if (database === null) return DATABASE_NO_INTEGER;
  const isKnown = database >= 0n && database <= BigInt(DATABASE_NUMBER_MAX);
  return isKnown ? Number(database) : DATABASE_OUT_OF_RANGE;
}

function readSeconds(option: string, word: string): number | Refused {
  const seconds = readInteger(word);
  if (seconds === null) return refused(`ERR ${option} is not an integer or out of range`);
  if (seconds < 1n) return refused(`ERR ${option} should be greater than 0`);
  return Number(seconds);
}

/** Text of clients in it has a character for each byte. */
function refused(text: string): Refused {
  return new Refused(byteErrorReply(text));
}
