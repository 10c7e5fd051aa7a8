/**
 * Adds up what the workers counted. Counters never go back: what a worker counted stays in the sum when it
 * dies, and a worker that does not answer in time stands with what it said last.
 *
 * @module
 */
import type { BackendMetricsSnapshot, ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";

/** One worker's own last word, or null before its first. */
export type WorkerSnapshots = readonly ClusterMetricsSnapshot[] | null;

/** The sums over all workers, living and dead. */
export class MetricsSum {
  /** Counters of dead workers by cluster. */
  readonly #retired: Map<string, ClusterMetricsSnapshot> = new Map();

  /** Keeps the counters of a worker that died; its gauges end with it. */
  retire(snapshots: WorkerSnapshots): void {
    for (const snapshot of snapshots ?? []) add(this.#retired, countersOf(snapshot));
  }

  /** Returns one snapshot per cluster: `workers` and all who were retired, added up. */
  total(workers: Iterable<WorkerSnapshots>): ClusterMetricsSnapshot[] {
    const totals = new Map<string, ClusterMetricsSnapshot>();
    for (const snapshots of workers) {
      for (const snapshot of snapshots ?? []) add(totals, structuredClone(snapshot));
    }
    for (const retired of this.#retired.values()) {
      const known = totals.get(retired.cluster);
      const health = new Map(known?.backends.map((one) => [one.address, one.isHealthy]));
      const counters = structuredClone(retired);
      // The dead have no say in whether a backend is up.
      for (const one of counters.backends) one.isHealthy = health.get(one.address) ?? false;
      add(totals, counters);
    }
    return [...totals.values()];
  }
}

function countersOf(snapshot: ClusterMetricsSnapshot): ClusterMetricsSnapshot {
  const counters = structuredClone(snapshot);
  counters.clientsConnected = 0;
  counters.dedicatedTaken = 0;
  counters.dedicatedIdle = 0;
  counters.messageConnections = 0;
  counters.blockedClients = 0;
  for (const backend of counters.backends) {
    backend.connections = 0;
    backend.inFlight = 0;
    backend.queuedBytes = 0;
  }
  return counters;
}

function add(sums: Map<string, ClusterMetricsSnapshot>, part: ClusterMetricsSnapshot): void {
  const sum = sums.get(part.cluster);
  if (sum === undefined) {
    const backends: BackendMetricsSnapshot[] = [];
    // Two servers of a ring may have one address under two aliases: one series for both.
    for (const backend of part.backends) addBackend(backends, backend);
    sums.set(part.cluster, { ...part, backends });
    return;
  }
  sum.clientsConnected += part.clientsConnected;
  sum.clientsAccepted += part.clientsAccepted;
  sum.requests += part.requests;
  sum.errorReplies += part.errorReplies;
  sum.redirects += part.redirects;
  sum.topologyRefreshes += part.topologyRefreshes;
  sum.ejections += part.ejections;
  sum.dedicatedTaken += part.dedicatedTaken;
  sum.dedicatedIdle += part.dedicatedIdle;
  sum.blockedClients += part.blockedClients;
  sum.loginFailures += part.loginFailures;
  sum.messageConnections += part.messageConnections;
  sum.messagesDelivered += part.messagesDelivered;
  sum.subscriptionGaps += part.subscriptionGaps;
  sum.pushesDropped += part.pushesDropped;
  addEach(sum.failures, part.failures);
  addEach(sum.totalTimer.counts, part.totalTimer.counts);
  sum.totalTimer.sum += part.totalTimer.sum;
  addEach(sum.remoteTimer.counts, part.remoteTimer.counts);
  sum.remoteTimer.sum += part.remoteTimer.sum;
  for (const backend of part.backends) addBackend(sum.backends, backend);
}

function addEach(sums: number[], parts: readonly number[]): void {
  for (let index = 0; index < parts.length; index++) {
    sums[index] = (sums[index] ?? 0) + parts[index]!;
  }
}

/** A backend counts as healthy when every worker that knows it says so. */
function addBackend(sums: BackendMetricsSnapshot[], part: BackendMetricsSnapshot): void {
  const sum = sums.find((one) => one.address === part.address);
  if (sum === undefined) {
    sums.push(part);
    return;
  }
  sum.isHealthy &&= part.isHealthy;
  sum.connections += part.connections;
  sum.requests += part.requests;
  sum.failures += part.failures;
  sum.inFlight += part.inFlight;
  sum.queuedBytes += part.queuedBytes;
}
