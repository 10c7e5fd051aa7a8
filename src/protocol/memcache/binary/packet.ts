/**
 * The packets of memcached's binary protocol.
 *
 * ```text
 *   0 magic · 1 operation · 2 key length · 4 extras length · 5 data type · 6 status ·
 *   8 body length · 12 opaque · 16 cas · 24 extras, key, value
 * ```
 *
 * @module
 */
import { encodeText } from "../ascii.ts";

/** First byte of every request. */
export const REQUEST_MAGIC = 0x80;
/** First byte of every reply. */
export const REPLY_MAGIC = 0x81;
/** Bytes of a packet before its body. */
export const HEADER_BYTES = 24;

/** Where the fields of a header stand. */
export const Field = {
  Operation: 1,
  KeyLength: 2,
  ExtrasLength: 4,
  Status: 6,
  BodyLength: 8,
  Opaque: 12,
  Cas: 16,
} as const;

/** What a reply says of its request. */
export const Status = {
  Success: 0x00,
  NotFound: 0x01,
  Exists: 0x02,
  TooLarge: 0x03,
  InvalidArguments: 0x04,
  NotStored: 0x05,
  AuthError: 0x20,
  UnknownCommand: 0x81,
  TemporaryFailure: 0x86,
} as const;

/** memcached's own words for them. */
export const statusTexts = {
  notFound: encodeText("Not found"),
  tooLarge: encodeText("Too large."),
  invalidArguments: encodeText("Invalid arguments"),
  authFailure: encodeText("Auth failure."),
  unknownCommand: encodeText("Unknown command"),
  nothing: new Uint8Array(0),
} as const;

/** The 16 bits at `position`. */
export function read16(bytes: Uint8Array, position: number): number {
  return bytes[position]! << 8 | bytes[position + 1]!;
}

/** The 32 bits at `position` as an unsigned number. */
export function read32(bytes: Uint8Array, position: number): number {
  return read16(bytes, position) * 0x10000 + read16(bytes, position + 2);
}

/** Writes 16 bits at `position`. */
export function write16(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >>> 8;
  bytes[position + 1] = value;
}

/** Writes 32 bits at `position`. */
export function write32(bytes: Uint8Array, position: number, value: number): void {
  write16(bytes, position, value >>> 16 & 0xffff);
  write16(bytes, position + 2, value & 0xffff);
}

/** The status of the reply at `start`. */
export function statusOf(bytes: Uint8Array, start: number): number {
  return read16(bytes, start + Field.Status);
}

/** Whether a status says more than that there was nothing to do: what text replies call an error. */
export function isErrorStatus(status: number): boolean {
  return status >= Status.TooLarge && status !== Status.NotStored;
}

/** What a reply is made of, beside its request's operation and opaque. */
export interface ReplyParts {
  readonly status?: number;
  readonly key?: Uint8Array;
  readonly value?: Uint8Array;
}

/** A whole reply. */
export function replyPacket(
  operation: number,
  opaque: number,
  { status = Status.Success, key = statusTexts.nothing, value = statusTexts.nothing }: ReplyParts =
    {},
): Uint8Array {
  return packet(REPLY_MAGIC, operation, opaque, status, key, value);
}

/** A whole request without extras. */
export function requestPacket(operation: number, key: Uint8Array, value?: Uint8Array): Uint8Array {
  return packet(REQUEST_MAGIC, operation, 0, 0, key, value ?? statusTexts.nothing);
}

function packet(
  magic: number,
  operation: number,
  opaque: number,
  status: number,
  key: Uint8Array,
  value: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + key.length + value.length);
  bytes[0] = magic;
  bytes[Field.Operation] = operation;
  write16(bytes, Field.KeyLength, key.length);
  write16(bytes, Field.Status, status);
  write32(bytes, Field.BodyLength, key.length + value.length);
  write32(bytes, Field.Opaque, opaque);
  bytes.set(key, HEADER_BYTES);
  bytes.set(value, HEADER_BYTES + key.length);
  return bytes;
}
