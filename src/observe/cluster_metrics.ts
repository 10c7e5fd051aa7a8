/**
 * What one worker counts for one cluster: plain numbers, incremented on the hot path and summed by the
 * supervisor when someone asks. Which numbers there are says `metric_table.ts`.
 *
 * @module
 */
import { allFailures, type Failure } from "../failure.ts";
import { type DurationsSnapshot, NO_DURATIONS } from "./durations.ts";
import { Histogram } from "./histogram.ts";
import {
  type BackendCount,
  CLUSTER_COUNTS,
  CLUSTER_HISTOGRAMS,
  type ClusterCount,
  type ClusterHistogram,
  clusterHistograms,
} from "./metric_table.ts";

/** A histogram as plain data. */
export interface HistogramSnapshot {
  /** Count per bucket, not cumulative; one more than there are bounds. */
  counts: number[];
  sum: number;
}

/** What one worker counted for one cluster, ready to be posted. */
export interface ClusterMetricsSnapshot
  extends Record<ClusterCount, number>, Record<ClusterHistogram, HistogramSnapshot> {
  cluster: string;
  /** Count by {@link Failure.id}. */
  failures: number[];
  backends: BackendMetricsSnapshot[];
  durations: DurationsSnapshot;
}

/** What one worker knows of one backend. */
export interface BackendMetricsSnapshot extends Record<Exclude<BackendCount, "isHealthy">, number> {
  address: string;
  /** In the ring, or serving slots. */
  isHealthy: boolean;
  /** {@link Failure.id} and count of its failures by reason, for those that there were. */
  failuresByReason: [id: number, count: number][];
}

/** Counters of one cluster in one worker: a field for each row of `clusterCounts` and `clusterHistograms`. */
export interface ClusterMetrics
  extends Record<ClusterCount, number>, Readonly<Record<ClusterHistogram, Histogram>> {}

/** Counters of one cluster in one worker; the interface of the same name has the fields that the table's rows make. */
export class ClusterMetrics {
  readonly cluster: string;
  /** Failures by {@link Failure.id}. */
  readonly failures: Float64Array = new Float64Array(allFailures.length);

  constructor(cluster: string) {
    this.cluster = cluster;
    // Always in the order of the table, so that all objects have one shape.
    for (const field of CLUSTER_COUNTS) this[field] = 0;
    const histograms = this as Record<ClusterHistogram, Histogram>;
    for (const field of CLUSTER_HISTOGRAMS) {
      histograms[field] = new Histogram(clusterHistograms[field].bounds);
    }
  }

  /** Counts one failure under its reason. */
  countFailure(failure: Failure): void {
    this.failures[failure.id]! += 1;
  }

  /** Returns what was counted, with what the backends say of themselves. */
  snapshot(
    backends: BackendMetricsSnapshot[],
    durations: DurationsSnapshot = NO_DURATIONS,
  ): ClusterMetricsSnapshot {
    const snapshot = { cluster: this.cluster, failures: [...this.failures], backends, durations };
    for (const field of CLUSTER_COUNTS) {
      (snapshot as ClusterMetricsSnapshot)[field] = this[field];
    }
    for (const field of CLUSTER_HISTOGRAMS) {
      const { counts, sum } = this[field];
      (snapshot as ClusterMetricsSnapshot)[field] = { counts: [...counts], sum };
    }
    return snapshot as ClusterMetricsSnapshot;
  }
}
