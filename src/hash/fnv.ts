/**
 * The four FNV hashes of twemproxy, and aster's own reading of one of them.
 *
 * twemproxy reads keys as signed `char`: a byte of 0x80 or more enters the hash sign-extended to 32 bits.
 * Its 64-bit variants keep the low 32 bits only, and those never depend on the high ones, so the whole loop
 * runs in 32 bits.
 *
 * @module
 */

const FNV_64_OFFSET_LOW = 0x84222325 | 0;
const FNV_64_PRIME_LOW = 0x1b3;
const FNV_32_OFFSET = 0x811c9dc5 | 0;
const FNV_32_PRIME = 0x01000193;

/** `fnv1_64`: multiply, then xor; the low 32 bits. */
export function fnv1Bits64(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_64_OFFSET_LOW;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash, FNV_64_PRIME_LOW) ^ ((bytes[i]! << 24) >> 24);
  }
  return hash >>> 0;
}

/** `fnv1a_64`: xor, then multiply; the low 32 bits. The default of twemproxy and of aster. */
export function fnv1aBits64(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_64_OFFSET_LOW;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ ((bytes[i]! << 24) >> 24), FNV_64_PRIME_LOW);
  }
  return hash >>> 0;
}

/** `fnv1a_64` as aster 1.x computes it: like twemproxy's, but of unsigned bytes. */
export function fnv1aBits64Unsigned(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_64_OFFSET_LOW;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_64_PRIME_LOW);
  return hash >>> 0;
}

/** `fnv1_32`: multiply, then xor. */
export function fnv1Bits32(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_32_OFFSET;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash, FNV_32_PRIME) ^ ((bytes[i]! << 24) >> 24);
  }
  return hash >>> 0;
}

/** `fnv1a_32`: xor, then multiply. */
export function fnv1aBits32(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_32_OFFSET;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ ((bytes[i]! << 24) >> 24), FNV_32_PRIME);
  }
  return hash >>> 0;
}
