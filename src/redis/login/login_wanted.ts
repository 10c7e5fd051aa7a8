/**
 * The error of a server that wants a login of the proxy, which a client would take for one about its own.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";

const encoder = new TextEncoder();
const NO_AUTH = encoder.encode("-NOAUTH");
const SENTENCE = encoder.encode("-NOAUTH Authentication required.\r\n");

/** Whether `bytes[start, end)` is such an error, however it goes on. */
export function isAnyLoginWanted(bytes: Uint8Array, start: number, end: number): boolean {
  return startsWith(bytes, start, end, NO_AUTH);
}

/** Whether it is the sentence of Redis and Valkey, to the byte. */
export function isLoginWanted(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === SENTENCE.length && startsWith(bytes, start, end, SENTENCE);
}
