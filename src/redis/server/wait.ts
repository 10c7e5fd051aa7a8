/**
 * WAIT and WAITAOF for no replicas, which libraries send behind writes whatever the deployment: nothing is waited for,
 * and that is what is said. To count the copies of one client's writes its connection to the server would have to be its
 * own, so for more they are refused.
 *
 * @module
 */
import { BAD_TIMEOUT, NEGATIVE_TIMEOUT } from "../../protocol/resp/key_finders/errors.ts";
import { refusalText, WAITING } from "../../protocol/resp/commands/reasons.ts";
import {
  arrayReply,
  errorReply,
  integerReply,
  NOT_AN_INTEGER,
} from "../../protocol/resp/write/replies.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";

const NOT_LOCAL = errorReply("ERR value is out of range, value must between 0 and 1");
const NOT_POSITIVE = errorReply("ERR value is out of range, must be positive");
const ZERO = integerReply(0);
const NONE = arrayReply([ZERO, ZERO]);

/** Answers WAIT numreplicas timeout. */
export function waitAnswer({ words }: LocalRequest): Uint8Array {
  const replicas = readInteger(words[1]!);
  if (replicas === null) return NOT_AN_INTEGER;
  return timeoutError(words[2]!) ?? (replicas > 0n ? refusal("wait") : ZERO);
}

/** Answers WAITAOF numlocal numreplicas timeout. */
export function waitAofAnswer({ words }: LocalRequest): Uint8Array {
  const local = readInteger(words[1]!);
  if (local === null) return NOT_AN_INTEGER;
  if (local < 0n || local > 1n) return NOT_LOCAL;
  const replicas = readInteger(words[2]!);
  if (replicas === null || replicas < 0n) return NOT_POSITIVE;
  return timeoutError(words[3]!) ?? (local + replicas > 0n ? refusal("waitaof") : NONE);
}

/** Whether a request for one of them is for no copies at all, as far as it can be read; its timeout comes last. */
export function waitsForNothing(words: readonly string[]): boolean {
  const counts = words.slice(1, -1).map(readInteger);
  return counts.length > 0 && counts.every((count) => count === null || count <= 0n);
}

function timeoutError(word: string): Uint8Array | null {
  const timeout = readInteger(word);
  if (timeout === null) return BAD_TIMEOUT;
  return timeout < 0n ? NEGATIVE_TIMEOUT : null;
}

function refusal(name: string): Uint8Array {
  return errorReply(`ERR ${refusalText(name, WAITING)}`);
}
