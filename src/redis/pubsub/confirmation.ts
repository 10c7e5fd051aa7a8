/**
 * The bytes of subscribing: what backends are asked, and how clients are answered.
 *
 * @module
 */
import { concatenate } from "../../bytes/copy.ts";
import { bulkBytesReply, bulkReply, NULL_REPLY } from "../../protocol/resp/replies.ts";
import { bytesOfText } from "./push_frame.ts";

const encoder = new TextEncoder();
const NULL_REPLY_3 = encoder.encode("_\r\n");
const ARRAY_OF_TWO = encoder.encode("*2\r\n");

/** First byte of what answers no request: RESP2 has no type of its own for it. */
export const PUSH_TYPES: Readonly<Record<2 | 3, number>> = { 2: 0x2a, 3: 0x3e };

/** A request with one name, which has one character a byte. */
export function requestOfNames(verb: string, name: string): Uint8Array {
  return concatenate([ARRAY_OF_TWO, bulkReply(verb), bulkOf(name)]);
}

/**
 * `[verb, name, count]` in the client's version of the protocol.
 *
 * @param name Null where a client unsubscribes from everything and has nothing.
 */
export function confirmation(
  verb: string,
  name: string | null,
  count: number,
  version: 2 | 3,
): Uint8Array {
  const none = version === 3 ? NULL_REPLY_3 : NULL_REPLY;
  return concatenate([
    encoder.encode(`${String.fromCharCode(PUSH_TYPES[version])}3\r\n`),
    bulkReply(verb),
    name === null ? none : bulkOf(name),
    encoder.encode(`:${count}\r\n`),
  ]);
}

/** A bulk string of a text that has one character a byte. */
export function bulkOf(text: string): Uint8Array {
  return bulkBytesReply(bytesOfText(text), 0, text.length);
}
