/**
 * What a wire format has to offer. Two implementations: `resp/` and `memcache/`; nothing outside those two
 * folders knows a byte of either. A proxy parses to route, not to understand: a parser finds the frame's end,
 * its command row and its keys, never a tree of values.
 *
 * All offsets that outlive a call count from the start of their frame, so a buffer may be compacted or
 * replaced between two calls.
 *
 * @module
 */
import type { SendLog } from "../bytes/send_log.ts";
import type { Failure } from "../failure.ts";
import type { CommandRow, CommandTable } from "./command_table.ts";

/** What a parser says of the bytes it was shown. */
export const ParseStatus = {
  /** The frame is whole; the parser's `frame` describes it until the next call of any parser sharing it. */
  Complete: 0,
  /** More bytes are needed; `frameBytes` says how many at least. */
  Incomplete: 1,
  /** The stream cannot be trusted any further: answer `frame.refusal`, if any, and close. */
  Malformed: 2,
} as const;
/** One of the values of {@link ParseStatus}. */
export type ParseStatusCode = 0 | 1 | 2;

/** Of a request that its reply needs nothing of: nearly all. */
export const NO_OPERATION = -1;

/** What a reply needs of its request. */
export interface RequestMark {
  /** See {@link RequestFrame.operation}. */
  readonly operation: number;
  readonly opaque: number;
  readonly isQuiet: boolean;
}

/** One whole request, as found by a {@link RequestParser}. One object is reused for all requests. */
export class RequestFrame {
  /** The command's row; null where `refusal` answers a command the table does not know. */
  row: CommandRow | null = null;
  /** First byte of the frame. */
  start = 0;
  /** One past the last byte of the frame. */
  end = 0;
  /** Words of the command, its name included. */
  argumentCount = 0;
  /** Start and end of each word, two entries a word, counted from `start`. Grows as words arrive. */
  offsets: Int32Array = new Int32Array(64);
  /** Index of the first key among the words. */
  firstKey = 0;
  /** Distance between keys, in words. */
  keyStep = 1;
  /** Number of keys; 0 for a keyless command. */
  keyCount = 0;
  /** Index of one more key outside the regular run (the destination of ZUNIONSTORE), or -1. */
  extraKey = -1;
  /** A whole reply in the protocol's own error form that answers this request instead of a backend, or null. */
  refusal: Uint8Array | null = null;
  /** The client asked for no reply (memcache `noreply`). */
  isQuiet = false;
  /** The bytes must not be forwarded as they are: {@link Dialect.writeRequest} writes what the backend gets. */
  isRewritten = false;
  /**
   * What its dialect has to remember until the reply is there: 0 or more where a failure must name the request,
   * or where the reply decides whether a quiet request gets it; else {@link NO_OPERATION}.
   */
  operation: number = NO_OPERATION;
  /** 32 bits that the client wants to see again in the reply, where `operation` is set. */
  opaque = 0;
  /** The key that routing goes by, where the client wrote it in another form than that of its bytes; else null. */
  decodedKey: Uint8Array | null = null;
  /** Bytes of keys that one fragment of it may have, separators included; 0: any number. */
  fragmentBytesMax = 0;

  /** Start of word `index`, as a position in the bytes that hold the frame. */
  argumentStart(index: number): number {
    return this.start + this.offsets[2 * index]!;
  }

  /** End of word `index`, as a position in the bytes that hold the frame. */
  argumentEnd(index: number): number {
    return this.start + this.offsets[2 * index + 1]!;
  }
}

/** Finds requests in one client's bytes. One per client; keeps what it needs to resume at a word. */
export interface RequestParser {
  /** Shared by the parsers of a cluster. */
  readonly frame: RequestFrame;
  /** After Incomplete: bytes the frame needs in all, counted from `keepFrom`, as far as known; at least 1 more than there are. */
  readonly frameBytes: number;
  /** After Incomplete: bytes before this position are not needed again (a refused value is skipped as it arrives). */
  readonly keepFrom: number;
  /**
   * Looks for one frame at `start`. After Incomplete it is called again with the same bytes from `keepFrom`
   * on and more behind them, at whatever position they then have.
   */
  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode;
}

