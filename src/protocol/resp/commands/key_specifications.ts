/**
 * Where the keys of commands stand and what happens to them, in the terms of Redis's key specifications
 * (<https://redis.io/docs/latest/develop/reference/key-specs/>). A record has them as text, with a comma between two:
 * flags, a colon, a word's index or a keyword, and what follows it.
 *
 * ```text
 * RO access: 1                     word 1
 * RO access: 1 to +1               words 1 and 2
 * RO access: 1 to -1 step 2        words 1, 3, 5 … to the last
 * RO access: 1 counted             word 1 says how many; they follow
 * RO access: 1 counted step 2      the same, and each is followed by a word that is no key
 * OW update: STORE from 5          the word behind STORE, which is word 5 or a later one
 * OW update: unknown               only a full parse of the request can tell
 * ```
 *
 * @module
 */

/** Where the search for keys begins: at a word, or behind a keyword that is looked for; null: not to be told. */
export type KeyStart =
  | { readonly index: number }
  | {
    readonly keyword: string;
    /** The first word that may be the keyword; negative: from the end, and towards the front. */
    readonly startFrom: number;
  }
  | null;

/** Which words from there on are keys. */
export type KeyRange =
  /** As many as the word at the start says; they follow it. */
  | { readonly countedStep: number }
  | {
    /** Words from the first to the last; negative: the last counts from the end of the request. */
    readonly last: number;
    readonly step: number;
    /** With a negative `last`: only this part of the words that follow, such as 2 for the half; 0: all. */
    readonly limit: number;
  }
  | null;

/** One group of keys of a command. */
export interface KeySpecification {
  /** In Redis's words and order: `RO`, `RW`, `OW` or `RM`, then what happens to the values. */
  readonly flags: readonly string[];
  readonly start: KeyStart;
  readonly range: KeyRange;
}

/** Keys with a fixed place: the columns of Redis's `COMMAND`, all 0 where there are none. */
export interface KeyColumns {
  /** Index of the first key among the words. */
  readonly firstKey: number;
  /** Index of the last key; negative counts from the end. */
  readonly lastKey: number;
  readonly keyStep: number;
}

/**
 * All specifications of a record.
 *
 * @throws {Error} If one is not of the form above: a programming error.
 */
export function parseSpecifications(text: string): readonly KeySpecification[] {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const specifications = text === "" ? [] : text.split(", ").map(parseSpecification);
  parsed.set(text, specifications);
  return specifications;
}

/** Many commands have the same keys. */
const parsed = new Map<string, readonly KeySpecification[]>();

function parseSpecification(text: string): KeySpecification {
  const found =
    /^([\w ]+): (\w+)(?: from (-?\d+))?( counted)?(?: to ([+-]\d+))?(?: step (\d+))?(?: limit (\d+))?$/
      .exec(text);
  if (found === null) throw new Error(`Cannot read key specification "${text}"`);
  const [, flags, start, startFrom, counted, last, step, limit] = found;
  if (start === "unknown") return { flags: flags!.split(" "), start: null, range: null };
  return {
    flags: flags!.split(" "),
    start: startFrom === undefined
      ? { index: Number(start) }
      : { keyword: start!, startFrom: Number(startFrom) },
    range: counted === undefined
      ? { last: Number(last ?? 0), step: Number(step ?? 1), limit: Number(limit ?? 0) }
      : { countedStep: Number(step ?? 1) },
  };
}

/** Whether keys have no fixed place: Redis's flag `movablekeys`. */
export function areMovable(specifications: readonly KeySpecification[]): boolean {
  return specifications.some((specification) => fixedRange(specification) === null);
}

/** Whether requests have to be looked at for keys, as these stand behind a keyword or their number. */
export function areLookedFor(specifications: readonly KeySpecification[]): boolean {
  return specifications.some(({ start, range }) =>
    start !== null && range !== null && ("keyword" in start || "countedStep" in range)
  );
}

/**
 * The columns: the keys with a fixed place from the first on, as long as one follows another. Several specifications
 * have a step of 1.
 */
export function columnsOf(specifications: readonly KeySpecification[]): KeyColumns {
  let columns: KeyColumns = { firstKey: 0, lastKey: 0, keyStep: 0 };
  for (const specification of specifications) {
    const range = fixedRange(specification);
    if (range === null) continue;
    if (columns.firstKey === 0) columns = range;
    else if (range.firstKey === columns.lastKey + 1) {
      columns = { ...columns, lastKey: range.lastKey };
    }
  }
  return columns;
}

/** The columns of a single specification; null where its keys have no fixed place. */
function fixedRange({ start, range }: KeySpecification): KeyColumns | null {
  if (start === null || range === null || "keyword" in start || "countedStep" in range) return null;
  const { index } = start;
  const lastKey = range.last < 0 ? range.last : index + range.last;
  return { firstKey: index, lastKey, keyStep: range.step };
}
