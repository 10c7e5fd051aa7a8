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
} as const;
/** One of the values of {@link Action}. */
export type ActionCode = 0 | 1 | 2 | 3;

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
} as const;
/** One of the values of {@link Merge}. */
export type MergeCode = 0 | 1 | 2 | 3 | 4;

/** What a command does to data, as bits of {@link CommandRow.flags}. */
export const CommandFlag = {
  /** Never changes data: may go to a replica. */
  Read: 1,
  /** May change data: never sent twice. */
  Write: 2,
} as const;

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
}

/** All commands of one protocol. */
export interface CommandTable {
  readonly rows: readonly CommandRow[];
  /** The row for the name in `bytes[start, end)`, or null. Allocates nothing. */
  find(bytes: Uint8Array, start: number, end: number): CommandRow | null;
}
