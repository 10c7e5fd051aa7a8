/**
 * Keys behind an option's name: `SORT key … STORE destination`, `XREAD … STREAMS key… id…`.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import { isWord } from "../decimal.ts";
import { SYNTAX_ERROR, UNBALANCED_STREAMS } from "./errors.ts";

const encoder = new TextEncoder();
const BLOCK = encoder.encode("block");
const BY = encoder.encode("by");
const CLAIM = encoder.encode("claim");
const COUNT = encoder.encode("count");
const GET = encoder.encode("get");
const GROUP = encoder.encode("group");
const LIMIT = encoder.encode("limit");
const NOACK = encoder.encode("noack");
const STORE = encoder.encode("store");
const STOREDIST = encoder.encode("storedist");
const STREAMS = encoder.encode("streams");

/** Where the options of GEORADIUSBYMEMBER begin; those of GEORADIUS one word later. */
const GEORADIUS_OPTIONS = 5;

/** SORT: its key is in the row's columns; the last STORE counts. */
export function sortKeys(frame: RequestFrame, bytes: Uint8Array): void {
  let word = 2;
  while (word < frame.argumentCount) {
    if (isAt(frame, bytes, word, LIMIT)) {
      word += 3;
    } else if (isAt(frame, bytes, word, STORE) && word + 1 < frame.argumentCount) {
      frame.extraKey = word + 1;
      word += 2;
    } else {
      word += isAt(frame, bytes, word, GET) || isAt(frame, bytes, word, BY) ? 2 : 1;
    }
  }
}

/** GEORADIUS and GEORADIUSBYMEMBER: the last STORE or STOREDIST counts. */
export function geoRadiusKeys(frame: RequestFrame, bytes: Uint8Array): void {
  for (let word = GEORADIUS_OPTIONS; word < frame.argumentCount - 1; word++) {
    if (isAt(frame, bytes, word, STORE) || isAt(frame, bytes, word, STOREDIST)) {
      frame.extraKey = word + 1;
      word += 1;
    }
  }
}

/** XREAD and XREADGROUP: as many ids as keys follow STREAMS. With BLOCK the row is that of the blocking form. */
export function streamKeys(frame: RequestFrame, bytes: Uint8Array): void {
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
  if (streamWords < 1 || !isAt(frame, bytes, word, STREAMS)) {
    frame.refusal = SYNTAX_ERROR;
  } else if (streamWords % 2 !== 0) {
    frame.refusal = UNBALANCED_STREAMS;
  } else {
    frame.firstKey = word + 1;
    frame.keyStep = 1;
    frame.keyCount = streamWords / 2;
    if (mayBlock) frame.row = frame.row!.blockingForm;
  }
}

function isAt(frame: RequestFrame, bytes: Uint8Array, word: number, option: Uint8Array): boolean {
  return isWord(bytes, frame.argumentStart(word), frame.argumentEnd(word), option);
}
