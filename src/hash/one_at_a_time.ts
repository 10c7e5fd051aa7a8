/**
 * Bob Jenkins' one-at-a-time hash, of signed bytes as twemproxy reads them.
 *
 * @module
 */

/** `one_at_a_time`. */
export function oneAtATime(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) {
    hash = (hash + ((bytes[i]! << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  hash = (hash + (hash << 15)) | 0;
  return hash >>> 0;
}
