/**
 * Paul Hsieh's SuperFastHash, as twemproxy computes it: of the three bytes that may be left over, the third
 * is read as a signed `char`, all others are unsigned.
 *
 * @module
 */

/** `hsieh`. */
export function hsieh(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    hash = (hash + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    const mixed = ((bytes[i + 2]! | (bytes[i + 3]! << 8)) << 11) ^ hash;
    hash = (hash << 16) ^ mixed;
    hash = (hash + (hash >>> 11)) | 0;
  }
  const left = end - i;
  if (left === 3) {
    hash = (hash + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    hash ^= hash << 16;
    hash ^= ((bytes[i + 2]! << 24) >> 24) << 18;
    hash = (hash + (hash >>> 11)) | 0;
  } else if (left === 2) {
    hash = (hash + (bytes[i]! | (bytes[i + 1]! << 8))) | 0;
    hash ^= hash << 11;
    hash = (hash + (hash >>> 17)) | 0;
  } else if (left === 1) {
    hash = (hash + bytes[i]!) | 0;
    hash ^= hash << 10;
    hash = (hash + (hash >>> 1)) | 0;
  }
  return avalanche(hash);
}

/** Spreads the last bytes over all 32 bits. */
function avalanche(seed: number): number {
  let hash = seed;
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash >>> 0;
}
