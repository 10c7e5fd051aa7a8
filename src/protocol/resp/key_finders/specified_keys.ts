/**
 * Keys of commands that were learned from servers, found by their specifications alone.
 *
 * @module
 */
import type { KeyFinder } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import type { KeySpecification } from "../commands/key_specifications.ts";
import { isWord, NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { errorReply, NOT_AN_INTEGER } from "../write/replies.ts";
import { NEGATIVE_KEYS, TOO_MANY_KEYS } from "./errors.ts";

/** What is said of requests whose keys stand in places that are no row of words and one more. */
export const KEYS_SCATTERED: Uint8Array = errorReply(
  "ERR the keys of this request stand in places that cannot be routed by",
);

const encoder = new TextEncoder();

/** Keys that follow each other by a step. */
interface Run {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/**
 * The key finder of a command with these specifications. A keyword that is not there names no keys; a request without
 * any key goes to any server.
 *
 * @param specifications Those whose place can be told.
 */
export function keysBySpecification(specifications: readonly KeySpecification[]): KeyFinder {
  const finders = specifications.map(runFinder);
  return (frame, bytes) => {
    const runs: Run[] = [];
    for (const find of finders) {
      const run = find(frame, bytes);
      if (run instanceof Uint8Array) {
        frame.refusal = run;
        return;
      }
      if (run !== null && run.count > 0) runs.push(run);
    }
    place(frame, runs);
  };
}

/** Puts runs into the fields of a frame, which have room for one run and one key more. */
function place(frame: RequestFrame, runs: readonly Run[]): void {
  const [main, ...others] = runs.toSorted((one, other) => other.count - one.count);
  frame.keyCount = 0;
  if (main === undefined) return;
  const [extra] = others;
  if (others.length > 1 || (extra !== undefined && extra.count > 1)) {
    frame.refusal = KEYS_SCATTERED;
    return;
  }
  frame.firstKey = main.first;
  frame.keyStep = main.step;
  frame.keyCount = main.count;
  if (extra !== undefined) frame.extraKey = extra.first;
}

/** Finds the keys of one specification: a run, none, or the error that says why they cannot be found. */
function runFinder(
  { start, range }: KeySpecification,
): (frame: RequestFrame, bytes: Uint8Array) => Run | Uint8Array | null {
  if (start === null || range === null) throw new Error("Cannot find keys: their place is unknown");
  const keyword = "keyword" in start ? encoder.encode(start.keyword.toLowerCase()) : null;
  return (frame, bytes) => {
    const { argumentCount } = frame;
    const begin = "index" in start
      ? start.index
      : behindKeyword(frame, bytes, keyword!, start.startFrom);
    if (begin < 1 || begin >= argumentCount) return null;
    if ("countedStep" in range) return countedRun(frame, bytes, begin, range.countedStep);
    let last = begin + range.last;
    if (range.last < 0) {
      last = range.limit <= 1
        ? argumentCount + range.last
        : begin + Math.floor((argumentCount - begin) / range.limit) + range.last;
    }
    last = Math.min(last, argumentCount - 1);
    if (last < begin) return null;
    return { first: begin, step: range.step, count: Math.floor((last - begin) / range.step) + 1 };
  };
}

/** The word behind a keyword, or -1. */
function behindKeyword(
  frame: RequestFrame,
  bytes: Uint8Array,
  keyword: Uint8Array,
  startFrom: number,
): number {
  const { argumentCount } = frame;
  const step = startFrom < 0 ? -1 : 1;
  let word = startFrom < 0 ? argumentCount + startFrom : startFrom;
  for (; word > 0 && word < argumentCount; word += step) {
    const isFound = isWord(bytes, frame.argumentStart(word), frame.argumentEnd(word), keyword);
    if (isFound) return word + 1;
  }
  return -1;
}

function countedRun(
  frame: RequestFrame,
  bytes: Uint8Array,
  countWord: number,
  step: number,
): Run | Uint8Array {
  const count = readDecimal(bytes, frame.argumentStart(countWord), frame.argumentEnd(countWord));
  if (count === NOT_A_NUMBER) return NOT_AN_INTEGER;
  if (count < 0) return NEGATIVE_KEYS;
  // The last key may stand at the end, without what would follow it.
  if (count > 0 && countWord + 1 + (count - 1) * step >= frame.argumentCount) return TOO_MANY_KEYS;
  return { first: countWord + 1, step, count };
}
