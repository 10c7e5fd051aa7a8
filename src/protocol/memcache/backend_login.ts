/**
 * Who the proxy is to its servers: SASL PLAIN over binary connections, memcached's own login over lines.
 *
 * @module
 */
import { type Failure, failures } from "../../failure.ts";
import { encodeText, isText } from "./ascii.ts";
import { Operation } from "./binary/commands.ts";
import { Field, REPLY_MAGIC, requestPacket, Status, statusOf } from "./binary/packet.ts";
import { MemcacheDialect } from "./profiles.ts";
import type { Profile } from "../protocol.ts";

/** A user and a password. */
export interface Credentials {
  /** Null: only a password is configured. */
  readonly username: string | null;
  readonly password: string;
}

/** The user's name where only a password is configured. */
export const DEFAULT_USER = "default";
/** A server that asks for no login stores this key for no time at all: the password must not stay there. */
const LOGIN_LINE = "set aster-login 0 -1";

const UNAUTHENTICATED = encodeText("CLIENT_ERROR unauthenticated\r\n");
const STORED = encodeText("STORED\r\n");
const FLUSH = 0x08;

/** The request that logs the proxy in over a connection of this profile. */
export function loginRequest({ username, password }: Credentials, profile: Profile): Uint8Array {
  const name = username ?? DEFAULT_USER;
  if (profile.dialect === MemcacheDialect.Binary) {
    const value = encodeText(`\0${name}\0${password}`);
    return requestPacket(Operation.SaslAuth, encodeText("PLAIN"), value);
  }
  const value = encodeText(`${name} ${password}`);
  const line = encodeText(`${LOGIN_LINE} ${value.length}\r\n`);
  const request = new Uint8Array(line.length + value.length + 2);
  request.set(line);
  request.set(value, line.length);
  request.set(encodeText("\r\n"), line.length + value.length);
  return request;
}

/** Why the reply to such a request says no; null: it says yes. */
export function loginFailure(bytes: Uint8Array, start: number, end: number): Failure | null {
  const isIn = bytes[start] === REPLY_MAGIC
    ? statusOf(bytes, start) === Status.Success
    : isText(bytes, start, end, STORED);
  return isIn ? null : failures.backendLogin;
}

/** Whether an error reply says that its server wants a login first. */
export function wantsLogin(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== REPLY_MAGIC) return isText(bytes, start, end, UNAUTHENTICATED);
  // A server that may not be flushed says so by the same status.
  return statusOf(bytes, start) === Status.AuthError && bytes[start + Field.Operation] !== FLUSH;
}
