/**
 * What the sessions of one cluster in one worker share.
 *
 * @module
 */
import type { ArrayPool } from "../bytes/receive_buffer.ts";
import type { ChunkPool } from "../bytes/chunk_pool.ts";
import type { ServerOrders } from "../backend/server_orders.ts";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import type { IoEngine } from "../net/io_engine.ts";
import type { ClusterMetrics } from "../observe/cluster_metrics.ts";
import type { Log } from "../observe/log.ts";
import type { Protocol, RequestFrame } from "../protocol/protocol.ts";
import type { RequestPool } from "../request/pool.ts";
import type { Router } from "../router/router.ts";
import type { FanOut } from "./fan_out.ts";
import type { LocalAnswers } from "./stages.ts";
import type { KeySampler } from "./key_sampler.ts";
import type { OutputPool } from "./output_share.ts";

/** A session, as its cluster keeps it. */
export interface ClosableSession {
  /** Closes now, whatever is due. */
  close(failure: Failure): void;
}

/** Limits of one client. */
export interface SessionLimits {
  /** Requests in flight above which it is not parsed on. */
  pipelineMax: number;
  /** Output beyond the reply being delivered above which it is closed, and near which it is not parsed on, bytes. */
  outputBytesMax: number;
  /** Unparsed bytes above which it is not read on, bytes. */
  readAheadBytes: number;
  /** Bytes of one request above which it is refused. */
  requestBytesMax: number;
  /** Longest write without progress while nothing is read either, milliseconds. */
  writeTimeoutMs: number;
}

/** Shared by all sessions of a cluster. */
export interface SessionContext {
  readonly protocol: Protocol;
  readonly router: Router;
  readonly local: LocalAnswers;
  readonly clock: Clock;
  readonly chunks: ChunkPool;
  readonly arrays: ArrayPool;
  readonly requests: RequestPool;
  readonly engine: IoEngine;
  readonly frame: RequestFrame;
  readonly fanOut: FanOut;
  /** What operators have ordered of the servers. */
  readonly orders: ServerOrders;
  /** What clients leave untaken. */
  readonly output: OutputPool;
  /** A client's id is this plus its number. */
  readonly firstClientId: number;
  readonly log: Log;
  readonly metrics: ClusterMetrics;
  readonly limits: SessionLimits;
  /** Sees the keys of requests; null: nobody wants to know. */
  sampler: KeySampler | null;
  /** Whether requests whose keys are on several backends are refused, not split. */
  isAtomic: boolean;
  /** Called once when a session has ended. */
  sessionEnded(session: ClosableSession): void;
}
