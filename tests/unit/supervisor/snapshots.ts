/**
 * Counts for the tests of what is summed and shown.
 *
 * @module
 */
import type { MetricsView } from "../../../src/supervisor/metrics_text.ts";
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
    okReplies: 0,
    errorReplies: 0,
    connects: 0,
    connectFailures: 0,
    inFlight: 0,
    unsent: 0,
    queuedBytes: 0,
    sentBytes: 0,
    receivedBytes: 0,
    pings: 0,
    pingFailures: 0,
    dedicatedTaken: 0,
    dedicatedIdle: 0,
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

/** What a scrape of one worker and one cluster shows: all zero, and a series of each metric where `parts` says no other. */
export function metricsView(parts: Partial<MetricsView> = {}): MetricsView {
  return {
    version: "1",
    build: { deno: "2", io: "epoll" },
    vitals: [{ worker: 0, vitals: VITALS }],
    durations: [],
    clusters: [snapshot("c")],
    memoryBytes: 0,
    cpuPercent: 0,
    workers: 1,
    silentWorkers: 0,
    silentRestarts: 0,
    workerRestarts: 0,
    configHash: 0,
    isReloadGood: true,
    areCertificatesGood: true,
    certificateEnds: [{ cluster: "a", file: "tls.crt", endMs: 1_800_000_000_000 }],
    pauses: 0,
    serverStates: [{ cluster: "c", server: "s", state: "ready" }],
    ...parts,
  };
}
