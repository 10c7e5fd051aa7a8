/**
 * What servers say of a script that they do not know.
 *
 * The sentences are compared whole. A script can reply with an error that has the same code and was written by
 * somebody else, and then it has run.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import { NO_SCRIPT, NO_SCRIPT_AT_VALKEY } from "../../protocol/resp/key_finders/errors.ts";

/** That of Redis, the same in 6.2 and 7.0; that of Valkey 9.1. */
const SENTENCES = [NO_SCRIPT, NO_SCRIPT_AT_VALKEY];
const CODE = new TextEncoder().encode("-NOSCRIPT");

/** Whether an error reply has the code: a server may have lost its scripts. */
export function hasNoScriptCode(bytes: Uint8Array, start: number, end: number): boolean {
  return startsWith(bytes, start, end, CODE);
}

/** Whether an error reply is, word for word, what a server says of a script that it does not know. */
export function isServersNoScript(bytes: Uint8Array, start: number, end: number): boolean {
  return SENTENCES.some((sentence) =>
    end - start === sentence.length && startsWith(bytes, start, end, sentence)
  );
}
