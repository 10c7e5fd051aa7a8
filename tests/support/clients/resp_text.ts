/**
 * RESP as a test writes it: requests from words, replies from values.
 *
 * @module
 */

/** A request: an array of bulk strings. */
export function request(...words: string[]): string {
  return `*${words.length}\r\n${words.map(bulk).join("")}`;
}

/** A bulk string; null is the one that is not there. */
export function bulk(value: string | null): string {
  return value === null ? "$-1\r\n" : `$${new TextEncoder().encode(value).length}\r\n${value}\r\n`;
}

/** An array of replies. */
export function array(...elements: string[]): string {
  return `*${elements.length}\r\n${elements.join("")}`;
}

/** The error line for a backend that failed. */
export function backendError(address: string, text: string): string {
  return `-ERR backend ${address}: ${text}\r\n`;
}
