/**
 * What a backend connection knows of the backend it belongs to.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { BackendDurations } from "../observe/durations.ts";
import type { Failure } from "../failure.ts";
import type { BackendLimits } from "./backend_context.ts";
import type { DedicatedUse } from "./dedicated_use.ts";

/** Where a backend is. */
export interface BackendAddress {
  readonly endpoint: Endpoint;
  /** What stands for it in the ring, if not its address. */
  readonly alias?: string | null;
}

/** A backend, as its connections see it. */
export interface ConnectionOwner {
  readonly endpoint: Endpoint;
  /** The endpoint as logs, errors and metrics have it. */
  readonly address: string;
  /** The same as clients are told it: "" where they are not. */
  readonly shownAddress: string;
  /** Exchanges appended to its connections. */
  requests: number;
  /** Requests of clients that were answered by an error. */
  errorReplies: number;
  /** How long clients' requests take there. */
  readonly durations: BackendDurations;
  /** When it was last found to serve again after it had left the ring; milliseconds of the worker's clock. */
  readonly recoveredAtMs: number;
  /** A connection could not be had; the next attempt may start after `retryInMs` milliseconds. */
  connectFailed(failure: Failure, retryInMs: number): void;
  /** A new connection has answered a request; it took `connectMs` milliseconds until it could carry one. */
  answered(connectMs: number): void;
  /** It sent what nobody asked for. */
  pushDropped(): void;
  /** An exchange has failed. */
  requestFailed(failure: Failure): void;
  /** So many requests of clients got no reply in time. */
  timedOut(count: number): void;
  /** A request of a client was answered in time. */
  answeredInTime(): void;
}

/** What distinguishes one connection from the cluster's others. */
export interface ConnectionOptions {
  /** Times and sizes it keeps to; the cluster's if left out. */
  readonly limits?: BackendLimits;
  /** Whether failed attempts delay the next one; true if left out. */
  readonly keepsBackoff?: boolean;
  /** Whether it has one socket only: what was not sent fails with it. False if left out. */
  readonly isDedicated?: boolean;
  /** What those know of it who give it to single clients; null if left out: they do not. */
  readonly use?: DedicatedUse | null;
  /** Whether it carries the proxy's own questions, whose timeouts say nothing of requests. False if left out. */
  readonly isProbe?: boolean;
}
