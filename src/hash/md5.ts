/**
 * MD5 as a hash of keys, and as the source of a ring's points.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The 16 bytes of the digest of `bytes`. */
export function md5Digest(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}

/** `md5`: the first four bytes of the digest, little-endian. The one hash that allocates. */
export function md5(bytes: Uint8Array, start: number, end: number): number {
  const digest = md5Digest(bytes.subarray(start, end));
  return (digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24)) >>> 0;
}
