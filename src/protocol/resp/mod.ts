/**
 * The Redis protocol: requests as RESP2 arrays or inline lines, replies of RESP2 and RESP3.
 *
 * @module
 */
import type { SendLog } from "../../bytes/send_log.ts";
import { type Failure, failures } from "../../failure.ts";
import type { CommandRow, CommandTable } from "../command_table.ts";
import {
  type KeySelection,
  type LongMerge,
  type MergeParts,
  type Profile,
  PROFILES,
  type Protocol,
  type ReplyParser,
  type RequestFrame,
  type RequestParser,
} from "../protocol.ts";
import {
  createGrowingCommands,
  createRespCommands,
  type CustomCommand,
} from "./commands/custom.ts";
import { writeFragment, writeRequest } from "./write/fragments.ts";
import { MEMCACHE_BINARY, TLS_HANDSHAKE } from "./parse/inline_requests.ts";
import { beginMerge, writeMerged } from "./write/merge.ts";
import { errorReply, PONG_REPLY, requestBytes, writeFailure } from "./write/replies.ts";
import { Type } from "./type.ts";
import { RespReplyParser } from "./parse/reply_parser.ts";
import { LearnedCommands } from "./parse/learned_commands.ts";
import { RequestDescriber } from "./parse/request_describer.ts";
import { RespRequestParser } from "./parse/request_parser.ts";
import { requestWords } from "./parse/request_words.ts";

export * from "./cluster/proxies_as_nodes.ts";
export { clusterDialect } from "./cluster/cluster_dialect.ts";
export {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
  byteErrorReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
  NOT_AN_INTEGER,
  NULL_REPLY,
  OK_REPLY,
  PONG_REPLY,
  quotedWord,
  statusReply,
  SYNTAX_ERROR,
} from "./write/replies.ts";

/** `READONLY`: lets a Redis Cluster replica answer reads. */
export const READONLY_REQUEST: Uint8Array = requestBytes("READONLY");
/** `PING` */
export const PING_REQUEST: Uint8Array = requestBytes("PING");

/** `HELLO 3`: the connection speaks RESP3 from its reply on. */
export const HELLO_3_REQUEST: Uint8Array = requestBytes("HELLO", "3");

const ERROR_TYPE = 0x2d;
const latin1 = new TextDecoder("latin1");
/** How errors begin that servers answer with whatever was asked, while they have no data to answer from. */
const NOT_NOW = /^(LOADING|MASTERDOWN) /;

/** As a Redis server says it at `maxclients`. */
const TOO_MANY_CLIENTS = errorReply("ERR max number of clients reached");
/** Servers have no such limit, so the words are the proxy's. */
const TOO_MANY_FROM_ADDRESS = errorReply("ERR max number of clients of this address reached");

/** Who the proxy is to its backends. */
export interface Credentials {
  /** Null: the default user, in the form that servers before Redis 6 know. */
  readonly username: string | null;
  readonly password: string;
}

/** Which commands there are besides Redis's. */
export interface CommandOptions {
  readonly custom: readonly CustomCommand[];
  /** Whether names with a dot that are unknown go where their first argument is. */
  readonly routesDotted: boolean;
  /** Whether commands that only the servers know may be added. */
  readonly learns: boolean;
}

/** The Redis protocol of one cluster. */
export interface RedisProtocol extends Protocol {
  /** Takes in what servers tell of their commands; null where nothing is learned. */
  readonly learned: LearnedCommands | null;
}

/**
 * Makes the Redis protocol; one per cluster and worker is enough.
 *
 * @param credentials Sent first on each backend connection, or null.
 */
export function createRespProtocol(
  credentials: Credentials | null = null,
  options: CommandOptions = { custom: [], routesDotted: true, learns: false },
): RedisProtocol {
  return new RespProtocol(credentials, options);
}

