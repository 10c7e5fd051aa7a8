/**
 * An exchange is one sending of one fragment over one backend connection. The connection's queue holds
 * exchanges, so a request that is sent again (a redirect) is simply a second exchange for the same receiver.
 *
 * @module
 */
import type { Chunk } from "../bytes/chunk_pool.ts";
import type { Endpoint } from "../endpoint.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import { PROFILES, type Profiles } from "../protocol/protocol.ts";
import type { Failure } from "../failure.ts";
import { holds, nameOf } from "../invariant.ts";

/** Hears what became of an exchange; exactly one of the two calls, once. */
export interface ReplyReceiver {
  /** Raised each time the object is recycled; an exchange made for an earlier life does not fit. */
  generation: number;
  /**
   * The reply stands in `bytes[start, end)`, valid during the call only, unless `isOwned`: then the array is
   * the receiver's to keep.
   */
  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void;
  /** No reply will come. `address` is the backend's. */
  onFailure(exchange: Exchange, failure: Failure, address: string): void;
  /** A reply above 64 KiB has begun to arrive; `byteCount` is its size as far as known. */
  onLargeReply(exchange: Exchange, byteCount: number): void;
  /** The exchange was answered with a redirection; `successor` goes to another connection in its stead. */
  onRedirect(exchange: Exchange, successor: Exchange): void;
}

/** What routing needs of a client: its requests keep their order by always using the same connections. */
export interface RoutedClient {
  /** Counts the clients of a worker; chooses among the connections of a backend. */
  readonly number: number;
  /** The kinds of connections it uses. */
  readonly profiles: Profiles;
}

/** The proxy itself, as sender of probes and fetches. */
export const NOBODY: RoutedClient = { number: 0, profiles: PROFILES[2] };

/** A backend, as what was sent to it remembers it. */
export interface SentTo {
  readonly endpoint: Endpoint;
  /** The endpoint as errors have it. */
  readonly address: string;
  /** The same as clients are told it: "" where they are not. */
  readonly shownAddress: string;
}

/** What bounds the fragments in flight. */
export interface FragmentWindow {
  /** Counts an exchange that is about to be sent. */
  enter(exchange: Exchange): void;
  /** One of them is over. */
  left(): void;
}

/** Where an exchange is in its life. */
export const ExchangeState = {
  Free: 0,
  /** In the send log; no byte was handed to a socket. */
  Unsent: 1,
  /** Its bytes were handed to a socket: it may run. */
  Sent: 2,
  /** Nobody waits any more: its reply is read and dropped. */
  Swallowed: 3,
  /** Held back until now, and about to be answered with the error it was held for: nobody else is asked. */
  Final: 4,
} as const;
/** One of the values of {@link ExchangeState}. */
export type ExchangeStateCode = 0 | 1 | 2 | 3 | 4;

/**
 * One sending of one fragment. Recycled: {@link Exchange.begin} sets every field but those that are null while it is
 * free.
 */
export class Exchange {
  state: ExchangeStateCode = ExchangeState.Free;
  /** Whether its bytes were handed to a socket, swallowed or not. */
  isSent = false;
  receiver: ReplyReceiver | null = null;
  /** The receiver's generation when this exchange was made. */
  generation = 0;
  /** Index of the fragment within a split request, else 0. */
  fragment = 0;
  /** The router's place its keys have. */
  place = 0;
  /** Only reads may ever go to a replica. */
  isRead = false;
  /** Who it is for; chooses the connection of another backend when sent there. */
  client: RoutedClient = NOBODY;
  /** Where it was sent: a redirection may leave its host out and mean this one. */
  sentTo: SentTo | null = null;
  /** Its error reply may be its own words rather than the server's: it runs a script. */
  hasOwnErrors = false;
  /** The request, where it may be sent once more if its server does not know the script; else null. */
  repeatable: Uint8Array | null = null;
  /** Whether it was sent to a replica, on a connection for reads only. */
  isAtReplica = false;
  /** Redirections this fragment has been through. */
  redirects = 0;
  /**
   * Until when it is sent again and again while nodes ask it to try again, milliseconds on the worker's clock; 0 where
   * none has; -1 where it has waited for a fresh slot map.
   */
  retriesUntilMs = 0;
  /**
   * Until when it may wait for a server that can run it, as none has so far; milliseconds on the worker's clock, 0 where
   * it has not waited.
   */
  waitsUntilMs = 0;
  /** Bytes of RESP3 attributes right before the reply that is being delivered; mostly 0. */
  attributeBytes = 0;
  /** Where it is counted as a fragment in flight, or null. */
  window: FragmentWindow | null = null;
  /** When its bytes were handed to the socket, on the connection's scale, milliseconds. */
  sentAtMs = 0;
  /** Chunk of the send log that has its bytes; held where it may be sent again, or may be told of. */
  chunk: Chunk | null = null;
  start = 0;
  end = 0;
  /** Whether its bytes stay readable until it is released. */
  isHeld = false;
  /** Its first bytes, where it is too large to be held for what may be told of it; else null. */
  head: Uint8Array | null = null;
  /** The row of the client's request; null for what the proxy asks of itself, which nobody measures. */
  row: CommandRow | null = null;
  /** When the client's request was parsed, real milliseconds of the worker's clock. */
  startedAtMs = 0;
  /** When its bytes were handed to the socket, on the same scale; 0 before. */
  handedAtMs = 0;

