/**
 * Whole numbers as RESP writes them, and words compared regardless of case; all without strings.
 *
 * @module
 */

/** Digits of the largest magnitude that {@link readDecimal} takes: all such numbers are exact. */
const DIGITS_MAX = 15;

/** Digits of the largest integer of 64 bits. */
const INT64_DIGITS = 19;

/** What {@link readDecimal} returns for bytes that are no number. */
export const NOT_A_NUMBER = Number.NEGATIVE_INFINITY;

/**
 * Reads a whole number as strictly as Redis's `string2ll`: no plus, no leading zero, no space.
 *
 * @returns The number; plus or minus `Number.MAX_SAFE_INTEGER` if it has more than 15 digits;
 * {@link NOT_A_NUMBER} if it is none.
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = start < end && bytes[start] === 0x2d;
  let position = isNegative ? start + 1 : start;
  const digits = end - position;
  if (digits < 1 || digits > INT64_DIGITS) return NOT_A_NUMBER;
  if (bytes[position] === 0x30 && (digits > 1 || isNegative)) return NOT_A_NUMBER;
  let value = 0;
  while (position < end) {
    const digit = bytes[position]! - 0x30;
    if (digit < 0 || digit > 9) return NOT_A_NUMBER;
    value = value * 10 + digit;
    position += 1;
  }
  if (digits > DIGITS_MAX) {
    if (digits === INT64_DIGITS && !isInt64(bytes, start, end)) return NOT_A_NUMBER;
    value = Number.MAX_SAFE_INTEGER;
  }
  return isNegative ? -value : value;
}

/** Whether digits, with or without a minus, are within 64 bits. */
function isInt64(bytes: Uint8Array, start: number, end: number): boolean {
  const value = BigInt(String.fromCharCode(...bytes.subarray(start, end)));
  return BigInt.asIntN(64, value) === value;
}

/** Number of digits of a whole number from 0 to 2^31 - 1. */
export function decimalDigits(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

/** Writes a whole number from 0 to 2^31 - 1; returns the position behind it. */
export function writeDecimal(value: number, target: Uint8Array, position: number): number {
  const end = position + decimalDigits(value);
  for (let place = end - 1; place >= position; place--) {
    const rest = (value / 10) | 0;
    target[place] = 0x30 + value - rest * 10;
    value = rest;
  }
  return end;
}

/** Whether `bytes[start, end)` is `word`, which has lower-case letters only, in any case. */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    if ((bytes[start + index]! | 0x20) !== word[index]) return false;
  }
  return true;
}
