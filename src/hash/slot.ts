/**
 * The slot of a key in a Redis Cluster.
 *
 * @module
 */
import { crc16OfFour, crc16OfOne, crc16Xmodem } from "./crc.ts";
import { HashTag } from "./hash_tag.ts";

/** Number of slots of every Redis Cluster. */
export const SLOT_COUNT = 16_384;

const tag = new HashTag("{}");

const OPENING_BRACE = 0x7b;

/**
 * The slot of the key `bytes[start..end)`, 0 to 16,383. The tag `{}` always applies. Nearly no key has a
 * brace, so the checksum is computed on the way to the first one.
 */
export function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  let i = start;
  for (const last = end - 4; i <= last; i += 4) {
    const a = bytes[i]!;
    const b = bytes[i + 1]!;
    const c = bytes[i + 2]!;
    const d = bytes[i + 3]!;
    if (a === OPENING_BRACE || b === OPENING_BRACE || c === OPENING_BRACE || d === OPENING_BRACE) {
      return slotOfTagged(bytes, start, end);
    }
    crc = crc16OfFour(crc, a, b, c, d);
  }
  for (; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === OPENING_BRACE) return slotOfTagged(bytes, start, end);
    crc = crc16OfOne(crc, byte);
  }
  return crc & (SLOT_COUNT - 1);
}

function slotOfTagged(bytes: Uint8Array, start: number, end: number): number {
  tag.find(bytes, start, end);
  return crc16Xmodem(bytes, tag.start, tag.end) & (SLOT_COUNT - 1);
}
