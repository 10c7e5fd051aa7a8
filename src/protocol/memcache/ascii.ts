/**
 * The bytes and numbers of the memcache text protocol.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";

export const NUL = 0x00;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Significant digits that a double still holds exactly whatever they are. */
const EXACT_DIGITS = 15;

/** The largest unsigned 64-bit number. */
const UNSIGNED_64_MAX = encodeText("18446744073709551615");
/** The largest signed 64-bit number, and the least without its sign. */
const SIGNED_64_MAX = encodeText("9223372036854775807");
const SIGNED_64_LEAST = encodeText("9223372036854775808");

/** The bytes of a text in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether `bytes[start, end)` is `text`. */
export function isText(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: Uint8Array,
): boolean {
  return end - start === text.length && startsWith(bytes, start, end, text);
}

/** Position of the first line feed in `bytes[start, end)`, or -1. */
export function findLineFeed(bytes: Uint8Array, start: number, end: number): number {
  for (let position = start; position < end; position++) {
    if (bytes[position] === LINE_FEED) return position;
  }
  return -1;
}

/**
 * The number in `bytes[start, end)`: digits, with a plus before them if need be.
 *
 * @returns -1 if it is something else or above `max`, which is at most 10^15.
 */
export function parseUnsigned(
  bytes: Uint8Array,
  start: number,
  end: number,
  max: number,
): number {
  if (bytes[start] === PLUS) start += 1;
  const first = skipZeros(bytes, start, end);
  if (start >= end || end - first > EXACT_DIGITS) return -1;
  let value = 0;
  for (let position = first; position < end; position++) {
    const byte = bytes[position]!;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + byte - ZERO;
  }
  return value <= max ? value : -1;
}

/**
 * Whether `bytes[start, end)` is what memcached takes for a signed number: white space before it, what
 * follows white space behind it, and anything from -2^63 to 2^63 - 1. The server cuts it to 32 bits.
 */
export function isSigned64(bytes: Uint8Array, start: number, end: number): boolean {
  const first = skipWhite(bytes, start, end);
  const isNegative = bytes[first] === MINUS;
  return isWholeNumber(
    bytes,
    isNegative || bytes[first] === PLUS ? first + 1 : first,
    end,
    isNegative ? SIGNED_64_LEAST : SIGNED_64_MAX,
  );
}

/** Whether `bytes[start, end)` is what memcached takes for a number from 0 to 2^64 - 1. */
export function isUnsigned64(bytes: Uint8Array, start: number, end: number): boolean {
  const first = skipWhite(bytes, start, end);
  return isWholeNumber(bytes, bytes[first] === PLUS ? first + 1 : first, end, UNSIGNED_64_MAX);
}

/** Whether digits stand at `start` that are at most `max`, and then the end or white space. */
function isWholeNumber(bytes: Uint8Array, start: number, end: number, max: Uint8Array): boolean {
  let digitsEnd = start;
  while (digitsEnd < end && bytes[digitsEnd]! >= ZERO && bytes[digitsEnd]! <= NINE) digitsEnd++;
  if (digitsEnd === start) return false;
  if (digitsEnd < end && !isWhite(bytes[digitsEnd]!)) return false;
  const first = skipZeros(bytes, start, digitsEnd);
  const digits = digitsEnd - first;
  if (digits !== max.length) return digits < max.length;
  for (let index = 0; index < digits; index++) {
    const difference = bytes[first + index]! - max[index]!;
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** Tab, line feed, vertical tab, form feed, carriage return and space: C's `isspace`. */
function isWhite(byte: number): boolean {
  return byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
}

function skipWhite(bytes: Uint8Array, start: number, end: number): number {
  while (start < end && isWhite(bytes[start]!)) start += 1;
  return start;
}

function skipZeros(bytes: Uint8Array, start: number, end: number): number {
  while (start < end && bytes[start] === ZERO) start += 1;
  return start;
}
