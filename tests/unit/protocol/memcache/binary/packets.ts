/**
 * Binary packets for tests, as text with one character for each byte.
 *
 * @module
 */
import { toBytes, toText } from "../parse_stream.ts";

/** What a packet is made of; all empty or 0 if left out. */
export interface PacketParts {
  operation?: number;
  opaque?: number;
  status?: number;
  extras?: string;
  key?: string;
  value?: string;
  cas?: number;
  /** Written instead of the real ones. */
  lengths?: { key?: number; extras?: number; body?: number };
}

/** A request. */
export function request(parts: PacketParts): string {
  return packet(0x80, parts);
}

/** A reply. */
export function reply(parts: PacketParts): string {
  return packet(0x81, parts);
}

function packet(magic: number, parts: PacketParts): string {
  const { operation = 0, opaque = 0, status = 0, extras = "", key = "", value = "", cas = 0 } =
    parts;
  const body = toBytes(extras + key + value);
  const bytes = new Uint8Array(24 + body.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = magic;
  bytes[1] = operation;
  view.setUint16(2, parts.lengths?.key ?? key.length);
  bytes[4] = parts.lengths?.extras ?? extras.length;
  view.setUint16(6, status);
  view.setUint32(8, parts.lengths?.body ?? body.length);
  view.setUint32(12, opaque);
  view.setUint32(20, cas);
  bytes.set(body, 24);
  return toText(bytes);
}
