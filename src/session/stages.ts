/**
 * What a protocol's folder of session features plugs into sessions: answers the proxy gives itself, at once or
 * later, and what a client's state makes of its requests.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Failure } from "../failure.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import type { Profiles, RequestFrame } from "../protocol/protocol.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import type { Request } from "../request/request.ts";

/** A reply that is not known yet; the client's later requests wait for it. */
export interface DeferredReply {
  /** Whether the client is there and still waits. */
  readonly isDue: boolean;
  /**
   * Gives the reply, all of `bytes` unless said otherwise, which is copied unless `isOwned`. Nothing happens where none is
   * due.
   */
  reply(bytes: Uint8Array, start?: number, end?: number, isOwned?: boolean): void;
  /**
   * Gives a part of it, copied; the rest is given by {@link DeferredReply.reply} in the end. Only for requests that wait
   * until all earlier ones are answered.
   */
  part(bytes: Uint8Array, start: number, end: number): void;
  /** There will be none. `address` is the backend's `host:port`, or "". */
  fail(failure: Failure, address: string): void;
}

/** What stands for a reply that is not delivered, as its request is sent once more. */
export const REPEATED: unique symbol = Symbol("repeated");

/** What a {@link ClientStage} says of a request. */
export const Verdict = {
  /** It goes its usual way. */
  Pass: 0,
  /** The stage has answered it, or will. */
  Handled: 1,
  /** Ask again when all earlier requests are answered; with none in flight, at {@link LocalClient.parseOn}. */
  Wait: 2,
} as const;
/** One of the values of {@link Verdict}. */
export type VerdictCode = 0 | 1 | 2;

/** The state of a client whose requests do not simply go their way: not logged in, in a transaction, … */
export interface ClientStage {
  /** Whether it only judges requests: the client is in no state that a client without it is not in. */
  readonly isBystander?: boolean;
  /** Bytes of a request above which the client is closed, if there is such a bound. */
  readonly requestBytesMax?: number;
  /** Bytes of memory that it keeps of the client's requests; next to none if left out. */
  readonly heldBytes?: number;
  /** Sees each request first, refused ones too: `frame.row` is null for an unknown command. */
  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode;
  /** The request that it has just let pass has to wait all the same, and will be shown again. */
  onPostponed?(): void;
  /**
   * The client sends no more; its requests are served all the same. Asked at the end, and from then on for each
   * request that has to wait. True: that one is not carried out, nor what stands behind it; a server closes such a
   * client.
   */
  onInputEnd(): boolean;
  /**
   * The client has sent as much ahead as is read, so that its end cannot be noticed any more: whoever waits for what
   * others do must not wait on, as nobody knows for how long.
   */
  onInputFull?(): void;
  /** The connection is gone; called once. */
  onClose(): void;
}

/** A client as local answers see it. */
export interface LocalClient extends RoutedClient {
  /** Unique over all workers of the cluster; below 2^53. */
  readonly id: number;
  /** What it negotiated at HELLO and SELECT; set by the answer to a request that is a barrier. */
  profiles: Profiles;
  /** Null for nearly all clients, nearly always. */
  stage: ClientStage | null;
  /** While true its requests are carried out, and no replies to them are written. */
  isMuted: boolean;
  /** Whether it was told to go on elsewhere: until the time that it was given is over it is not closed for resting. */
  isMovingOn: boolean;
  /** Whether earlier requests are not answered yet. */
  readonly hasRequestsInFlight: boolean;
  /** Whether it sends no more. It is served to its last request, but waits for nobody: see {@link leave}. */
  readonly hasEnded: boolean;
  /** Whether its connection is gone. */
  readonly isClosed: boolean;
  /** This end; null where it cannot be told any more. */
  readonly local: Endpoint | null;
  /** The client's end; null where it cannot be told any more. */
  readonly peer: Endpoint | null;
  /** When it connected, and when its last request was parsed, real milliseconds of the worker's clock. */
  readonly connectedAtMs: number;
  readonly lastRequestAtMs: number;
  /** The row of its last request; null before the first, and where no command has that name. */
  readonly lastRow: CommandRow | null;
  /** What is read of it and not dispatched yet, and the room kept for more, in bytes. */
  readonly buffer: { readonly pending: number; readonly roomBytes: number };
  /** Its replies that wait for their turn, or to be written, in bytes. */
  readonly output: { readonly waitingBytes: number };
  /** Gives the reply to the request at hand, all of `bytes` unless said otherwise, exactly once; it leaves in its turn. */
  reply(bytes: Uint8Array, start?: number, end?: number): void;
  /**
   * Takes the request at hand to be answered later; nothing behind it is parsed before that, unless `goesOn`:
   * then later requests are, and a stage has to keep their order.
   */
  answerLater(goesOn?: boolean): DeferredReply;
  /**
   * Writes what answers no request, all of `bytes` unless said otherwise, behind the replies given so far. It is copied, unless `isShared`: then `bytes`, which
   * end at `end`, stay as they are for as long as anybody has them.
   */
  push(bytes: Uint8Array, start?: number, end?: number, isShared?: boolean): void;
  /** Asks the stage again about a request that it let wait although none was in flight. */
  parseOn(): void;
  /** Reads no further requests; closes when everything due is answered. */
  closeWhenAnswered(): void;
  /** Closes once what is answered is written; what is not answered has no reply. */
  leave(): void;
  /** Closes now; `failure` is counted and logged. */
  close(failure: Failure): void;
}

