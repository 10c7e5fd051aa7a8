/**
 * What one worker counts for one cluster: plain numbers, incremented on the hot path and summed by the
 * supervisor when someone asks.
 *
 * @module
 */
import { allFailures, type Failure } from "../failure.ts";
import { Histogram } from "./histogram.ts";

/** Upper bounds of the front timer, microseconds; aster's. */
export const TOTAL_TIMER_BOUNDS_US = [1_000, 10_000, 40_000, 100_000, 200_000];
/** Upper bounds of the backend timer, microseconds; aster's. */
export const REMOTE_TIMER_BOUNDS_US = [1_000, 10_000, 100_000];

/** What one worker counted for one cluster, ready to be posted. */
export interface ClusterMetricsSnapshot {
  cluster: string;
  clientsConnected: number;
  clientsAccepted: number;
  requests: number;
  errorReplies: number;
  redirects: number;
  topologyRefreshes: number;
  ejections: number;
  /** Connections that clients have to themselves now, and those kept for the next that wants one. */
  dedicatedTaken: number;
  dedicatedIdle: number;
  /** Clients that wait in a blocking command. */
  blockedClients: number;
  /** Wrong user names and passwords of clients. */
  loginFailures: number;
  /** Connections to backends over which messages come. */
  messageConnections: number;
  /** Messages handed to subscribers. */
  messagesDelivered: number;
  /** Subscriptions that were interrupted at a backend: messages may have been missed. */
  subscriptionGaps: number;
  /** Pushes of backends that nobody asked for, and that were dropped. */
  pushesDropped: number;
  /** Count by {@link Failure.id}. */
  failures: number[];
  totalTimer: { counts: number[]; sum: number };
  remoteTimer: { counts: number[]; sum: number };
  backends: BackendMetricsSnapshot[];
}

/** What one worker knows of one backend. */
export interface BackendMetricsSnapshot {
  address: string;
  /** In the ring, or serving slots. */
  isHealthy: boolean;
  connections: number;
  requests: number;
  failures: number;
  /** Requests sent and not answered. */
  inFlight: number;
  /** Bytes not yet written. */
  queuedBytes: number;
}

/** Counters of one cluster in one worker. */
export class ClusterMetrics {
  readonly cluster: string;
  /** Clients connected now. */
  clientsConnected = 0;
  /** Clients accepted since the start. */
  clientsAccepted = 0;
  /** Requests parsed. */
  requests = 0;
  /** Error replies sent to clients, from backends or the proxy. */
  errorReplies = 0;
  /** MOVED and ASK followed. */
  redirects = 0;
  /** Topology fetches that came back with a map. */
  topologyRefreshes = 0;
  /** Backends taken out of the ring. */
  ejections = 0;
  /** Connections that clients have to themselves now. */
  dedicatedTaken = 0;
  /** Such connections kept for the next client that wants one. */
  dedicatedIdle = 0;
  /** Clients that wait in a blocking command. */
  blockedClients = 0;
  /** Wrong user names and passwords of clients. */
  loginFailures = 0;
  /** Connections to backends over which messages come. */
  messageConnections = 0;
  /** Messages handed to subscribers. */
  messagesDelivered = 0;
  /** Subscriptions that were interrupted at a backend. */
  subscriptionGaps = 0;
  /** Pushes of backends that nobody asked for, and that were dropped. */
  pushesDropped = 0;
  /** Failures by {@link Failure.id}. */
  readonly failures: Float64Array = new Float64Array(allFailures.length);
  /** Request parsed to reply written to the client's log, microseconds. */
  readonly totalTimer: Histogram = new Histogram(TOTAL_TIMER_BOUNDS_US);
  /** Bytes handed to the backend's socket to reply parsed, microseconds. */
  readonly remoteTimer: Histogram = new Histogram(REMOTE_TIMER_BOUNDS_US);

  constructor(cluster: string) {
    this.cluster = cluster;
  }

  /** Counts one failure under its reason. */
  countFailure(failure: Failure): void {
    this.failures[failure.id]! += 1;
  }

  /** Returns what was counted, with what the backends say of themselves. */
  snapshot(backends: BackendMetricsSnapshot[]): ClusterMetricsSnapshot {
    return {
      cluster: this.cluster,
      clientsConnected: this.clientsConnected,
      clientsAccepted: this.clientsAccepted,
      requests: this.requests,
      errorReplies: this.errorReplies,
      redirects: this.redirects,
      topologyRefreshes: this.topologyRefreshes,
      ejections: this.ejections,
      dedicatedTaken: this.dedicatedTaken,
      dedicatedIdle: this.dedicatedIdle,
      blockedClients: this.blockedClients,
      loginFailures: this.loginFailures,
      messageConnections: this.messageConnections,
      messagesDelivered: this.messagesDelivered,
      subscriptionGaps: this.subscriptionGaps,
      pushesDropped: this.pushesDropped,
      failures: [...this.failures],
      totalTimer: { counts: [...this.totalTimer.counts], sum: this.totalTimer.sum },
      remoteTimer: { counts: [...this.remoteTimer.counts], sum: this.remoteTimer.sum },
      backends,
    };
  }
}
