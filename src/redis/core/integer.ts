/**
 * Whole numbers in the words of a request, as strict as Redis reads them.
 *
 * @module
 */

const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 63n - 1n;

/**
 * The value of `word`: no sign but a minus, no leading zeros, 64 bits.
 *
 * @returns Null where Redis says "not an integer or out of range".
 */
export function readInteger(word: string): bigint | null {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(word)) return null;
  const value = BigInt(word);
  return value < LEAST || value > GREATEST ? null : value;
}