/** Where the clients of a cluster are to go on that is about to close them. */
export interface Handoff {
  /** When the last of them will be closed, whole seconds from now; at least 1. */
  readonly seconds: number;
  /** Whether somebody else serves at the address that they are connected to. */
  readonly isTaken: boolean;
}

/** Clients that a pause has to know of. */
export interface ClientCensus {
  /** In a transaction that has begun at the server. */
  transactions: number;
  /** Waiting in a blocking command. */
  blocked: number;
  /** Listening to messages. */
  subscribed: number;
  /** With requests in flight, and not among the blocked. */
  busy: number;
  /** Connections that clients have to themselves with something in flight, and that are none of the above's. */
  others: number;
}

/** What is kept for nobody alone, and can be let go of where memory is short. */
export interface Keepsake {
  /** What it is, for the log. */
  readonly holderFields: Readonly<Record<string, string | number>>;
  shed(failure: Failure): void;
}

/** The answers of one cluster to requests whose row says `local`. */
export interface LocalAnswers {
  /** A client has connected; the place to give it a stage. */
  onConnect(client: LocalClient): void;
  /**
   * Who a client is that has connected is known by other means than a password, such as its certificate.
   *
   * @returns Whether there is a user of this name; if not, the client is as it was.
   */
  enterAs?(client: LocalClient, username: string): boolean;
  /** The configuration says something else of users, or of commands that are denied. */
  usersChanged?(): void;
  /**
   * Answers `frame`, which stands in `bytes`, by calling `client.reply` or `client.answerLater` once. False: nothing
   * was called, and the request is to be shown again, when a stage's {@link Verdict.Wait} would have it shown again.
   */
  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean;
  /** A request whose row asks for it is about to be sent over `connection`, as `exchange`: something may go before it. */
  beforeSend?(
    connection: BackendConnection,
    exchange: Exchange,
    frame: RequestFrame,
    bytes: Uint8Array,
  ): void;
  /**
   * Looks at an error reply, `bytes[start, end)`.
   *
   * @returns Null: it is the client's. A failure: it is not for clients, and why. {@link REPEATED}: the request is sent
   * once more and will hear again; the reply must not be delivered.
   */
  onErrorReply?(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Failure | typeof REPEATED | null;
  /** Whether a local row is answered without any server, so that a pause does not concern it; none if left out. */
  needsNoServer?(row: CommandRow): boolean;
  /** Whether a request of this row may change what servers hold; what the row's flags say if left out. */
  mayWrite?(row: CommandRow, frame: RequestFrame, bytes: Uint8Array): boolean;
  /** Whether a client that asks for nothing is there to wait: blocked, or for messages; none is if left out. */
  waits?(client: LocalClient): boolean;
  /** Who a client has logged in as, or null where it has not and has to; all are the same user if left out. */
  userOf?(client: LocalClient): string | null;
  /** Counts clients for a pause of a server, or of the cluster; nobody waits or listens if left out. */
  census?(server: string | null): ClientCensus;
  /** Nothing is in flight to a server, or to the cluster's: closes the connections to it that only features know of. */
  park?(server: string | null): void;
  /** What a refused request is answered with, where the servers have other words than `refusal`. */
  inTheirWords?(refusal: Uint8Array): Uint8Array;
  /**
   * Sees a request whose command no table has, before its client's stage does, and may change `frame` to what it has
   * found out. True: it has to wait, as for {@link Verdict.Wait}. None waits if left out.
   */
  awaitsUnknown?(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean;
  /** Takes a request whose row is refused, as the configuration may allow it all the same; false: it is refused. */
  takeRefused?(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean;
  /** Tells the clients that want it where to go on; nobody is told if left out. */
  handOff?(handoff: Handoff): void;
  /** What a client calls itself, and who it logged in as; nothing is known if left out. */
  identify?(client: LocalClient): { name: string; user: string };
  /** Tells what is kept, and how many bytes of it; nothing is if left out. */
  visitKept?(visit: (keepsake: Keepsake, byteCount: number) => void): void;
  /** Ends timers and connections; clients are closed already. */
  stop(): void;
}
