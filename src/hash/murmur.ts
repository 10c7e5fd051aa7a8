/**
 * MurmurHash2 with the seed that libmemcached derives from the key's length.
 *
 * @module
 */

const MULTIPLIER = 0x5bd1e995;

/** `murmur`. */
export function murmur(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let hash = Math.imul(0xdeadbeef, length) ^ length;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    let word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const left = end - i;
  if (left > 0) {
    if (left === 3) hash ^= bytes[i + 2]! << 16;
    if (left >= 2) hash ^= bytes[i + 1]! << 8;
    hash = Math.imul(hash ^ bytes[i]!, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) >>> 0;
}
