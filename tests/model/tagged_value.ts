/**
 * Values that say whose they are: `<client>.<key>.<number>.<bytes>;` and then filler that follows
 * from these four, so that a single byte of another value, or in another place, is noticed. The
 * filler is full of what could be taken for protocol.
 *
 * @module
 */
import { Random } from "../support/tools/seed.ts";

/** Longest value, in bytes. */
export const VALUE_LIMIT_BYTES = 512 * 1024;

const FILLER_BYTES = 64 * 1024;
/** A prime, so that neighbouring values begin far from each other. */
const FILLER_STEP = 7_919;
const SEPARATOR = 0x2e;
const TAG_END = 0x3b;
const TAG_LIMIT_BYTES = 64;

const encoder = new TextEncoder();
const filler = makeFiller();

/** Whose a value is. */
export interface ValueTag {
  client: number;
  key: number;
  /** Counts the writes of one key, from 1. */
  number: number;
}

/** Twice the filler, so that any run of up to {@link FILLER_BYTES} is in one piece. */
function makeFiller(): Uint8Array {
  const random = new Random(1);
  const traps = [
    "\r\n",
    "END\r\n",
    "$-1\r\n",
    "+OK\r\n",
    ":1\r\n",
    "VALUE a 0 1\r\n",
    "-ERR x\r\n",
  ];
  const made = new Uint8Array(2 * FILLER_BYTES);
  for (let position = 0; position < FILLER_BYTES;) {
    const piece = random.chance(0.5) ? encoder.encode(random.pick(traps)) : random.bytes(9);
    const length = Math.min(piece.length, FILLER_BYTES - position);
    made.set(piece.subarray(0, length), position);
    position += length;
  }
  made.copyWithin(FILLER_BYTES, 0, FILLER_BYTES);
  return made;
}

function fillerStart(tag: ValueTag): number {
  return ((tag.client * 31 + tag.key * 7 + tag.number) * FILLER_STEP) % FILLER_BYTES;
}

/** Makes the value of `byteCount` bytes, a few more if the tag alone is longer. */
export function makeValue(tag: ValueTag, byteCount: number): Uint8Array {
  const head = encoder.encode(`${tag.client}.${tag.key}.${tag.number}.${byteCount};`);
  const value = new Uint8Array(Math.max(byteCount, head.length));
  value.set(head);
  const start = fillerStart(tag);
  for (let position = head.length; position < value.length; position += FILLER_BYTES) {
    const length = Math.min(FILLER_BYTES, value.length - position);
    value.set(filler.subarray(start, start + length), position);
  }
  return value;
}

/**
 * Reads the tag of a value, of which every byte is checked; null if it is none that was ever made.
 */
export function readValue(bytes: Uint8Array): ValueTag | null {
  const numbers = [0, 0, 0, 0];
  let field = 0;
  let position = 0;
  for (;; position++) {
    if (position === bytes.length || position === TAG_LIMIT_BYTES) return null;
    const byte = bytes[position]!;
    if (byte === TAG_END) break;
    if (byte === SEPARATOR) field += 1;
    else if (byte < 0x30 || byte > 0x39 || field > 3) return null;
    else numbers[field] = numbers[field]! * 10 + byte - 0x30;
  }
  const [client, key, number, byteCount] = numbers as [number, number, number, number];
  position += 1;
  if (field !== 3 || bytes.length !== Math.max(byteCount, position)) return null;
  const tag = { client, key, number };
  const start = fillerStart(tag);
  for (let index = 0, at = position; at < bytes.length; index++, at++) {
    if (bytes[at] !== filler[start + (index % FILLER_BYTES)]) return null;
  }
  return tag;
}
