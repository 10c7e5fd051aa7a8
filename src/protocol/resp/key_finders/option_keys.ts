/**
 * Keys behind an option's name: `SORT key … STORE destination`, `XREAD … STREAMS key… id…`, `MIGRATE … KEYS key…`.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import { isWord, NOT_A_NUMBER, readDecimal } from "../decimal.ts";
import { errorReply, NOT_AN_INTEGER, SYNTAX_ERROR } from "../write/replies.ts";
import {
  BAD_TIMEOUT,
  NEGATIVE_TIMEOUT,
  UNBALANCED_XREAD,
  UNBALANCED_XREADGROUP,
} from "./errors.ts";

const encoder = new TextEncoder();
const AUTH = encoder.encode("auth");
const AUTH2 = encoder.encode("auth2");
const BLOCK = encoder.encode("block");
const BY = encoder.encode("by");
const CLAIM = encoder.encode("claim");
const COUNT = encoder.encode("count");
const GET = encoder.encode("get");
const GROUP = encoder.encode("group");
const KEYS = encoder.encode("keys");
const LIMIT = encoder.encode("limit");
const NOACK = encoder.encode("noack");
const STORE = encoder.encode("store");
const STOREDIST = encoder.encode("storedist");
const STREAMS = encoder.encode("streams");

const NO_GROUP = errorReply(
  "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const NO_NOACK = errorReply(
  "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);

/** Where the options of MIGRATE begin. */
const MIGRATE_OPTIONS = 6;

/** SORT: its key is in the row's columns; the last STORE counts. */
export function sortKeys(frame: RequestFrame, bytes: Uint8Array): void {
  frame.extraKey = sortDestination(frame, bytes, 2);
}

/**
 * The destination of a SORT, or -1; the last one counts.
 *
 * @param storeWords Words of a STORE: 2; with 1 the destination is looked at as another option, too, as Redis does
 * where it tells clients which words are keys.
 */
export function sortDestination(
  frame: RequestFrame,
  bytes: Uint8Array,
  storeWords: 1 | 2,
): number {
  let destination = -1;
  let word = 2;
  while (word < frame.argumentCount) {
    if (isAt(frame, bytes, word, LIMIT)) {
      word += 3;
    } else if (isAt(frame, bytes, word, STORE) && word + 1 < frame.argumentCount) {
      destination = word + 1;
      word += storeWords;
    } else {
      word += isAt(frame, bytes, word, GET) || isAt(frame, bytes, word, BY) ? 2 : 1;
    }
  }
  return destination;
}

/** GEORADIUS and GEORADIUSBYMEMBER: options follow the words that they need; the last STORE or STOREDIST counts. */
export function geoRadiusKeys(frame: RequestFrame, bytes: Uint8Array): void {
  for (let word = -frame.row!.arity; word < frame.argumentCount - 1; word++) {
    if (isAt(frame, bytes, word, STORE) || isAt(frame, bytes, word, STOREDIST)) {
      frame.extraKey = word + 1;
      word += 1;
    }
  }
}

/** MIGRATE: its key is in the row's columns; where that is empty, all that follows KEYS are keys. */
export function migrateKeys(frame: RequestFrame, bytes: Uint8Array): void {
  if (!isEmpty(frame, frame.firstKey)) return;
  const option = migrateOption(frame, bytes);
  if (option < 0) return;
  frame.firstKey = option + 1;
  frame.keyCount = frame.argumentCount - option - 1;
}

/** Where KEYS stands in a MIGRATE with keys behind it; -1 where it does not. */
export function migrateOption(frame: RequestFrame, bytes: Uint8Array): number {
  for (let word = MIGRATE_OPTIONS; word < frame.argumentCount - 1; word++) {
    if (isAt(frame, bytes, word, KEYS)) return word;
    // Passwords and names may be any word.
    if (isAt(frame, bytes, word, AUTH)) word += 1;
    else if (isAt(frame, bytes, word, AUTH2)) word += 2;
  }
  return -1;
}

/** Whether a word has no bytes. */
export function isEmpty(frame: RequestFrame, word: number): boolean {
  return frame.argumentStart(word) === frame.argumentEnd(word);
}

/** XREAD: as many ids as keys follow STREAMS. With BLOCK the row is that of the blocking form. */
export function streamKeys(frame: RequestFrame, bytes: Uint8Array): void {
  findStreams(frame, bytes, false);
}

/** XREADGROUP: as many ids as keys follow STREAMS. With BLOCK the row is that of the blocking form. */
export function groupStreamKeys(frame: RequestFrame, bytes: Uint8Array): void {
  findStreams(frame, bytes, true);
}

function findStreams(frame: RequestFrame, bytes: Uint8Array, isGroup: boolean): void {
  let word = 1;
  let mayBlock = false;
  while (word < frame.argumentCount && !isAt(frame, bytes, word, STREAMS)) {
    if (isAt(frame, bytes, word, BLOCK)) {
      mayBlock = true;
      word += 2;
    } else if (isAt(frame, bytes, word, COUNT) || isAt(frame, bytes, word, CLAIM)) word += 2;
    else if (isAt(frame, bytes, word, GROUP)) word += 3;
    else if (isAt(frame, bytes, word, NOACK)) word += 1;
    else break;
  }
  const streamWords = frame.argumentCount - word - 1;
  if (streamWords < 1 || streamWords % 2 !== 0 || !isAt(frame, bytes, word, STREAMS)) {
    frame.refusal = streamError(frame, bytes, isGroup);
    return;
  }
  frame.firstKey = word + 1;
  frame.keyStep = 1;
  frame.keyCount = streamWords / 2;
  if (mayBlock) frame.row = frame.row!.blockingForm;
}

/** What Redis says of an XREAD or XREADGROUP without streams, or of what it meets before them. */
function streamError(frame: RequestFrame, bytes: Uint8Array, isGroup: boolean): Uint8Array {
  const lastWord = frame.argumentCount - 1;
  let word = 1;
  while (word <= lastWord) {
    const hasValue = word < lastWord;
    if (isAt(frame, bytes, word, BLOCK) && hasValue) {
      const timeoutMs = numberAt(frame, bytes, word + 1);
      if (timeoutMs === NOT_A_NUMBER) return BAD_TIMEOUT;
      if (timeoutMs < 0) return NEGATIVE_TIMEOUT;
      word += 2;
    } else if (isAt(frame, bytes, word, COUNT) && hasValue) {
      if (numberAt(frame, bytes, word + 1) === NOT_A_NUMBER) return NOT_AN_INTEGER;
      word += 2;
    } else if (isAt(frame, bytes, word, STREAMS) && hasValue) {
      return isGroup ? UNBALANCED_XREADGROUP : UNBALANCED_XREAD;
    } else if (isAt(frame, bytes, word, GROUP) && word + 1 < lastWord) {
      if (!isGroup) return NO_GROUP;
      word += 3;
    } else if (isAt(frame, bytes, word, NOACK)) {
      if (!isGroup) return NO_NOACK;
      word += 1;
    } else {
      return SYNTAX_ERROR;
    }
  }
  return SYNTAX_ERROR;
}

function numberAt(frame: RequestFrame, bytes: Uint8Array, word: number): number {
  return readDecimal(bytes, frame.argumentStart(word), frame.argumentEnd(word));
}

/** Whether a word of the frame is this option, in letters of either case. */
export function isAt(
  frame: RequestFrame,
  bytes: Uint8Array,
  word: number,
  option: Uint8Array,
): boolean {
  return isWord(bytes, frame.argumentStart(word), frame.argumentEnd(word), option);
}
