/**
 * Keys in base64, as memcached decodes them: bytes that do not belong to it are left out.
 *
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;
const NONE = 0xff;
/** Characters that stand for three bytes together. */
const GROUP = 4;

const values = new Uint8Array(256).fill(NONE);
for (let index = 0; index < ALPHABET.length; index++) values[ALPHABET.charCodeAt(index)] = index;
values[PADDING] = 0;

/** The bytes that `bytes[start, end)` stands for; null where it stands for none. */
export function decodeBase64(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  const decoded = new Uint8Array(Math.ceil((end - start) / GROUP) * 3);
  let length = 0;
  let count = 0;
  let bits = 0;
  let padding = 0;
  for (let position = start; position < end; position++) {
    const value = values[bytes[position]!]!;
    if (value === NONE) continue;
    if (bytes[position] === PADDING) padding += 1;
    bits = bits << 6 | value;
    count += 1;
    if (count % GROUP !== 0) continue;
    decoded[length] = bits >>> 16;
    decoded[length + 1] = bits >>> 8;
    decoded[length + 2] = bits;
    length += 3;
    bits = 0;
    if (padding === 0) continue;
    if (padding > 2) return null;
    return hasMore(bytes, position + 1, end) ? null : decoded.subarray(0, length - padding);
  }
  return count === 0 || count % GROUP !== 0 ? null : decoded.subarray(0, length);
}

/** The length must come out even behind padding, too. */
function hasMore(bytes: Uint8Array, start: number, end: number): boolean {
  let count = 0;
  for (let position = start; position < end; position++) {
    if (values[bytes[position]!] !== NONE) count += 1;
  }
  return count % GROUP !== 0;
}
