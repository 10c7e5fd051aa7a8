/**
 * What the backend connections of one cluster in one worker share.
 *
 * @module
 */
import type { ArrayPool } from "../bytes/receive_buffer.ts";
import type { ChunkPool } from "../bytes/chunk_pool.ts";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import type { MemberList } from "../member_list.ts";
import type { Connection, IoEngine } from "../net/io_engine.ts";
import type { TlsClient } from "../net/tls.ts";
import type { SeriesBudget } from "../observe/durations.ts";
import type { ClusterMetrics } from "../observe/cluster_metrics.ts";
import type { Audit } from "../observe/audit.ts";
import type { Log } from "../observe/log.ts";
import type { Protocol } from "../protocol/protocol.ts";
import type { Exchange } from "../request/exchange.ts";
import type { RequestPool } from "../request/pool.ts";

import type { BackendLink } from "./link.ts";
import type { RequestWatch } from "./request_watch.ts";
import type { DialPace } from "./dial_pace.ts";
import type { ServerOrders } from "./server_orders.ts";

/** What a backend connection keeps to: times, sizes, and what clients are told. */
export interface BackendLimits {
  /** Connect and handshake, milliseconds. */
  dialTimeoutMs: number;
  /** Longest wait for one reply, milliseconds. */
  readTimeoutMs: number;
  /** Longest write without progress, milliseconds. */
  writeTimeoutMs: number;
  /** Bytes in the send log above which further requests fail. */
  queueBytesMax: number;
  /** Unwritten bytes above which clients with requests here are not parsed on. */
  queueSoftBytes: number;
  /** Connections per backend and profile. */
  connections: number;
  /** Whether clients are not told where backends are. */
  hidesAddresses: boolean;
  /**
   * How long requests that no server has run wait for one that can, milliseconds; 0: they fail at once. Where it was 0
   * when the cluster was made it stays so.
   */
  failoverWaitMs: number;
  /** Timeouts in a row behind which a backend gets no requests until it answers a ping; 0: never. */
  circuitTimeouts: number;
}

/** Shared by all backends of a cluster. */
export interface BackendContext {
  readonly protocol: Protocol;
  readonly clock: Clock;
  readonly chunks: ChunkPool;
  readonly arrays: ArrayPool;
  readonly requests: RequestPool;
  readonly engine: IoEngine;
  readonly log: Log;
  readonly metrics: ClusterMetrics;
  readonly audit: Audit;
  readonly limits: BackendLimits;
  /** How backends are spoken to by TLS; null or left out: without it. */
  readonly tls?: TlsClient | null;
  /** How fast the worker connects. */
  readonly dials: DialPace;
  /** Those that have a socket, or want one. Only links write it. */
  readonly links: MemberList<BackendLink>;
  /** What operators have ordered of the servers. */
  readonly orders: ServerOrders;
  /** Whether requests stay readable until answered, since they may be sent elsewhere. */
  readonly retainsRequests: boolean;
  /** How many series of durations the cluster has. */
  readonly seriesBudget: SeriesBudget;
  /** Tells of requests that take long, or are large. */
  readonly watch: RequestWatch;
  /** Whether a new connection to a backend leads back to this very cluster. */
  isLoop(connection: Connection): boolean;
  /** Whether somebody takes a request that could not be sent; then its receiver hears again. */
  takeUnsent(exchange: Exchange, failure: Failure): boolean;
  /** Called for each failed attempt to connect to a backend, and for each request that it failed. */
  backendUnreachable(address: string): void;
  /** Called when a backend has failed so many requests in a row by timeouts that it gets no more for now. */
  circuitOpened(address: string): void;
}
