/**
 * Counts for the tests of what is summed and shown.
 *
 * @module
 */
import type { WorkerVitals } from "../../../src/worker/messages.ts";
import {
  type BackendMetricsSnapshot,
  ClusterMetrics,
  type ClusterMetricsSnapshot,
} from "../../../src/observe/cluster_metrics.ts";

/** Counts of one cluster: all zero but for what is given. */
export function snapshot(
  cluster: string,
  counts: Partial<ClusterMetricsSnapshot> = {},
): ClusterMetricsSnapshot {
  return { ...new ClusterMetrics(cluster).snapshot([]), ...counts };
}

/** Counts of one backend: all zero but for what is given. */
export function backend(
  address: string,
  counts: Partial<BackendMetricsSnapshot> = {},
): BackendMetricsSnapshot {
  return {
    address,
    isHealthy: true,
    connections: 0,
    requests: 0,
    failures: 0,
    connects: 0,
    connectFailures: 0,
    inFlight: 0,
    unsent: 0,
    queuedBytes: 0,
    sentBytes: 0,
    receivedBytes: 0,
    failuresByReason: [],
    ...counts,
  };
}

/** A worker that does well. */
export const VITALS: WorkerVitals = {
  heapBytes: 1_000,
  externalBytes: 200,
  loopDelay: { counts: [3, 1], sum: 0.01 },
  longestDelayMs: 7.4,
};
