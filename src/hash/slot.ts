/**
 * The slot of a key in a Redis Cluster.
 *
 * @module
 */
import { CRC16_TABLE, crc16Xmodem } from "./crc.ts";
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
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === OPENING_BRACE) return slotOfTagged(bytes, start, end);
    crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ byte]!;
  }
  return crc & (SLOT_COUNT - 1);
}

function slotOfTagged(bytes: Uint8Array, start: number, end: number): number {
  tag.find(bytes, start, end);
  return crc16Xmodem(bytes, tag.start, tag.end) & (SLOT_COUNT - 1);
}
