/**
 * Replies the proxy gives itself: prebuilt ones, builders, and failures in Redis's error form. Builders make
 * strings, so they serve start-up, errors and rare answers only.
 *
 * @module
 */
import { concatenate } from "../../../bytes/copy.ts";
import type { SendLog } from "../../../bytes/send_log.ts";
import { type Failure, failures } from "../../../failure.ts";
import { QUOTED_LIMIT_BYTES } from "../limits.ts";

const encoder = new TextEncoder();
const lineBreaks = /[\r\n]/g;

/** Texts of failures kept as bytes, per failure; more addresses than this empty the list. */
const ADDRESSES_KEPT = 256;

/** `+OK` */
export const OK_REPLY: Uint8Array = encoder.encode("+OK\r\n");
/** `+PONG` */
export const PONG_REPLY: Uint8Array = encoder.encode("+PONG\r\n");
/** The RESP2 null: a bulk string that is not there. */
export const NULL_REPLY: Uint8Array = encoder.encode("$-1\r\n");
/** An array without elements. */
export const EMPTY_ARRAY_REPLY: Uint8Array = encoder.encode("*0\r\n");

/** Words in an order the command does not know. */
export const SYNTAX_ERROR: Uint8Array = errorReply("ERR syntax error");
/** A word that should be a number is none. */
export const NOT_AN_INTEGER: Uint8Array = errorReply(
  "ERR value is not an integer or out of range",
);

/** An error line: `text` starts with its code (`ERR …`). Line breaks become spaces, as Redis does it. */
export function errorReply(text: string): Uint8Array {
  return encoder.encode(`-${text.replace(lineBreaks, " ")}\r\n`);
}

/**
 * A word of a request as error texts quote it: at most `limitBytes` bytes, none from a NUL on, each byte one
 * character, for {@link byteErrorReply}.
 */
export function quotedWord(
  bytes: Uint8Array,
  start: number,
  end: number,
  limitBytes: number = QUOTED_LIMIT_BYTES,
): string {
  const clipped = Math.min(end, start + limitBytes);
  let text = "";
  for (let position = start; position < clipped && bytes[position] !== 0; position++) {
    text += String.fromCharCode(bytes[position]!);
  }
  return text;
}

/** Like {@link errorReply}, but each character of `text` is one byte: what clients sent goes back as it was. */
export function byteErrorReply(text: string): Uint8Array {
  return Uint8Array.from(
    `-${text.replace(lineBreaks, " ")}\r\n`,
    (character) => character.charCodeAt(0),
  );
}

/** A status line. Line breaks become spaces. */
export function statusReply(text: string): Uint8Array {
  return encoder.encode(`+${text.replace(lineBreaks, " ")}\r\n`);
}

/** A bulk string of any text. */
export function bulkReply(text: string): Uint8Array {
  return encoder.encode(`$${encoder.encode(text).length}\r\n${text}\r\n`);
}

/** A bulk string of any bytes. */
export function bulkBytesReply(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const head = encoder.encode(`$${end - start}\r\n`);
  const reply = new Uint8Array(head.length + end - start + 2);
  reply.set(head);
  reply.set(bytes.subarray(start, end), head.length);
  reply.set([0x0d, 0x0a], reply.length - 2);
  return reply;
}

/** A whole number. */
export function integerReply(value: number | bigint): Uint8Array {
  return encoder.encode(`:${value}\r\n`);
}

/** An array of replies. */
export function arrayReply(elements: readonly Uint8Array[]): Uint8Array {
  return concatenate([encoder.encode(`*${elements.length}\r\n`), ...elements]);
}

/** A request: an array of bulk strings. */
export function requestBytes(...words: readonly string[]): Uint8Array {
  return arrayReply(words.map(bulkReply));
}

/** Redis's error for a command with too few or too many words. `name` is lower case. */
export function arityError(name: string): Uint8Array {
  // Whatever is wrong with an EXEC, the transaction is over, and its error says so.
  const code = name === "exec" ? "EXECABORT Transaction discarded because of:" : "ERR";
  return errorReply(`${code} wrong number of arguments for '${name}' command`);
}

const keptFailures: Map<string, Uint8Array>[] = [];

/**
 * The error line of a failure. A backend that is down fails many requests a second, so the bytes are kept.
 *
 * @param address `host:port` of the backend, or "".
 */
export function failureReply(failure: Failure, address: string): Uint8Array {
  const kept = keptFailures[failure.id] ??= new Map();
  const known = kept.get(address);
  if (known !== undefined) return known;
  if (kept.size >= ADDRESSES_KEPT) kept.clear();
  const made = errorReply(failureText(failure, address));
  kept.set(address, made);
  return made;
}

/** Appends the error line of a failure. */
export function writeFailure(failure: Failure, address: string, target: SendLog): void {
  const reply = failureReply(failure, address);
  target.append(reply, 0, reply.length);
}

function failureText(failure: Failure, address: string): string {
  // Clients know these codes of Redis Cluster: they try again after the first, never after the second.
  if (failure === failures.slotUncovered) return "CLUSTERDOWN Hash slot not served";
  if (failure === failures.keysApart) {
    return "CROSSSLOT Keys in request don't hash to the same slot; give them a common hash tag";
  }
  return address === "" ? `ERR ${failure.text}` : `ERR backend ${address}: ${failure.text}`;
}
