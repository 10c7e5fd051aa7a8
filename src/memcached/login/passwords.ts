/**
 * User names and passwords as clients send them.
 *
 * @module
 */
import { findLineFeed, SPACE } from "../../protocol/memcache/ascii.ts";
import { HEADER_BYTES } from "../../protocol/memcache/binary/packet.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";

/** A name and a password; views of the request's bytes. */
export interface NameAndPassword {
  readonly username: Uint8Array;
  readonly password: Uint8Array;
}

/** Bytes behind a value. */
const DATA_END_BYTES = 2;
/** The one mechanism. */
const PLAIN = "PLAIN";
const NUL = 0;
const decoder = new TextDecoder();

/** What the value of a `set` says: `user password`, or null. */
export function passwordOfLine(frame: RequestFrame, bytes: Uint8Array): NameAndPassword | null {
  const lineEnd = findLineFeed(bytes, frame.argumentEnd(frame.argumentCount - 1), frame.end) + 1;
  const words = wordsOf(bytes.subarray(lineEnd, frame.end - DATA_END_BYTES));
  if (words.length < 2) return null;
  return { username: words[0]!, password: words[1]! };
}

/** What a packet of SASL PLAIN says, `[identity] NUL user NUL password`; null: it is none, or says something else. */
export function passwordOfPacket(frame: RequestFrame, bytes: Uint8Array): NameAndPassword | null {
  const keyStart = frame.start + HEADER_BYTES;
  const keyEnd = frame.argumentEnd(1);
  if (decoder.decode(bytes.subarray(keyStart, keyEnd)) !== PLAIN) return null;
  const value = bytes.subarray(keyEnd, frame.end);
  const first = value.indexOf(NUL);
  const second = first < 0 ? -1 : value.indexOf(NUL, first + 1);
  if (second < 0) return null;
  return { username: value.subarray(first + 1, second), password: value.subarray(second + 1) };
}

function wordsOf(bytes: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  let start = 0;
  for (let position = 0; position <= bytes.length; position++) {
    if (position < bytes.length && bytes[position] !== SPACE) continue;
    if (position > start) words.push(bytes.subarray(start, position));
    start = position + 1;
  }
  return words;
}
