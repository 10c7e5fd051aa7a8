/**
 * Bob Jenkins' lookup3 (`hashlittle`) with the seed 13 of libmemcached.
 *
 * @module
 */

const SEED = 0xdeadbeef + 13;

/** `jenkins`. */
export function jenkins(bytes: Uint8Array, start: number, end: number): number {
  let a = (SEED + (end - start)) | 0;
  let b = a;
  let c = a;
  let i = start;
  // The last block, even a full one, is left to the final mix.
  for (; end - i > 12; i += 12) {
    a = (a + wordAt(bytes, i)) | 0;
    b = (b + wordAt(bytes, i + 4)) | 0;
    c = (c + wordAt(bytes, i + 8)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (i === end) return c >>> 0;
  a = (a + partialWordAt(bytes, i, end)) | 0;
  b = (b + partialWordAt(bytes, i + 4, end)) | 0;
  c = (c + partialWordAt(bytes, i + 8, end)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

function rotate(word: number, bitCount: number): number {
  return (word << bitCount) | (word >>> (32 - bitCount));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The word at `at`, with zeros for the bytes from `end` on. */
function partialWordAt(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  if (at < end) word = bytes[at]!;
  if (at + 1 < end) word |= bytes[at + 1]! << 8;
  if (at + 2 < end) word |= bytes[at + 2]! << 16;
  if (at + 3 < end) word |= bytes[at + 3]! << 24;
  return word;
}
