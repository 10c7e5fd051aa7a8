/**
 * A small number that stands for a key where its bytes are gone already.
 *
 * @module
 */

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * 32 bits of the key's bytes (FNV-1a): equal for equal keys, nearly always different for others.
 */
export function keyMark(bytes: Uint8Array, start: number, end: number): number {
  let mark = BASIS;
  for (let position = start; position < end; position++) {
    mark = Math.imul(mark ^ bytes[position]!, PRIME);
  }
  return mark | 0;
}