/** What a reply frame is for. */
export const ReplyKind = {
  /** Answers the oldest exchange. */
  Reply: 0,
  /** RESP3 push: answers nothing. Known from the first bytes on, before the frame is whole. */
  Push: 1,
} as const;
/** One of the values of {@link ReplyKind}. */
export type ReplyKindCode = 0 | 1;

/** One whole reply, as found by a {@link ReplyParser}. One object is reused for all replies. */
export class ReplyFrame {
  /** One past the last byte; the frame starts where the parser was told to look. */
  end = 0;
  kind: ReplyKindCode = ReplyKind.Reply;
  /** Bytes of RESP3 attributes at the frame's start, which belong to the reply behind them; mostly 0. */
  attributeBytes = 0;
  /** Whether the protocol calls it an error (`-ERR …`, `SERVER_ERROR …`). */
  isError = false;
}

/** Finds replies in one backend connection's bytes. */
export interface ReplyParser {
  readonly frame: ReplyFrame;
  /** After Incomplete: bytes the frame needs in all, counted from `keepFrom`, as far as known; at least 1 more than there are. */
  readonly frameBytes: number;
  /** After Incomplete: bytes before this position are not needed again. */
  readonly keepFrom: number;
  /**
   * Looks for one frame at `start`.
   *
   * @param isDiscarded Nobody wants this reply: let its bytes go as they arrive (by `keepFrom`). May turn
   * from false to true between two calls for one frame.
   */
  parse(bytes: Uint8Array, start: number, end: number, isDiscarded: boolean): ParseStatusCode;
  /** Forgets a frame begun: the connection is new. */
  reset(): void;
}

/**
 * Which keys of a request go to one backend: a linked list of key ordinals (0 is the first key) in request
 * order, so that all fragments of a request share one array.
 */
export interface KeySelection {
  /** Ordinal of the first key. */
  readonly firstKey: number;
  /** Number of keys. */
  readonly keyCount: number;
  /** Entry `i` is the ordinal that follows key `i` in its fragment, or -1. */
  readonly nextKey: Int32Array;
}

/** The reply to one fragment, or why there is none. */
export interface ReplyPart {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Set where no reply came. */
  readonly failure: Failure | null;
  /** `host:port` of the backend, for the failure's text. */
  readonly address: string;
}

/** What merging needs of a split request. */
export interface MergeParts {
  readonly row: CommandRow;
  readonly keyCount: number;
  /** Entry `i` is the index in `parts` of the fragment that has key `i`. */
  readonly fragmentOfKey: Int32Array;
  /**
   * Entry `i` is the mark of key `i` (`bytes/key_mark.ts`), made where the row merges by
   * `Merge.Values`: replies that leave keys out can be put in key order by it only.
   */
  readonly keyMarks?: Int32Array | null;
  readonly parts: readonly ReplyPart[];
}

/** A merge that is made in several turns. */
export interface LongMerge {
  /** Appends what about `keyCount` further keys have; true when all is appended. */
  writeSome(target: SendLog, keyCount: number): boolean;
}

/**
 * What distinguishes one kind of backend connection from another; requests of different profiles never share
 * a connection.
 */
export interface Profile {
  /** Position among the profiles of a cluster, from 0. */
  readonly index: number;
  /** Reads from a Redis Cluster replica: READONLY goes first. */
  readonly isReadonly: boolean;
  /** Version of RESP; of no meaning to memcache. */
  readonly version: 2 | 3;
  /** Database that requests see: SELECT goes first where it is not 0. */
  readonly database: number;
  /** Which of its protocol's dialects is spoken, from 0. */
  readonly dialect: number;
}

/** The connections of one client: to masters, and to replicas where reads go there. */
export interface Profiles {
  readonly master: Profile;
  readonly replica: Profile;
}

/** Profiles of one database: two versions, masters and replicas. */
const PROFILES_PER_DATABASE = 4;

/** By version of RESP, in database 0. What a client says at HELLO chooses between them. */
export const PROFILES: { readonly [version in 2 | 3]: Profiles } = {
  2: createProfiles(2, 0),
  3: createProfiles(3, 0),
};

const otherProfiles: Profiles[] = [];

/** The profiles of clients that speak `version` and have selected `database`, which is 0 or more. */
export function profilesOf(version: 2 | 3, database: number): Profiles {
  if (database === 0) return PROFILES[version];
  return otherProfiles[2 * database + version - 2] ??= createProfiles(version, database);
}

