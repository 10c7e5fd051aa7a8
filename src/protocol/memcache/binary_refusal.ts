/**
 * What a client of the binary protocol reads before it is closed: an error in its own form, since
 * some libraries wait for ever on a connection that just ends.
 *
 * ```text
 *   0 magic · 1 operation · 2 key length · 4 extras length · 5 data type · 6 status ·
 *   8 body length · 12 opaque · 16 cas · 24 body
 * ```
 *
 * @module
 */
import { encodeText } from "./ascii.ts";

/** First byte of every binary request. */
export const BINARY_MAGIC = 0x80;

/** Bytes of the header of a binary request or reply. */
export const BINARY_HEADER_BYTES = 24;

const REPLY_MAGIC = 0x81;
const OPERATION = 1;
const STATUS = 6;
const BODY_LENGTH = 8;
const OPAQUE = 12;
const OPAQUE_END = 16;
/** "Unknown command". */
const STATUS_UNKNOWN_COMMAND = 0x81;
const TEXT = encodeText("The proxy speaks the text protocol only");

/** The error that answers the binary request whose header stands at `start`. */
export function binaryRefusal(bytes: Uint8Array, start: number): Uint8Array {
  const reply = new Uint8Array(BINARY_HEADER_BYTES + TEXT.length);
  reply[0] = REPLY_MAGIC;
  reply[OPERATION] = bytes[start + OPERATION]!;
  reply[STATUS + 1] = STATUS_UNKNOWN_COMMAND;
  reply[BODY_LENGTH + 3] = TEXT.length;
  for (let index = OPAQUE; index < OPAQUE_END; index++) reply[index] = bytes[start + index]!;
  reply.set(TEXT, BINARY_HEADER_BYTES);
  return reply;
}
