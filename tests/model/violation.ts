/**
 * What the model test calls wrong.
 *
 * @module
 */

/** The proxy broke a promise; the text says whose, by which request and how. */
export class Violation extends Error {
  override name = "Violation";
}

/** Bytes as a person reads them, cut at a bound. */
export function shownBytes(bytes: Uint8Array, limitBytes = 120): string {
  let text = "";
  for (const byte of bytes.subarray(0, limitBytes)) {
    const isPlain = byte >= 0x20 && byte < 0x7f;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return bytes.length > limitBytes ? `${text}… (${bytes.length} bytes)` : text;
}
