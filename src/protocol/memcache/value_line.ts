/**
 * The line before each value of a reply: `VALUE <key> <flags> <bytes> [<cas unique>]`.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import { CARRIAGE_RETURN, encodeText, parseUnsigned, SPACE } from "./ascii.ts";
import { VALUE_LIMIT_BYTES } from "./limits.ts";

const VALUE = encodeText("VALUE ");

/** How the line of a meta command's value begins: `VA <bytes> <flag>*`. */
export const META_VALUE: Uint8Array = encodeText("VA ");

/** Bytes before the key. */
export const VALUE_KEY_OFFSET = VALUE.length;

/** Bytes of the line end behind a value. */
export const VALUE_END_BYTES = 2;

/** Whether the line at `start` announces a value. */
export function isValueLine(bytes: Uint8Array, start: number, end: number): boolean {
  return startsWith(bytes, start, end, VALUE);
}

/** Position behind the word that begins at `start`. */
export function wordEnd(bytes: Uint8Array, start: number, end: number): number {
  let position = start;
  while (position < end && bytes[position] !== SPACE) position++;
  return position;
}

/**
 * The length of the value that a value line announces, in bytes.
 *
 * @param end Position of the line feed.
 * @returns -1 if the line is not of that form.
 */
export function valueLength(bytes: Uint8Array, start: number, end: number): number {
  const lineEnd = end - 1;
  if (bytes[lineEnd] !== CARRIAGE_RETURN) return -1;
  const keyEnd = wordEnd(bytes, start + VALUE_KEY_OFFSET, lineEnd);
  const flagsEnd = wordEnd(bytes, keyEnd + 1, lineEnd);
  const lengthEnd = wordEnd(bytes, flagsEnd + 1, lineEnd);
  return parseUnsigned(bytes, flagsEnd + 1, lengthEnd, VALUE_LIMIT_BYTES);
}

/**
 * The length of the value that a meta command's value line announces, in bytes.
 *
 * @param end Position of the line feed.
 * @returns -1 if the line is not of that form.
 */
export function metaValueLength(bytes: Uint8Array, start: number, end: number): number {
  const lineEnd = end - 1;
  if (bytes[lineEnd] !== CARRIAGE_RETURN) return -1;
  const lengthStart = start + META_VALUE.length;
  return parseUnsigned(
    bytes,
    lengthStart,
    wordEnd(bytes, lengthStart, lineEnd),
    VALUE_LIMIT_BYTES,
  );
}
