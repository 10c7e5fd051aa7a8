/**
 * The words of a request as it was sent to a server, for the slow log: those of its line, or the operation and the
 * key of its packet. Values are left out.
 *
 * @module
 */
import type { CommandRow } from "../command_table.ts";
import type { Profile } from "../protocol.ts";
import { ShortenedWords } from "../shortened_words.ts";
import { Field, HEADER_BYTES, read16 } from "./binary/packet.ts";
import { MemcacheDialect } from "./profiles.ts";

const SPACE = 0x20;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** The words of the request in `bytes[start, end)`, of which the end may be missing. */
export function requestWords(
  row: CommandRow,
  bytes: Uint8Array,
  start: number,
  end: number,
  profile: Profile,
): Uint8Array[] {
  const words = new ShortenedWords();
  if (profile.dialect === MemcacheDialect.Binary) {
    words.addText(row.name);
    const keyBytes = end - start < HEADER_BYTES ? 0 : read16(bytes, start + Field.KeyLength);
    const keyAt = start + HEADER_BYTES + bytes[start + Field.ExtrasLength]!;
    if (keyBytes > 0) words.add(bytes.subarray(0, end), keyAt, keyBytes);
    return words.end();
  }
  let wordAt = start;
  for (let at = start; at <= end; at++) {
    const isLineEnd = at === end || bytes[at] === CARRIAGE_RETURN || bytes[at] === LINE_FEED;
    if (!isLineEnd && bytes[at] !== SPACE) continue;
    if (at > wordAt) words.add(bytes, wordAt, at - wordAt);
    if (isLineEnd) break;
    wordAt = at + 1;
  }
  return words.end();
}
