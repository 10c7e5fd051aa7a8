/**
 * Where a key of 64 bits belongs in a table that workers share.
 *
 * @module
 */

/** The upper 32 bits, as a signed number. */
export function highBits(key: bigint): number {
  return Number(BigInt.asIntN(32, key >> 32n));
}

/** The lower 32 bits, as a signed number. */
export function lowBits(key: bigint): number {
  return Number(BigInt.asIntN(32, key));
}

/** 32 bits in which each bit of the key counts, 0 to 2^32 - 1. */
export function mixBits(key: bigint): number {
  return spread(lowBits(key) ^ Math.imul(spread(highBits(key)), 0x9e3779b1)) >>> 0;
}

/** Tells all numbers of 32 bits apart. */
function spread(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
