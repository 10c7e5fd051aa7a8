/**
 * Counts for the tests of what is summed and shown.
 *
 * @module
 */
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
    inFlight: 0,
    queuedBytes: 0,
    ...counts,
  };
}
