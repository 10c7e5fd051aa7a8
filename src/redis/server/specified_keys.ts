/**
 * The keys of a request by the specifications of its command, as Redis finds them for clients that ask. Requests are
 * routed by their rows; the two agree, but for what only a full parse of the request can tell.
 *
 * @module
 */
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import type { KeyParserId } from "../../protocol/resp/commands/handlers.ts";
import type { KeySpecification } from "../../protocol/resp/commands/key_specifications.ts";

/** A key of a request. */
export interface FoundKey {
  /** Which word it is. */
  readonly word: number;
  /** What happens to it, in the words of a specification. */
  readonly flags: readonly string[];
}

/** What is no key though it has a specification: a channel. */
const NOT_A_KEY = "not_key";

const READ = ["RO", "access"];
const REPLACE = ["OW", "update"];
const CHANGE = ["RW", "access", "update"];
const TAKE = ["RW", "access", "delete"];

/** Commands whose specifications do not tell all; the words are lower case where they may be options. */
const parsers: Readonly<Record<KeyParserId, (words: readonly string[]) => FoundKey[]>> = {
  bitfield: (words) => [{ word: 1, flags: onlyReads(words) ? READ : CHANGE }],
  migrate: (words) => {
    const option = migrateOption(words);
    if (option < 0) return [{ word: 3, flags: TAKE }];
    const count = words[3] === "" ? words.length - option - 1 : 0;
    return Array.from({ length: count }, (_, key) => ({ word: option + 1 + key, flags: TAKE }));
  },
  set: (words) => [{ word: 1, flags: words.includes("get", 3) ? CHANGE : REPLACE }],
  sort: (words) => {
    const keys = [{ word: 1, flags: READ }];
    const store = sortStore(words);
    return store < 0 ? keys : [...keys, { word: store, flags: REPLACE }];
  },
  sort_ro: () => [{ word: 1, flags: READ }],
};

/**
 * The keys of a request of the given command or subcommand.
 *
 * @returns Null where the words do not fit; undefined where the command has no keys at all.
 */
export function specifiedKeys(
  { keyParser, keys: allKeys }: CommandDescription,
  words: readonly string[],
): FoundKey[] | null | undefined {
  const specifications = allKeys.filter(({ flags }) => !flags.includes(NOT_A_KEY));
  if (specifications.length === 0) return undefined;
  if (keyParser !== null) {
    const keys = parsers[keyParser](words.map((word) => word.toLowerCase()));
    return keys.length === 0 ? null : keys;
  }
  const found: FoundKey[] = [];
  for (const specification of specifications) {
    const keys = keysOf(specification, words);
    if (keys === null) return null;
    found.push(...keys);
  }
  return found.length === 0 ? null : found;
}

function keysOf(
  { flags, start, range }: KeySpecification,
  words: readonly string[],
): FoundKey[] | null {
  if (start === null || range === null) return null;
  const begin = "index" in start ? start.index : behind(start.keyword, start.startFrom, words);
  if (begin < 0) return [];
  if ("countedStep" in range) return countedKeys(begin, range.countedStep, flags, words);
  const last = lastWord(begin, range, words.length);
  if (begin >= words.length || last >= words.length || last < begin) return null;
  const count = Math.floor((last - begin) / range.step) + 1;
  return Array.from({ length: count }, (_, key) => ({ word: begin + key * range.step, flags }));
}

function lastWord(
  begin: number,
  { last, limit }: { readonly last: number; readonly limit: number },
  wordCount: number,
): number {
  if (last >= 0) return begin + last;
  return limit === 0 ? wordCount + last : begin + Math.floor((wordCount - begin) / limit) + last;
}

function countedKeys(
  begin: number,
  step: number,
  flags: readonly string[],
  words: readonly string[],
): FoundKey[] | null {
  const text = words[begin] ?? "";
  const count = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0;
  if (count === 0 || begin + count * step >= words.length) return null;
  return Array.from({ length: count }, (_, key) => ({ word: begin + 1 + key * step, flags }));
}

/** The word behind a keyword; -1 where it is not there. */
function behind(keyword: string, startFrom: number, words: readonly string[]): number {
  const wanted = keyword.toLowerCase();
  const isBackwards = startFrom < 0;
  let index = isBackwards ? words.length + startFrom : startFrom;
  // As in Redis, the last word that could be met is not looked at: no key follows it.
  const end = isBackwards ? 1 : words.length - 1;
  while (index >= 1 && index < words.length && index !== end) {
    if (words[index]!.toLowerCase() === wanted) return index + 1;
    index += isBackwards ? -1 : 1;
  }
  return -1;
}

/** Whether a BITFIELD does nothing but GET; what cannot be read might write. */
function onlyReads(words: readonly string[]): boolean {
  let word = 2;
  while (word < words.length) {
    const further = words.length - word - 1;
    if (words[word] === "get" && further >= 2) word += 3;
    else if (words[word] === "overflow" && further >= 1) word += 2;
    else return false;
  }
  return true;
}

/** Words behind the options of MIGRATE in front of KEYS. */
const MIGRATE_OPTION_WORDS = new Map([["auth", 1], ["auth2", 2]]);

/** Where KEYS stands in a MIGRATE; -1 where it does not. */
function migrateOption(words: readonly string[]): number {
  for (let word = 6; word < words.length - 1; word++) {
    if (words[word] === "keys") return word;
    word += MIGRATE_OPTION_WORDS.get(words[word]!) ?? 0;
  }
  return -1;
}

/** The destination of a SORT; the last one counts. */
function sortStore(words: readonly string[]): number {
  let store = -1;
  let word = 2;
  while (word < words.length) {
    if (words[word] === "limit") {
      word += 3;
    } else if (words[word] === "store" && word + 1 < words.length) {
      store = word + 1;
      // Redis looks at the destination as at any other word.
      word += 1;
    } else {
      word += words[word] === "get" || words[word] === "by" ? 2 : 1;
    }
  }
  return store;
}
