/**
 * What a Redis Cluster's protocol says of topology in its errors: what a dialect reads, and a slot router goes by.
 *
 * @module
 */
import type { TcpEndpoint } from "../endpoint.ts";

/** What an error reply says of topology. */
export const RedirectKind = {
  /** Nothing. */
  None: 0,
  /** The slot has another owner for good. */
  Moved: 1,
  /** This request only is to go elsewhere, behind ASKING. */
  Ask: 2,
  /** The cluster knows itself to be incomplete, or this node itself not to be a master: the map may be out of date. */
  ClusterDown: 3,
  /** This node has no data to serve for now: it is loading, or a replica without its master. */
  Unready: 4,
  /** The keys are on their way between two nodes, and this one does not have all of them: it may be tried again. */
  TryAgain: 5,
} as const;
/** One of the values of {@link RedirectKind}. */
export type RedirectKindCode = 0 | 1 | 2 | 3 | 4 | 5;

/** A redirection as read from a reply; one object is reused. */
export interface Redirect {
  kind: RedirectKindCode;
  slot: number;
  /** Where to; an empty host name means the host that replied. Null where the reply names none. */
  target: TcpEndpoint | null;
}

/** The words of the protocol that speak of topology; handed in by the recipe. */
export interface ClusterDialect {
  /** Goes right before a request that follows an ASK. */
  readonly asking: Uint8Array;
  /** Reads an error reply. */
  readRedirect(bytes: Uint8Array, start: number, end: number, into: Redirect): void;
  /** Splits `host:port` as the slot map has it. */
  parseAddress(address: string): TcpEndpoint | null;
}
