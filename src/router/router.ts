/**
 * From key to backend, for both topologies: a ring of servers, or the slots of a Redis Cluster.
 *
 * A *place* is a small integer: the server's number in a ring, the slot in a cluster. Keys of one place can
 * share a request; which backend serves a place may change, and every such change raises the epoch.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BeginningWait } from "../backend/beginning_wait.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import type { Failure } from "../failure.ts";

/** What an error reply says of the place of its request. */
export const Redirection = {
  /** Nothing. */
  None: 0,
  /** It has another owner for good, which the router knows from now on. */
  Moved: 1,
  /** It is about to have another owner. */
  Ask: 2,
} as const;
/** One of the values of {@link Redirection}. */
export type RedirectionCode = 0 | 1 | 2;

/** What an error reply was taken for. */
export interface Learned {
  readonly redirection: RedirectionCode;
  /** With {@link Redirection.Ask}: the backend to ask this once; null where none that may be asked was named. */
  readonly asked: Backend | null;
}

/** An error reply that says nothing of the topology. */
export const NOTHING_LEARNED: Learned = { redirection: Redirection.None, asked: null };
/** An error reply that says of a place that it has another owner. */
export const PLACE_MOVED: Learned = { redirection: Redirection.Moved, asked: null };

/** Hears of calls of scripts that a redirection sends elsewhere. */
export interface ResendListener {
  /**
   * `call`, which was answered with a redirection, is about to be sent over `connection`, in `byteCount` bytes. What
   * has to go ahead of it there is sent before this returns.
   */
  beforeResend(connection: BackendConnection, call: Exchange, byteCount: number): void;
}

/** Whether it is known which backends hold the keys. */
export const ShardsState = {
  /** It is. */
  Known: 0,
  /** It will soon be: requests to all of them wait, and are shown again. */
  Awaited: 1,
  /** It was waited for long enough: one master may be among them twice. */
  Unknown: 2,
} as const;
/** One of the values of {@link ShardsState}. */
export type ShardsStateCode = 0 | 1 | 2;

/** The place of what has none: no backend is left, or it has no key. */
export const NO_PLACE = -1;

/** Where keys are. */
export interface KeyPlacement {
  /** Raised by every change of owner. A client with requests in flight under an older epoch is held. */
  readonly epoch: number;
  /** The place of a key; {@link NO_PLACE} where no backend is left. */
  place(bytes: Uint8Array, start: number, end: number): number;
  /** The place of requests without a key; {@link NO_PLACE} where no backend is left. */
  anyPlace(): number;
  /**
   * The connection over which a client's request of a place goes, reads where the configuration sends them; or null:
   * see {@link KeyPlacement.whyUnplaced}.
   */
  connectionFor(place: number, isRead: boolean, client: RoutedClient): BackendConnection | null;
  /** The backend that has a place's keys, for whoever wants a connection of its own; or null, as above. */
  backendAt(place: number): Backend | null;
  /** Why a place has no backend now, or none for reads; of {@link NO_PLACE}, why there is no backend at all. */
  whyUnplaced(place: number): Failure;
}

/** Whether it is known yet where keys are. */
export interface MapKnowledge {
  /** Whether requests wait since it is not known yet where any key is. */
  readonly awaitsFirstMap: boolean;
  /** Whether the next request is to wait for a fresh map, as nobody has asked for anything for long. */
  readonly isAged?: boolean;
  /** Called when that begins. */
  mapAged?: (() => void) | null;
  /** Somebody asks again: from now on requests wait as for the first map. */
  useAgain?(): void;
}

/** The backends that hold keys. */
export interface ShardList {
  /** Whether {@link ShardList.shards} can be trusted. */
  readonly shardsState: ShardsStateCode;
  /** Every known backend. */
  backends(): Iterable<Backend>;
  /** The backends that hold the keys, each once: servers in the ring, or masters of slots. */
  shards(): readonly Backend[];
  /**
   * Those, and such as may hold keys besides: servers that are ejected; where the shards are not known, the masters of
   * every map.
   */
  allShards(): readonly Backend[];
  /**
   * The shards by their numbers, see `server_numbers.ts`; null entries are servers that hold no keys now. Null
   * where not all have a number.
   */
  numberedShards(): readonly (Backend | null)[] | null;
}

/** What is done with requests that were not carried out where they were sent, and with replies that say why. */
export interface RedirectRules {
  /** Who sees to it that scripts are known where their calls end; null where nobody does. */
  resendListener: ResendListener | null;
  /**
   * Looks at an error reply. True: the exchange was sent elsewhere and its receiver will hear again; the
   * reply must not be delivered. False: deliver it.
   */
  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Takes an exchange that could not be sent where its place has another backend by now. True: its receiver will hear
   * again; false: it fails.
   */
  takeUnsent?(exchange: Exchange, failure: Failure): boolean;
  /**
   * Looks at an error reply to an exchange that must not be sent elsewhere, and takes up what it says of the
   * topology.
   */
  learn(exchange: Exchange, bytes: Uint8Array, start: number, end: number): Learned;
  /** Has requests wait for their server that cannot be kept once they are begun; none waits if left out. */
  readonly beginnings?: BeginningWait;
  /** Clients with requests that wait for a server, as no one has run them. */
  readonly waitingClients: number;
  /** Tells what clients have that waits to be sent, or to be sent again, in bytes; nothing does if left out. */
  visitWaiting?(visit: (client: RoutedClient, byteCount: number) => void): void;
}

/** All that a topology says of keys; who needs less takes one of these. */
export interface Router extends KeyPlacement, MapKnowledge, ShardList, RedirectRules {}
