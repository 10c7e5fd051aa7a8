/**
 * Finds the keys of requests by the specifications of their commands: what routes requests and what answers COMMAND
 * GETKEYS. It reads bytes and makes nothing, so that routing by it costs no memory.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import type { KeySpecification } from "../commands/key_specifications.ts";
import { isWord, NOT_A_NUMBER, readDecimal } from "../decimal.ts";

/** Why the keys of a request cannot be told, or not all of them. */
export const KeyProblem = {
  /** They can. */
  None: 0,
  /** What should be their number is none. */
  NotANumber: 1,
  /** Their number is below 0. */
  Negative: 2,
  /** Their number is 0. */
  Zero: 3,
  /** Their number is greater than that of the words that follow. */
  TooMany: 4,
  /** The request ends before the last of them; those that are there are told. */
  Missing: 5,
  /** Only a full parse of the request can tell. */
  Unknown: 6,
} as const;
/** One of the values of {@link KeyProblem}. */
export type KeyProblemCode = (typeof KeyProblem)[keyof typeof KeyProblem];

/** Who is told which words of a request are keys. */
export interface KeyTaker {
  /** The words from `first` on, `count` of them, `step` words apart; `flags` say what happens to each. */
  take(
    frame: RequestFrame,
    first: number,
    step: number,
    count: number,
    flags: readonly string[],
  ): void;
}

/** Finds the keys of requests of one command. */
export interface KeySearch {
  /** Tells `taker` of the keys, in the order of the specifications. Returns the first problem. */
  find(frame: RequestFrame, bytes: Uint8Array, taker: KeyTaker): KeyProblemCode;
}

const encoder = new TextEncoder();

/** The search by these specifications, of which there is at least one. */
export function searchBy(specifications: readonly KeySpecification[]): KeySearch {
  const groups = specifications.map((specification) => new KeyGroup(specification));
  return groups.length === 1 ? groups[0]! : new KeyGroups(groups);
}

/** The keys of several specifications. */
class KeyGroups implements KeySearch {
  readonly #groups: readonly KeyGroup[];

  constructor(groups: readonly KeyGroup[]) {
    this.#groups = groups;
  }

  find(frame: RequestFrame, bytes: Uint8Array, taker: KeyTaker): KeyProblemCode {
    const groups = this.#groups;
    let first: KeyProblemCode = KeyProblem.None;
    for (let index = 0; index < groups.length; index++) {
      const problem = groups[index]!.find(frame, bytes, taker);
      if (first === KeyProblem.None) first = problem;
    }
    return first;
  }
}

/** The keys of one specification. */
class KeyGroup implements KeySearch {
  readonly #flags: readonly string[];
  readonly #isKnown: boolean;
  /** In lower case; null: the search begins at the word {@link #start}. */
  readonly #keyword: Uint8Array | null;
  readonly #start: number;
  readonly #isCounted: boolean;
  readonly #last: number;
  readonly #step: number;
  readonly #limit: number;

  constructor({ flags, start, range }: KeySpecification) {
    this.#flags = flags;
    this.#isKnown = start !== null && range !== null;
    const isKeyword = start !== null && "keyword" in start;
    this.#keyword = isKeyword ? encoder.encode(start.keyword.toLowerCase()) : null;
    this.#start = start === null ? 0 : "keyword" in start ? start.startFrom : start.index;
    this.#isCounted = range !== null && "countedStep" in range;
    const { last, step, limit } = range === null || "countedStep" in range
      ? { last: 0, step: range?.countedStep ?? 1, limit: 0 }
      : range;
    this.#last = last;
    this.#step = step;
    this.#limit = limit;
  }

  find(frame: RequestFrame, bytes: Uint8Array, taker: KeyTaker): KeyProblemCode {
    if (!this.#isKnown) return KeyProblem.Unknown;
    const keyword = this.#keyword;
    const begin = keyword === null ? this.#start : behind(frame, bytes, keyword, this.#start);
    // An option that is not there names no keys.
    if (begin < 1) return KeyProblem.None;
    if (begin >= frame.argumentCount) return KeyProblem.Missing;
    return this.#isCounted
      ? this.#findCounted(frame, bytes, begin, taker)
      : this.#findRange(frame, begin, taker);
  }

  #findCounted(
    frame: RequestFrame,
    bytes: Uint8Array,
    countWord: number,
    taker: KeyTaker,
  ): KeyProblemCode {
    const count = readDecimal(bytes, frame.argumentStart(countWord), frame.argumentEnd(countWord));
    if (count === NOT_A_NUMBER) return KeyProblem.NotANumber;
    if (count < 0) return KeyProblem.Negative;
    if (count === 0) return KeyProblem.Zero;
    const first = countWord + 1;
    // The last key may stand at the end, without what would follow it.
    if (first + (count - 1) * this.#step >= frame.argumentCount) return KeyProblem.TooMany;
    taker.take(frame, first, this.#step, count, this.#flags);
    return KeyProblem.None;
  }

  #findRange(frame: RequestFrame, begin: number, taker: KeyTaker): KeyProblemCode {
    const end = frame.argumentCount;
    let last = begin + this.#last;
    if (this.#last < 0) {
      const words = this.#limit <= 1 ? end - begin : Math.floor((end - begin) / this.#limit);
      last = begin + words + this.#last;
    }
    if (last < begin) return KeyProblem.Missing;
    const isWhole = last < end;
    if (!isWhole) last = end - 1;
    const count = Math.floor((last - begin) / this.#step) + 1;
    taker.take(frame, begin, this.#step, count, this.#flags);
    return isWhole ? KeyProblem.None : KeyProblem.Missing;
  }
}

/** The word behind a keyword; -1 where it is not there. */
function behind(
  frame: RequestFrame,
  bytes: Uint8Array,
  keyword: Uint8Array,
  startFrom: number,
): number {
  const { argumentCount } = frame;
  const isBackwards = startFrom < 0;
  const step = isBackwards ? -1 : 1;
  // As in Redis, the last word that could be met is not looked at.
  const end = isBackwards ? 1 : argumentCount - 1;
  let word = isBackwards ? argumentCount + startFrom : startFrom;
  while (word >= 1 && word < argumentCount && word !== end) {
    if (isWord(bytes, frame.argumentStart(word), frame.argumentEnd(word), keyword)) return word + 1;
    word += step;
  }
  return -1;
}