  /** Sets a taken exchange up for `receiver`. */
  begin(
    receiver: ReplyReceiver,
    fragment: number,
    place: number,
    isRead: boolean,
    client: RoutedClient,
  ): void {
    this.state = ExchangeState.Unsent;
    this.isSent = false;
    this.receiver = receiver;
    this.generation = receiver.generation;
    this.fragment = fragment;
    this.place = place;
    this.isRead = isRead;
    this.client = client;
    this.hasOwnErrors = false;
    this.repeatable = null;
    this.redirects = 0;
    this.retriesUntilMs = 0;
    this.waitsUntilMs = 0;
    this.attributeBytes = 0;
    this.isAtReplica = false;
    this.sentAtMs = 0;
    this.start = 0;
    this.end = 0;
    this.row = null;
    this.startedAtMs = 0;
    this.handedAtMs = 0;
  }

  /**
   * The invariants: its state says whether somebody waits, and whether it was sent; a free one holds on to nothing.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    const { state, receiver } = this;
    const isFinal = state === ExchangeState.Final;
    const isWaitedFor = state === ExchangeState.Unsent || state === ExchangeState.Sent || isFinal;
    holds(isWaitedFor === (receiver !== null), "an exchange has a receiver while it is waited for");
    if (state === ExchangeState.Unsent) holds(!this.isSent, "what is unsent was not sent");
    if (state === ExchangeState.Sent) holds(this.isSent, "what is sent was sent");
    if (isFinal) holds(!this.isSent, "what was held back was not sent");
    if (state !== ExchangeState.Free) return;
    const holdsOn = this.chunk !== null || this.window !== null || this.repeatable !== null ||
      this.head !== null || this.sentTo !== null || this.client !== NOBODY || this.isHeld;
    holds(!holdsOn, "a free exchange holds on to nothing");
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    const { generation, fragment, place, isSent, isHeld, isRead, redirects, start, end } = this;
    return {
      state: nameOf(ExchangeState, this.state),
      ...{ generation, fragment, place, isSent, isHeld, isRead, redirects, start, end },
      receiver: this.receiver === null ? null : `of generation ${this.receiver.generation}`,
      sentTo: this.sentTo?.address ?? null,
      client: this.client.number,
      hasChunk: this.chunk !== null,
      hasHead: this.head !== null,
      isRepeatable: this.repeatable !== null,
      isInWindow: this.window !== null,
    };
  }

  /** It is a client's request: how long it takes is measured. */
  measure(row: CommandRow, startedAtMs: number): void {
    this.row = row;
    this.startedAtMs = startedAtMs;
  }

  /** Sets a taken exchange up for the same fragment of the same request as `former`, whose client still waits. */
  beginAs(former: Exchange): void {
    const { receiver, fragment, place, isRead, client } = former;
    this.begin(receiver!, fragment, place, isRead, client);
    this.measureAs(former);
    this.hasOwnErrors = former.hasOwnErrors;
  }

  /** It goes out once more in another's stead, whose client still waits. */
  measureAs({ row, startedAtMs }: Exchange): void {
    this.row = row;
    this.startedAtMs = startedAtMs;
  }

  /** Whatever error it is answered with is passed on: no other backend is asked. */
  endHere(): void {
    this.state = ExchangeState.Final;
  }

  /** Nobody waits any more: the place in the queue stays, the reply will be dropped. */
  swallow(): void {
    this.state = ExchangeState.Swallowed;
    this.receiver = null;
  }
}
