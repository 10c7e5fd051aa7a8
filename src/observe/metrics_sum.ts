/**
 * Adds up what the workers counted. Counters never go back: what a worker counted stays in the sum when it
 * dies, and a worker that does not answer in time stands with what it said last.
 *
 * @module
 */
import type { BackendMetricsSnapshot, ClusterMetricsSnapshot } from "./cluster_metrics.ts";
import { NO_DURATIONS, sumDurations } from "./durations.ts";
import {
  BACKEND_COUNTS,
  backendCounts,
  CLUSTER_COUNTS,
  CLUSTER_HISTOGRAMS,
  clusterCounts,
} from "./metric_table.ts";

/** Numbers of a backend that are added up; whether it is healthy is not. */
const SUMMED_OF_BACKENDS = BACKEND_COUNTS.filter((field) => field !== "isHealthy");

/** One worker's own last word, or null before its first. */
export type WorkerSnapshots = readonly ClusterMetricsSnapshot[] | null;

/** The sums over all workers, living and dead. */
export class MetricsSum {
  /** Counters of dead workers by cluster. */
  readonly #retired: Map<string, ClusterMetricsSnapshot> = new Map();

  /** Whether nobody was retired. */
  get isEmpty(): boolean {
    return this.#retired.size === 0;
  }

  /** Keeps the counters of a worker that died; its gauges end with it. */
  retire(snapshots: WorkerSnapshots): void {
    for (const snapshot of snapshots ?? []) add(this.#retired, countersOf(snapshot));
  }

  /** Returns one snapshot per cluster: `workers` and all who were retired, added up. */
  total(workers: Iterable<WorkerSnapshots>): ClusterMetricsSnapshot[] {
    const totals = new Map<string, ClusterMetricsSnapshot>();
    for (const snapshots of workers) {
      for (const snapshot of snapshots ?? []) add(totals, copyOf(snapshot));
    }
    for (const retired of this.#retired.values()) {
      const known = totals.get(retired.cluster);
      const health = new Map(known?.backends.map((one) => [one.address, one.isHealthy]));
      const counters = copyOf(retired);
      // The dead have no say in whether a backend is up.
      for (const one of counters.backends) one.isHealthy = health.get(one.address) ?? false;
      add(totals, counters);
    }
    return [...totals.values()];
  }
}

/** A copy but for the durations, which are added up into others. */
function copyOf(snapshot: ClusterMetricsSnapshot): ClusterMetricsSnapshot {
  const copy = structuredClone({ ...snapshot, durations: NO_DURATIONS });
  return { ...copy, durations: snapshot.durations };
}

function countersOf(snapshot: ClusterMetricsSnapshot): ClusterMetricsSnapshot {
  const counters = copyOf(snapshot);
  for (const field of CLUSTER_COUNTS) {
    if (clusterCounts[field].kind === "gauge") counters[field] = 0;
  }
  for (const backend of counters.backends) {
    for (const field of SUMMED_OF_BACKENDS) {
      if (backendCounts[field].kind === "gauge") backend[field] = 0;
    }
  }
  return counters;
}

function add(sums: Map<string, ClusterMetricsSnapshot>, part: ClusterMetricsSnapshot): void {
  const sum = sums.get(part.cluster);
  if (sum === undefined) {
    const backends: BackendMetricsSnapshot[] = [];
    const known = new Map<string, BackendMetricsSnapshot>();
    // Two servers of a ring may have one address under two aliases: one series for both.
    for (const backend of part.backends) addBackend(backends, known, backend);
    sums.set(part.cluster, { ...part, backends, durations: sumDurations([part.durations]) });
    return;
  }
  for (const field of CLUSTER_COUNTS) sum[field] += part[field];
  for (const field of CLUSTER_HISTOGRAMS) {
    addEach(sum[field].counts, part[field].counts);
    sum[field].sum += part[field].sum;
  }
  addEach(sum.failures, part.failures);
  addEach(sum.requestsByKind, part.requestsByKind);
  addEach(sum.failedByKind, part.failedByKind);
  sum.durations = sumDurations([sum.durations, part.durations]);
  const known = new Map(sum.backends.map((backend) => [backend.address, backend]));
  for (const backend of part.backends) addBackend(sum.backends, known, backend);
}

function addEach(sums: number[], parts: readonly number[]): void {
  for (let index = 0; index < parts.length; index++) {
    sums[index] = (sums[index] ?? 0) + parts[index]!;
  }
}

/** A backend counts as healthy when every worker that knows it says so. */
function addBackend(
  sums: BackendMetricsSnapshot[],
  known: Map<string, BackendMetricsSnapshot>,
  part: BackendMetricsSnapshot,
): void {
  const sum = known.get(part.address);
  if (sum === undefined) {
    sums.push(part);
    known.set(part.address, part);
    return;
  }
  sum.isHealthy &&= part.isHealthy;
  for (const field of SUMMED_OF_BACKENDS) sum[field] += part[field];
  for (const [id, count] of part.failuresByReason) {
    const reason = sum.failuresByReason.find(([known]) => known === id);
    if (reason === undefined) sum.failuresByReason.push([id, count]);
    else reason[1] += count;
  }
}
