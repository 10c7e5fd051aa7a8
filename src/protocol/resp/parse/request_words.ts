/**
 * The words of a request as it was sent to a server, for the slow log.
 *
 * @module
 */
import type { CommandRow } from "../../command_table.ts";
import { ShortenedWords, WORDS_MAX } from "../../shortened_words.ts";
import { descriptionOf } from "../commands/custom.ts";

const LINE_FEED = 0x0a;
const ASTERISK = 0x2a;
const HIDDEN = "(redacted)";
/** Words behind which a password stands, and, behind the longer one, a user and a password. */
const SECRETS: ReadonlyMap<string, number> = new Map([["AUTH", 1], ["AUTH2", 2]]);
const decoder = new TextDecoder("latin1");

/** The words of the request in `bytes[start, end)`, of which the end may be missing; passwords are left out. */
export function requestWords(
  row: CommandRow,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array[] {
  const words = new ShortenedWords();
  if (bytes[start] !== ASTERISK) {
    words.addText(row.name);
    return words.end();
  }
  const hasSecrets = descriptionOf(row).keyParser === "migrate";
  let hidden = 0;
  let at = bytes.indexOf(LINE_FEED, start) + 1;
  const count = readNumber(bytes, start + 1);
  while (words.count < Math.min(count, WORDS_MAX) && at > start && at < end) {
    const byteCount = readNumber(bytes, at + 1);
    const wordAt = bytes.indexOf(LINE_FEED, at) + 1;
    if (wordAt === 0 || wordAt > end) break;
    if (hidden > 0) words.addText(HIDDEN);
    else words.add(bytes.subarray(0, end), wordAt, byteCount);
    hidden = Math.max(0, hidden - 1);
    if (hasSecrets && hidden === 0 && byteCount <= 5) {
      const word = decoder.decode(bytes.subarray(wordAt, wordAt + byteCount)).toUpperCase();
      hidden = SECRETS.get(word) ?? 0;
    }
    at = wordAt + byteCount + 2;
  }
  return words.end(count);
}

/** The digits at `position`, as a number. */
function readNumber(bytes: Uint8Array, position: number): number {
  let value = 0;
  for (let at = position; at < bytes.length; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
