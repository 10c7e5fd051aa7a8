/**
 * Keys behind their number: `EVAL script numkeys key…`, `ZUNION numkeys key…`, `LMPOP numkeys key… LEFT`.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import { NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { errorReply, NOT_AN_INTEGER, SYNTAX_ERROR } from "../write/replies.ts";
import {
  BAD_PAIR_COUNT,
  INVALID_KEY_COUNT,
  NEGATIVE_KEYS,
  NO_KEYS,
  NO_SCRIPT,
  TOO_MANY_KEYS,
} from "./errors.ts";

/** Bytes of the digest that names a script. */
const DIGEST_BYTES = 40;

/** EVAL and EVAL_RO: `EVAL script numkeys key…`. */
export function scriptKeys(frame: RequestFrame, bytes: Uint8Array): void {
  const keyCount = readCount(frame, bytes, 2);
  if (keyCount >= 0 && keyCount <= frame.argumentCount - 3) setKeys(frame, 3, keyCount);
  else if (keyCount === NOT_A_NUMBER) frame.refusal = NOT_AN_INTEGER;
  else frame.refusal = keyCount < 0 ? NEGATIVE_KEYS : TOO_MANY_KEYS;
}

/** EVALSHA and EVALSHA_RO: the same with a digest; that it is none is what Redis sees before it counts keys. */
export function digestKeys(frame: RequestFrame, bytes: Uint8Array): void {
  scriptKeys(frame, bytes);
  if (frame.refusal === null) return;
  const digestBytes = frame.argumentEnd(1) - frame.argumentStart(1);
  if (digestBytes !== DIGEST_BYTES) frame.refusal = NO_SCRIPT;
}

/**
 * FCALL and FCALL_RO: `FCALL function numkeys key…`. Whether there is such a function comes before what is wrong with
 * the count, so any server may say which it is; it runs nothing.
 */
export function functionKeys(frame: RequestFrame, bytes: Uint8Array): void {
  const keyCount = readCount(frame, bytes, 2);
  const isRight = keyCount >= 0 && keyCount <= frame.argumentCount - 3;
  setKeys(frame, 3, isRight ? keyCount : 0);
}

/** LMPOP and ZMPOP: `LMPOP numkeys key… LEFT`. */
export function popKeys(frame: RequestFrame, bytes: Uint8Array): void {
  poppedKeys(frame, bytes, 1);
}

/** BLMPOP and BZMPOP: `BLMPOP timeout numkeys key… LEFT`. */
export function blockingPopKeys(frame: RequestFrame, bytes: Uint8Array): void {
  poppedKeys(frame, bytes, 2);
}

function poppedKeys(frame: RequestFrame, bytes: Uint8Array, countWord: number): void {
  const keyCount = readCount(frame, bytes, countWord);
  if (keyCount < 1) frame.refusal = NO_KEYS;
  else if (keyCount + countWord + 1 >= frame.argumentCount) frame.refusal = SYNTAX_ERROR;
  else setKeys(frame, countWord + 1, keyCount);
}

/** SINTERCARD: `SINTERCARD numkeys key… [LIMIT limit]`. */
export function cardinalityKeys(frame: RequestFrame, bytes: Uint8Array): void {
  const keyCount = readCount(frame, bytes, 1);
  if (keyCount < 1) frame.refusal = NO_KEYS;
  else if (keyCount > frame.argumentCount - 2) frame.refusal = TOO_MANY_KEYS;
  else setKeys(frame, 2, keyCount);
}

/** ZUNION, ZINTER, ZDIFF and ZINTERCARD: `ZUNION numkeys key…`. */
export function sortedSetKeys(frame: RequestFrame, bytes: Uint8Array): void {
  combinedKeys(frame, bytes, 1);
}

/** ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE: `ZUNIONSTORE destination numkeys key…`. */
export function storedSetKeys(frame: RequestFrame, bytes: Uint8Array): void {
  combinedKeys(frame, bytes, 2);
  frame.extraKey = 1;
}

function combinedKeys(frame: RequestFrame, bytes: Uint8Array, countWord: number): void {
  const keyCount = readCount(frame, bytes, countWord);
  if (keyCount === NOT_A_NUMBER) {
    frame.refusal = NOT_AN_INTEGER;
  } else if (keyCount < 1) {
    const { name } = frame.row!;
    frame.refusal = errorReply(`ERR at least 1 input key is needed for '${name}' command`);
  } else if (keyCount > frame.argumentCount - countWord - 1) {
    frame.refusal = SYNTAX_ERROR;
  } else {
    setKeys(frame, countWord + 1, keyCount);
  }
}

/** MSETEX: `MSETEX numkeys key value…`; options follow. */
export function pairKeys(frame: RequestFrame, bytes: Uint8Array): void {
  const keyCount = readCount(frame, bytes, 1);
  if (keyCount < 1) frame.refusal = INVALID_KEY_COUNT;
  else if (2 * keyCount > frame.argumentCount - 2) frame.refusal = BAD_PAIR_COUNT;
  else setKeys(frame, 2, keyCount, 2);
}

function readCount(frame: RequestFrame, bytes: Uint8Array, word: number): number {
  return readDecimal(bytes, frame.argumentStart(word), frame.argumentEnd(word));
}

function setKeys(frame: RequestFrame, firstKey: number, keyCount: number, keyStep = 1): void {
  frame.firstKey = firstKey;
  frame.keyStep = keyStep;
  frame.keyCount = keyCount;
}
