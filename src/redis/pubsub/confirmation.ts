/**
 * The bytes of subscribing: what backends are asked, and how clients are answered.
 *
 * @module
 */
import type { ByteWriter } from "../../bytes/byte_writer.ts";
import { bulkBytesReply } from "../../protocol/resp/write/replies.ts";
import { bytesOfText } from "./push_frame.ts";

/** First byte of what answers no request: RESP2 has no type of its own for it. */
export const PUSH_TYPES: Readonly<Record<2 | 3, number>> = { 2: 0x2a, 3: 0x3e };
const NULLS: Readonly<Record<2 | 3, string>> = { 2: "$-1\r\n", 3: "_\r\n" };

/** Writes a request with one name, which has one character a byte. */
export function writeRequestOfName(target: ByteWriter, verb: string, name: string): void {
  target.text("*2\r\n");
  writeBulk(target, verb);
  writeBulk(target, name);
}

/**
 * Writes `[verb, name, count]` in the client's version of the protocol.
 *
 * @param name Null where a client unsubscribes from everything and has nothing.
 */
export function writeConfirmation(
  target: ByteWriter,
  verb: string,
  name: string | null,
  count: number,
  version: 2 | 3,
): void {
  target.text(version === 3 ? ">3\r\n" : "*3\r\n");
  writeBulk(target, verb);
  if (name === null) target.text(NULLS[version]);
  else writeBulk(target, name);
  target.text(":");
  target.decimal(count);
  target.text("\r\n");
}

/** A bulk string of a text that has one character a byte. */
export function bulkOf(text: string): Uint8Array {
  return bulkBytesReply(bytesOfText(text), 0, text.length);
}

function writeBulk(target: ByteWriter, text: string): void {
  target.text("$");
  target.decimal(text.length);
  target.text("\r\n");
  target.text(text);
  target.text("\r\n");
}
