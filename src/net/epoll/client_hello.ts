/**
 * The name that a client asks for, read from its first message before OpenSSL has it: choosing a certificate inside
 * OpenSSL would take a callback.
 *
 * @module
 */

/** Most bytes of a first message that are looked at; what is longer gets the pair of all names. */
export const HELLO_BYTES_MAX = 16 * 1024;

/** What the first bytes of a client came to. */
export type HelloName =
  /** There is more to come. */
  | { readonly isWhole: false }
  /** `name` is null where it asks for none, or what it says is no first message of TLS. */
  | { readonly isWhole: true; readonly name: string | null };

const RECORD_HEADER_BYTES = 5;
const RECORD_HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const NAME_TYPE_HOST = 0;

const INCOMPLETE: HelloName = { isWhole: false };
const NAMELESS: HelloName = { isWhole: true, name: null };

/** Reads the name from the first `byteCount` bytes that a client has sent. */
export function helloName(bytes: Uint8Array, byteCount: number): HelloName {
  const message = joinRecords(bytes.subarray(0, byteCount));
  if (message === null) return NAMELESS;
  const isWhole = message.length >= 4 && message.length >= 4 + uint24(message, 1);
  if (!isWhole) return byteCount >= HELLO_BYTES_MAX ? NAMELESS : INCOMPLETE;
  if (message[0] !== CLIENT_HELLO) return NAMELESS;
  return { isWhole: true, name: nameOf(new Reader(message.subarray(4, 4 + uint24(message, 1)))) };
}

/** What the records at the start of `bytes` carry of a handshake; null where they are no such records. */
function joinRecords(bytes: Uint8Array): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== RECORD_HANDSHAKE) return parts.length === 0 ? null : concatenated(parts);
    if (bytes.length - at < RECORD_HEADER_BYTES) break;
    const end = at + RECORD_HEADER_BYTES + (bytes[at + 3]! << 8 | bytes[at + 4]!);
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, Math.min(end, bytes.length)));
    at = end;
  }
  return concatenated(parts);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
}

/** Reads forward; behind the end all that is read is empty. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(byteCount: number): void {
    this.#at += byteCount;
  }

  number(byteCount: number): number {
    let value = 0;
    for (let count = 0; count < byteCount; count++) {
      value = value << 8 | (this.#bytes[this.#at++] ?? 0);
    }
    return value;
  }

  /** Bytes behind their own length, which takes `lengthBytes`. */
  vector(lengthBytes: number): Uint8Array {
    const length = this.number(lengthBytes);
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }
}

/** The host name of the extension `server_name` (RFC 6066) in a ClientHello (RFC 8446, 4.1.2). */
function nameOf(hello: Reader): string | null {
  // Version and random.
  hello.skip(2 + 32);
  // Session id, cipher suites, compression methods.
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  const extensions = new Reader(hello.vector(2));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== EXTENSION_SERVER_NAME) continue;
    const names = new Reader(new Reader(body).vector(2));
    while (!names.isAtEnd) {
      const nameType = names.number(1);
      const name = names.vector(2);
      if (nameType === NAME_TYPE_HOST) return new TextDecoder("latin1").decode(name);
    }
    return null;
  }
  return null;
}
