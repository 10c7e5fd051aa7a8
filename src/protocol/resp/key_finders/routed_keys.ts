/**
 * Keys that requests are routed by where their command's specifications give them no fixed place.
 *
 * @module
 */
import type { KeyFinder } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import type { KeySpecification } from "../commands/key_specifications.ts";
import { errorReply, NOT_AN_INTEGER } from "../write/replies.ts";
import { NEGATIVE_KEYS, TOO_MANY_KEYS } from "./errors.ts";
import { KeyProblem, type KeyProblemCode, type KeyTaker, searchBy } from "./specified_keys.ts";

/** What is said of requests whose keys stand in places that are no row of words and one more. */
export const KEYS_SCATTERED: Uint8Array = errorReply(
  "ERR the keys of this request stand in places that cannot be routed by",
);

/**
 * What a request is answered with for what was found out about its keys, which stand in the frame if `problem` is none;
 * null: it is sent, without a key to any server, which says what is wrong with it.
 */
export type KeyRefusal = (
  problem: KeyProblemCode,
  frame: RequestFrame,
  bytes: Uint8Array,
) => Uint8Array | null;

/**
 * The key finder of a command with these specifications. A keyword that is not there names no keys; a request without
 * any key goes to any server.
 *
 * @param specifications Those whose place can be told.
 */
export function keysBySpecification(
  specifications: readonly KeySpecification[],
  refusal: KeyRefusal = refuseCounts,
): KeyFinder {
  const search = searchBy(specifications);
  return (frame, bytes) => {
    frame.keyCount = 0;
    const problem = search.find(frame, bytes, ROUTED);
    frame.refusal ??= refusal(problem, frame, bytes);
  };
}

/** What is said of the numbers of keys that cannot be right, whatever the command. */
function refuseCounts(problem: KeyProblemCode): Uint8Array | null {
  if (problem === KeyProblem.NotANumber) return NOT_AN_INTEGER;
  if (problem === KeyProblem.Negative) return NEGATIVE_KEYS;
  return problem === KeyProblem.TooMany ? TOO_MANY_KEYS : null;
}

/** Puts keys into the fields of a frame, which have room for one run of them and one key more. */
const ROUTED: KeyTaker = {
  take(frame, first, step, count) {
    if (frame.keyCount === 0) {
      setRun(frame, first, step, count);
    } else if (frame.extraKey >= 0 || (count > 1 && frame.keyCount > 1)) {
      frame.refusal = KEYS_SCATTERED;
    } else if (count === 1) {
      frame.extraKey = first;
    } else {
      frame.extraKey = frame.firstKey;
      setRun(frame, first, step, count);
    }
  },
};

function setRun(frame: RequestFrame, first: number, step: number, count: number): void {
  frame.firstKey = first;
  frame.keyStep = step;
  frame.keyCount = count;
}
