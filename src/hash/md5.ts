/**
 * MD5 (RFC 1321) as a hash of keys, and as the source of a ring's points. The runtime's own is made for long inputs:
 * for a key it takes some ten times as long, and allocates, and a ring of a thousand servers has 40,000 digests.
 *
 * @module
 */

const BLOCK_BYTES = 64;
/** What follows the input in its last block: one byte, and the length in bits. */
const TAIL_BYTES = 9;
const ROUND_STEPS = 16;

/** What each step adds: the first 32 bits of the sines of 1 to 64, as the standard has it. */
const ADDENDS: Int32Array = Int32Array.from(
  { length: 4 * ROUND_STEPS },
  (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0,
);
/** Bits by which the steps of each round rotate, in turns of four. */
const ROTATIONS: Int32Array = Int32Array.from([
  ...[7, 12, 17, 22],
  ...[5, 9, 14, 20],
  ...[4, 11, 16, 23],
  ...[6, 10, 15, 21],
]);

/** One digest at a time is made, so all share these. */
const state = new Int32Array(4);
const words = new Int32Array(BLOCK_BYTES / 4);
/** The last block or two: the rest of the input, and what follows it. */
const tail = new Uint8Array(2 * BLOCK_BYTES);

/** The 16 bytes of the digest of `bytes`. */
export function md5Digest(bytes: Uint8Array): Uint8Array {
  digest(bytes, 0, bytes.length);
  const result = new Uint8Array(16);
  const view = new DataView(result.buffer);
  for (let word = 0; word < state.length; word++) view.setInt32(4 * word, state[word]!, true);
  return result;
}

/** `md5`: the first four bytes of the digest of `bytes[start..end)`, little-endian. */
export function md5(bytes: Uint8Array, start: number, end: number): number {
  digest(bytes, start, end);
  return state[0]! >>> 0;
}

function digest(bytes: Uint8Array, start: number, end: number): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  let position = start;
  for (; position + BLOCK_BYTES <= end; position += BLOCK_BYTES) addBlock(bytes, position);
  const restBytes = end - position;
  tail.fill(0);
  for (let at = 0; at < restBytes; at++) tail[at] = bytes[position + at]!;
  tail[restBytes] = 0x80;
  const tailBytes = restBytes + TAIL_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  // The length in bits has eight bytes; an array in JavaScript is far from having so many.
  let bits = (end - start) * 8;
  for (let at = tailBytes - 8; bits > 0; at++) {
    tail[at] = bits % 256;
    bits = Math.floor(bits / 256);
  }
  for (let at = 0; at < tailBytes; at += BLOCK_BYTES) addBlock(tail, at);
}

function addBlock(bytes: Uint8Array, start: number): void {
  for (let word = 0; word < words.length; word++) {
    const at = start + 4 * word;
    words[word] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) |
      (bytes[at + 3]! << 24);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  for (let step = 0; step < 4 * ROUND_STEPS; step++) {
    let mixed: number;
    let word: number;
    if (step < ROUND_STEPS) {
      mixed = (b & c) | (~b & d);
      word = step;
    } else if (step < 2 * ROUND_STEPS) {
      mixed = (b & d) | (c & ~d);
      word = (5 * step + 1) & 15;
    } else if (step < 3 * ROUND_STEPS) {
      mixed = b ^ c ^ d;
      word = (3 * step + 5) & 15;
    } else {
      mixed = c ^ (b | ~d);
      word = (7 * step) & 15;
    }
    const sum = (a + mixed + ADDENDS[step]! + words[word]!) | 0;
    const bits = ROTATIONS[((step >>> 4) << 2) | (step & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << bits) | (sum >>> (32 - bits)))) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
}
