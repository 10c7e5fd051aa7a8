/**
 * Which servers there are, and what they do otherwise than Redis 7.0 where the proxy answers in their place. The one
 * place for such differences: what is said here was compared with Redis 6.2.5, 7.0.15 and 8.2.3 and Valkey 9.1.2,
 * and other versions are taken for the nearest of these.
 *
 * @module
 */
import {
  NO_SCRIPT,
  NO_SCRIPT_AT_VALKEY,
  UNBALANCED_XREAD,
  UNBALANCED_XREADGROUP,
} from "../../protocol/resp/key_finders/errors.ts";
import { errorReply } from "../../protocol/resp/write/replies.ts";
import { CLIENT_FIELDS_OF_REDIS, CLIENT_FIELDS_OF_VALKEY } from "../client/client_fields.ts";
import { HELLO_WITHOUT_AUTH } from "../login/mod.ts";
import { NESTED, WATCH_INSIDE } from "../transaction/replies.ts";

/** What servers do, where versions differ. */
export interface ServerWays {
  /** What they say in the place of Redis 7.0's replies. */
  readonly words: ReadonlyMap<Uint8Array, Uint8Array>;
  /** How the last line of HELP goes. */
  readonly helpOfHelp: string;
  /** Which of READONLY and READWRITE do nothing outside a cluster, where the others fail. */
  readonly takenOutsideCluster: ReadonlySet<string>;
  /** MULTI or WATCH inside MULTI makes EXEC abort. */
  readonly abortsNested: boolean;
  /** Before a login even what is no command wants one. */
  readonly hidesCommands: boolean;
  /** HELLO looks at all its options before it acts on any. */
  readonly checksHelloFirst: boolean;
  /** CLIENT PAUSE and UNBLOCK with more words than they know look at the first one only. */
  readonly ignoresFurtherWords: boolean;
  /** CLIENT LIST reads its filters as CLIENT KILL does; an id that is no number is a syntax error. */
  readonly filtersAlike: boolean;
  /** RESET takes back CLIENT NO-EVICT, too. */
  readonly resetsNoEvict: boolean;
  /** There is CLIENT CAPA. */
  readonly hasCapabilities: boolean;
  /** The fields of a line of CLIENT LIST, in their order. */
  readonly clientFields: readonly string[];
}

/** What clients are told of the servers. */
export interface ServerKind {
  /** As HELLO says it. */
  readonly product: "redis" | "valkey";
  /** The least of the servers' versions, those of the product. */
  readonly version: string;
  /** The version of Redis whose commands they have: what INFO calls `redis_version`. */
  readonly redisVersion: string;
  readonly ways: ServerWays;
}

const REDIS_7: ServerWays = {
  words: new Map(),
  helpOfHelp: "    Prints this help.",
  takenOutsideCluster: new Set(),
  abortsNested: false,
  hidesCommands: false,
  checksHelloFirst: false,
  ignoresFurtherWords: false,
  filtersAlike: false,
  resetsNoEvict: false,
  hasCapabilities: false,
  clientFields: CLIENT_FIELDS_OF_REDIS,
};

const REDIS_6: ServerWays = { ...REDIS_7, takenOutsideCluster: new Set(["readwrite"]) };

const REDIS_8: ServerWays = {
  ...REDIS_7,
  words: new Map([
    [UNBALANCED_XREAD, unbalanced("xread", "an ID, '+', or '$'")],
    [UNBALANCED_XREADGROUP, unbalanced("xreadgroup", "an ID or '>'")],
  ]),
  checksHelloFirst: true,
};

const VALKEY: ServerWays = {
  words: new Map([
    [NO_SCRIPT, NO_SCRIPT_AT_VALKEY],
    [UNBALANCED_XREAD, unbalanced("xread", "an ID or '$'")],
    [UNBALANCED_XREADGROUP, unbalanced("xreadgroup", "an ID or '>'")],
    [NESTED, errorReply("ERR Command 'multi' not allowed inside a transaction")],
    [WATCH_INSIDE, errorReply("ERR Command 'watch' not allowed inside a transaction")],
    [
      HELLO_WITHOUT_AUTH,
      errorReply(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO " +
          "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the " +
          "RESP protocol version at the same time",
      ),
    ],
  ]),
  helpOfHelp: "    Print this help.",
  takenOutsideCluster: new Set(["readonly", "readwrite"]),
  abortsNested: true,
  hidesCommands: true,
  checksHelloFirst: true,
  ignoresFurtherWords: true,
  filtersAlike: true,
  resetsNoEvict: true,
  hasCapabilities: true,
  clientFields: CLIENT_FIELDS_OF_VALKEY,
};

/** What is said while no server has answered: the version of Redis that the table is compared with. */
export const DEFAULT_KIND: ServerKind = kindOf("7.0.15", null);

/**
 * The kind of servers.
 *
 * @param redisVersion The version of Redis that they name.
 * @param valkeyVersion Their version of Valkey; null for Redis.
 */
export function kindOf(redisVersion: string, valkeyVersion: string | null): ServerKind {
  if (valkeyVersion !== null) {
    return { product: "valkey", version: valkeyVersion, redisVersion, ways: VALKEY };
  }
  return { product: "redis", version: redisVersion, redisVersion, ways: waysOf(redisVersion) };
}

function waysOf(redisVersion: string): ServerWays {
  const major = Number.parseInt(redisVersion);
  if (major < 7) return REDIS_6;
  return major < 8 ? REDIS_7 : REDIS_8;
}

function unbalanced(command: string, wanted: string): Uint8Array {
  return errorReply(
    `ERR Unbalanced '${command}' list of streams: for each stream key ${wanted} must be specified.`,
  );
}
