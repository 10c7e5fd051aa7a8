/**
 * The protocols of memcached: lines, and binary packets for clients whose first byte is of one.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import { type Failure, failures } from "../../failure.ts";
import type { Profile, Protocol } from "../protocol.ts";
import { encodeText } from "./ascii.ts";
import { type Credentials, loginFailure, loginRequest, wantsLogin } from "./backend_login.ts";
import { createBinaryDialect } from "./binary/dialect.ts";
import { Operation } from "./binary/commands.ts";
import {
  Field,
  HEADER_BYTES,
  REPLY_MAGIC,
  REQUEST_MAGIC,
  requestPacket,
  Status,
  statusOf,
  statusTexts,
} from "./binary/packet.ts";
import { BinaryReplyParser } from "./binary/reply_parser.ts";
import { MemcacheCommands } from "./commands.ts";
import { rewriteInPlace, writeFragment, writeRequest } from "./fragments.ts";
import { beginMerge, writeMerged } from "./merge.ts";
import { breaksSilence } from "./meta_line.ts";
import { BINARY_PROFILES, MemcacheDialect, META_PROFILES, TEXT_PROFILES } from "./profiles.ts";
import { isErrorLine, writeFailure } from "./replies.ts";
import { MemcacheReplyParser } from "./reply_parser.ts";
import { LineJudge } from "./request_line.ts";
import { requestWords } from "./request_words.ts";
import { MemcacheRequestParser } from "./request_parser.ts";

/** As a server says it that runs with `maxconns_fast`; the client has shown no dialect yet. */
const TOO_MANY_CLIENTS = encodeText("ERROR Too many open connections\r\n");
/** Servers have no such limit, so the words are the proxy's. */
const TOO_MANY_FROM_ADDRESS = encodeText("ERROR Too many open connections of this address\r\n");
/** As long as the header of a packet: a server that speaks in packets alone hangs up on it instead of waiting for more. */
const PROBE = encodeText(`${"version".padEnd(HEADER_BYTES)}\r\n`);
const PROBE_ANSWER = encodeText("VERSION ");
/** For the same reason a get whose key ends as a line does: a server that speaks in lines alone says `ERROR`. */
const BINARY_HELLO = requestPacket(Operation.Get, encodeText("\r\n"));
const BINARY_PROBE = requestPacket(Operation.Version, statusTexts.nothing);
const VERSION_NUMBERS = /^VERSION (\d+)\.(\d+)\.(\d+)/;
/** The first version whose `ms` has the length of its value where this one has it. */
const META_VERSION = [1, 6, 12] as const;
/** First byte of a client that speaks TLS. */
const TLS_HANDSHAKE = 0x16;
const decoder = new TextDecoder();

/** What may differ between clusters. */
export interface MemcacheOptions {
  /** Who the proxy is to the servers, or null. */
  readonly credentials?: Credentials | null;
  /** Whether keys of a server that fails are misses in the answer to a list of keys. */
  readonly failureIsMiss?: boolean;
}

/** Makes the protocols as memcached 1.6.18 speaks them. */
export function createMemcacheProtocol(
  { credentials = null, failureIsMiss = false }: MemcacheOptions = {},
): Protocol {
  const commands = new MemcacheCommands();
  const judge = new LineJudge(commands);
  const binary = createBinaryDialect();
  const protocol: Protocol = {
    commands,
    profiles: TEXT_PROFILES,
    profilesApart: META_PROFILES,
    dialectOf: (firstByte) => firstByte === REQUEST_MAGIC ? binary : protocol,
    handshake: (profile) => handshake(profile, credentials),
    handshakeFailure: (bytes, start, end) =>
      handshakeFailure(bytes, start, end, credentials !== null),
    handshakeLost,
    tooManyClients: TOO_MANY_CLIENTS,
    tooManyFromAddress: TOO_MANY_FROM_ADDRESS,
    probe: PROBE,
    otherProbe: { bytes: BINARY_PROBE, profile: BINARY_PROFILES.master },
    isProbeAccepted: (bytes, start, end) =>
      startsWith(bytes, start, end, PROBE_ANSWER) ||
      (bytes[start] === REPLY_MAGIC && statusOf(bytes, start) === Status.Success),
    createRequestParser: (frame) => new MemcacheRequestParser(frame, judge),
    createReplyParser: ({ dialect }) =>
      dialect === MemcacheDialect.Binary ? new BinaryReplyParser() : new MemcacheReplyParser(),
    requestWords,
    writeRequest,
    rewriteInPlace,
    writeFragment,
    writeMerged: (merge, target) => writeMerged(merge, target, failureIsMiss),
    beginMerge: (merge) => beginMerge(merge, failureIsMiss),
    writeFailure,
    breaksSilence,
    isErrorReply: isErrorLine,
    foreignProtocol: (firstByte) => firstByte === TLS_HANDSHAKE ? "TLS" : null,
  };
  return protocol;
}

/** A server that does not know the meta commands would take the value of one for the next request. */
function handshake(profile: Profile, credentials: Credentials | null): readonly Uint8Array[] {
  const login = credentials === null ? [] : [loginRequest(credentials, profile)];
  if (profile.dialect === MemcacheDialect.Binary) return [...login, BINARY_HELLO];
  return profile.dialect === MemcacheDialect.Meta ? [...login, PROBE] : login;
}

/** Whoever closes, or answers in another way, does not speak like the client. */
function handshakeLost(failure: Failure): Failure | null {
  const { backendClosed, backendMalformed, backendReset, dialectUnsupported } = failures;
  const isHangUp = failure === backendClosed || failure === backendMalformed ||
    failure === backendReset;
  return isHangUp ? dialectUnsupported : null;
}

function handshakeFailure(
  bytes: Uint8Array,
  start: number,
  end: number,
  logsIn: boolean,
): Failure | null {
  if (wantsLogin(bytes, start, end)) return failures.backendLogin;
  const isHello = bytes[start] === REPLY_MAGIC && bytes[start + Field.Operation] === Operation.Get;
  if (isHello) return null;
  const text = decoder.decode(bytes.subarray(start, end));
  if (!text.startsWith("VERSION ")) {
    return logsIn ? loginFailure(bytes, start, end) : failures.dialectUnsupported;
  }
  const numbers = VERSION_NUMBERS.exec(text);
  if (numbers === null) return failures.dialectUnsupported;
  const [major, minor, patch] = numbers.slice(1).map(Number);
  const [leastMajor, leastMinor, leastPatch] = META_VERSION;
  const isLater = major! > leastMajor || (major === leastMajor && minor! > leastMinor);
  const isSame = major === leastMajor && minor === leastMinor && patch! >= leastPatch;
  return isLater || isSame ? null : failures.dialectUnsupported;
}
