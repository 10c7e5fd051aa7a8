/**
 * The slot of a key in a Redis Cluster.
 *
 * @module
 */
import { crc16Xmodem } from "./crc.ts";
import { HashTag } from "./hash_tag.ts";

/** Number of slots of every Redis Cluster. */
export const SLOT_COUNT = 16_384;

const tag = new HashTag("{}");

/** The slot of the key `bytes[start..end)`, 0 to 16,383. The tag `{}` always applies. */
export function slotOf(bytes: Uint8Array, start: number, end: number): number {
  tag.find(bytes, start, end);
  return crc16Xmodem(bytes, tag.start, tag.end) & (SLOT_COUNT - 1);
}