function createProfiles(version: 2 | 3, database: number): Profiles {
  const index = PROFILES_PER_DATABASE * database + (version === 2 ? 0 : 2);
  return {
    master: { index, isReadonly: false, version, database, dialect: 0 },
    replica: { index: index + 1, isReadonly: true, version, database, dialect: 0 },
  };
}

/** How one client speaks a protocol, chosen by its first byte. */
export interface Dialect {
  /** The connections that its clients use at first. */
  readonly profiles: Profiles;
  /** Those that a client moves to with its first request whose row says {@link Action.ForwardApart}. */
  readonly profilesApart?: Profiles;
  createRequestParser(frame: RequestFrame): RequestParser;
  /** Appends the request as its backend shall see it (only for frames with `isRewritten`). One chunk, see {@link SendLog}. */
  writeRequest(frame: RequestFrame, bytes: Uint8Array, target: SendLog): void;
  /** Makes the bytes of such a frame what its backend shall see without moving them; false where that cannot be. */
  rewriteInPlace?(frame: RequestFrame, bytes: Uint8Array): boolean;
  /** Appends a request for the selected keys. One `reserve`, so that it lies in one chunk. */
  writeFragment(frame: RequestFrame, bytes: Uint8Array, keys: KeySelection, target: SendLog): void;
  /** Appends the one reply made of all parts, errors surfaced. May use several chunks. */
  writeMerged(merge: MergeParts, target: SendLog, mark: RequestMark): void;
  /** The same in several turns, for a request of many keys; null where it is short however many there are. */
  beginMerge?(merge: MergeParts): LongMerge | null;
  /** Appends the protocol's error form of a failure. `address` is the backend's `host:port` or "". */
  writeFailure(failure: Failure, address: string, target: SendLog, mark: RequestMark): void;
  /** Whether a whole reply is one that the protocol calls an error; empty ones are none. */
  isErrorReply(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Whether a quiet request whose operation is known gets the reply in `bytes[start, end)`, which may be made to
   * fit it in place.
   */
  breaksSilence?(mark: RequestMark, bytes: Uint8Array, start: number, end: number): boolean;
}

/** One wire format. Stateless but for its parsers. Itself the dialect of most of its clients. */
export interface Protocol extends Dialect {
  readonly commands: CommandTable;
  /** The dialect of a client whose bytes begin with this one; the protocol itself if left out. */
  dialectOf?(firstByte: number): Dialect;
  /** The handshake of a new connection: each frame is answered before the next traffic; may be empty. */
  handshake(profile: Profile): readonly Uint8Array[];
  /** What a client beyond `max_clients` is told before it is closed. */
  readonly tooManyClients: Uint8Array;
  /** What a client beyond `max_clients_per_address` is told before it is closed. */
  readonly tooManyFromAddress: Uint8Array;
  /** Why a handshake reply says no, or null where it says yes. */
  handshakeFailure(bytes: Uint8Array, start: number, end: number): Failure | null;
  /** What it says of a backend that a connection was lost before its handshake was over; null: nothing more. */
  handshakeLost?(failure: Failure): Failure | null;
  /** A request that every living backend answers at once. */
  readonly probe: Uint8Array;
  /** What to send instead to a backend that hangs up on that one, and over which connection. */
  readonly otherProbe?: { readonly bytes: Uint8Array; readonly profile: Profile };
  /** What ends a handshake where a backend has to say that it can serve; left out where it always can. */
  readonly readyProbe?: Uint8Array;
  /** Whether an error says that the server has not run the request and may run it later, as while it loads its data. */
  refusesForNow?(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether the answer to {@link Protocol.probe} means that the backend can serve. */
  isProbeAccepted(bytes: Uint8Array, start: number, end: number): boolean;
  createReplyParser(profile: Profile): ReplyParser;
  /**
   * The words of a request of `row` that stands in `bytes[start, end)` as it was sent over a connection of `profile`,
   * shortened, without passwords; the end of the request may be missing.
   */
  requestWords(
    row: CommandRow,
    bytes: Uint8Array,
    start: number,
    end: number,
    profile: Profile,
  ): Uint8Array[];
  /** Whether a request's bytes so far show a protocol this proxy does not speak; its name for the log, else null. */
  foreignProtocol(firstByte: number): string | null;
}