class RespProtocol implements RedisProtocol {
  readonly profiles = PROFILES[2];
  readonly commands: CommandTable;
  readonly learned: LearnedCommands | null = null;
  readonly tooManyClients: Uint8Array = TOO_MANY_CLIENTS;
  readonly tooManyFromAddress: Uint8Array = TOO_MANY_FROM_ADDRESS;
  readonly probe: Uint8Array = PING_REQUEST;
  readonly readyProbe: Uint8Array = PING_REQUEST;
  readonly #describer: RequestDescriber;
  readonly #login: readonly Uint8Array[];

  constructor(credentials: Credentials | null, { custom, routesDotted, learns }: CommandOptions) {
    if (learns) {
      const commands = createGrowingCommands(custom);
      this.commands = commands;
      this.#describer = new RequestDescriber(commands);
      this.learned = new LearnedCommands(commands, this.#describer);
    } else {
      this.commands = createRespCommands(custom);
      this.#describer = new RequestDescriber(this.commands, routesDotted);
    }
    this.#login = credentials === null ? [] : [loginRequest(credentials)];
  }

  isErrorReply(bytes: Uint8Array, start: number, end: number): boolean {
    const type = bytes[start];
    return end > start && (type === Type.Error || type === Type.BlobError);
  }

  handshake(profile: Profile): readonly Uint8Array[] {
    const frames = [...this.#login];
    if (profile.version === 3) frames.push(HELLO_3_REQUEST);
    if (profile.database !== 0) frames.push(requestBytes("SELECT", String(profile.database)));
    if (profile.isReadonly) frames.push(READONLY_REQUEST);
    return frames;
  }

  handshakeFailure(bytes: Uint8Array, start: number, end: number): Failure | null {
    if (bytes[start] !== ERROR_TYPE) return null;
    const text = latin1.decode(bytes.subarray(start + 1, end));
    const isLogin = /^(WRONGPASS|NOAUTH|NOPERM|ERR (Client sent )?AUTH|ERR invalid password)/;
    if (isLogin.test(text)) return failures.backendLogin;
    if (NOT_NOW.test(text)) return failures.backendLoading;
    return /^ERR (DB index|invalid DB)/.test(text)
      ? failures.backendDatabase
      : failures.handshakeRefused;
  }

  refusesForNow(bytes: Uint8Array, start: number, end: number): boolean {
    return NOT_NOW.test(latin1.decode(bytes.subarray(start + 1, Math.min(end, start + 16))));
  }

  isProbeAccepted(bytes: Uint8Array, start: number, end: number): boolean {
    return isReply(PONG_REPLY, bytes, start, end);
  }

  createRequestParser(frame: RequestFrame): RequestParser {
    return new RespRequestParser(frame, this.#describer);
  }

  createReplyParser(): ReplyParser {
    return new RespReplyParser();
  }

  requestWords(row: CommandRow, bytes: Uint8Array, start: number, end: number): Uint8Array[] {
    return requestWords(row, bytes, start, end);
  }

  writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void {
    writeRequest(frame, bytes, target);
  }

  writeFragment(
    frame: RequestFrame,
    bytes: Uint8Array,
    keys: KeySelection,
    target: SendLog,
  ): void {
    writeFragment(frame, bytes, keys, target);
  }

  writeMerged(merge: MergeParts, target: SendLog): void {
    writeMerged(merge, target);
  }

  beginMerge(merge: MergeParts): LongMerge | null {
    return beginMerge(merge);
  }

  writeFailure(failure: Failure, address: string, target: SendLog): void {
    writeFailure(failure, address, target);
  }

  foreignProtocol(firstByte: number): string | null {
    if (firstByte === TLS_HANDSHAKE) return "TLS";
    return firstByte === MEMCACHE_BINARY ? "memcache binary" : null;
  }
}

function loginRequest({ username, password }: Credentials): Uint8Array {
  return username === null
    ? requestBytes("AUTH", password)
    : requestBytes("AUTH", username, password);
}

function isReply(expected: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== expected.length) return false;
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}
