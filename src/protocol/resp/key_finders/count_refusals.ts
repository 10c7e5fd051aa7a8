/**
 * What commands say of requests with keys behind their number that cannot be right: `EVAL script numkeys key…`,
 * `ZUNION numkeys key…`, `LMPOP numkeys key… LEFT`.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import { errorReply, NOT_AN_INTEGER, SYNTAX_ERROR } from "../write/replies.ts";
import {
  BAD_PAIR_COUNT,
  INVALID_KEY_COUNT,
  NEGATIVE_KEYS,
  NO_KEYS,
  NO_SCRIPT,
  TOO_MANY_KEYS,
} from "./errors.ts";
import { KeyProblem, type KeyProblemCode } from "./specified_keys.ts";

/** Bytes of the digest that names a script. */
const DIGEST_BYTES = 40;

/** EVAL and EVAL_RO. */
export function refuseScript(problem: KeyProblemCode): Uint8Array | null {
  if (problem === KeyProblem.None || problem === KeyProblem.Zero) return null;
  if (problem === KeyProblem.NotANumber) return NOT_AN_INTEGER;
  return problem === KeyProblem.Negative ? NEGATIVE_KEYS : TOO_MANY_KEYS;
}

/** EVALSHA and EVALSHA_RO: that the digest is none is what Redis sees before it counts keys. */
export function refuseDigest(
  problem: KeyProblemCode,
  frame: RequestFrame,
): Uint8Array | null {
  const refusal = refuseScript(problem);
  if (refusal === null) return null;
  return frame.argumentEnd(1) - frame.argumentStart(1) === DIGEST_BYTES ? refusal : NO_SCRIPT;
}

/**
 * FCALL and FCALL_RO: whether there is such a function comes before what is wrong with the count, so any server may say
 * which it is; it runs nothing.
 */
export function refuseFunction(): null {
  return null;
}

/** LMPOP, ZMPOP, BLMPOP and BZMPOP: which end is meant stands behind the keys. */
export function refusePop(problem: KeyProblemCode, frame: RequestFrame): Uint8Array | null {
  if (problem === KeyProblem.TooMany) return SYNTAX_ERROR;
  if (problem !== KeyProblem.None) return NO_KEYS;
  return frame.firstKey + frame.keyCount < frame.argumentCount ? null : SYNTAX_ERROR;
}

/** SINTERCARD: `SINTERCARD numkeys key… [LIMIT limit]`. */
export function refuseCardinality(problem: KeyProblemCode): Uint8Array | null {
  if (problem === KeyProblem.None) return null;
  return problem === KeyProblem.TooMany ? TOO_MANY_KEYS : NO_KEYS;
}

/** ZUNION, ZUNIONSTORE and their like. */
export function refuseCombination(problem: KeyProblemCode, frame: RequestFrame): Uint8Array | null {
  if (problem === KeyProblem.None) return null;
  if (problem === KeyProblem.NotANumber) return NOT_AN_INTEGER;
  if (problem === KeyProblem.TooMany) return SYNTAX_ERROR;
  return errorReply(`ERR at least 1 input key is needed for '${frame.row!.name}' command`);
}

/** MSETEX: `MSETEX numkeys key value…`; options follow. */
export function refusePairs(problem: KeyProblemCode, frame: RequestFrame): Uint8Array | null {
  if (problem === KeyProblem.TooMany) return BAD_PAIR_COUNT;
  if (problem !== KeyProblem.None) return INVALID_KEY_COUNT;
  const hasAllValues = frame.firstKey + 2 * frame.keyCount <= frame.argumentCount;
  return hasAllValues ? null : BAD_PAIR_COUNT;
}
