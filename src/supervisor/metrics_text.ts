/**
 * The Prometheus text of everything that is counted. Names, labels and buckets that aster always had are kept;
 * its latencies are in microseconds.
 *
 * @module
 */
import { AggregatorRegistry } from "../../deps.ts";
import { allFailures } from "../failure.ts";
import {
  type BackendMetricsSnapshot,
  type ClusterMetricsSnapshot,
  REMOTE_TIMER_BOUNDS_US,
  TOTAL_TIMER_BOUNDS_US,
} from "../observe/cluster_metrics.ts";

/** What one scrape shows. */
export interface MetricsView {
  version: string;
  /** One per cluster, summed over workers. */
  clusters: readonly ClusterMetricsSnapshot[];
  /** Resident memory of the process, in bytes. */
  memoryBytes: number;
  /** CPU of the process, in percent of one core. */
  cpuPercent: number;
  workers: number;
  /** Workers that did not answer in time. */
  silentWorkers: number;
  /** Replacements of workers that died. */
  workerRestarts: number;
}

type Labels = Record<string, string | number>;

interface Value {
  value: number;
  labels: Labels;
  metricName?: string;
}

/** One metric in the shape of prom-client's `getMetricsAsJSON()`. */
interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  aggregator: "sum";
  values: Value[];
}

/** Media type of {@link renderMetrics}'s text. */
export const METRICS_CONTENT_TYPE = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

/** Returns the text of one scrape. */
export function renderMetrics(view: MetricsView): Promise<string> {
  const metrics = [
    ...processMetrics(view),
    ...clusterMetrics(view.clusters),
    ...backendMetrics(view.clusters),
  ];
  return AggregatorRegistry.aggregate([metrics]).metrics();
}

function processMetrics(view: MetricsView): Metric[] {
  let failureCount = 0;
  for (const cluster of view.clusters) {
    for (const count of cluster.failures) failureCount += count;
  }
  return [
    single("aster_version", "gauge", "Version of the proxy, as label; always 1.", 1, {
      version: view.version,
    }),
    single(
      "aster_memory_usage",
      "gauge",
      "Resident memory of the process in kibibytes.",
      Math.round(view.memoryBytes / 1024),
    ),
    single(
      "aster_cpu_usage",
      "gauge",
      "CPU time of the process since the scrape before, in percent of one core.",
      view.cpuPercent,
    ),
    single(
      "aster_thread_count",
      "counter",
      "Threads with an event loop: the workers and the supervisor.",
      view.workers + 1,
    ),
    single(
      "aster_global_error",
      "counter",
      "Failures of requests and connections in all clusters.",
      failureCount,
    ),
    single(
      "aster_workers_silent",
      "gauge",
      "Workers that did not answer this scrape in time; their last known counts are in the sums.",
      view.silentWorkers,
    ),
    single(
      "aster_worker_restarts_total",
      "counter",
      "Workers that died and were replaced.",
      view.workerRestarts,
    ),
  ];
}

type ClusterNumber = (cluster: ClusterMetricsSnapshot) => number;
/** Makes a metric with a value for each cluster. */
type EachCluster = (
  name: string,
  type: Metric["type"],
  help: string,
  read: ClusterNumber,
) => Metric;

function clusterMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  const each: EachCluster = (name, type, help, read) =>
    metric(
      name,
      type,
      help,
      clusters.map((one) => ({ value: read(one), labels: { cluster: one.cluster } })),
    );
  return [
    each(
      "aster_front_connection",
      "gauge",
      "Clients connected now.",
      (one) => one.clientsConnected,
    ),
    each(
      "aster_front_connection_incr",
      "counter",
      "Clients accepted since the start.",
      (one) => one.clientsAccepted,
    ),
    histogram(
      "aster_total_timer",
      "Request parsed to reply handed to the client's connection, in microseconds.",
      TOTAL_TIMER_BOUNDS_US,
      clusters.map((one) => ({ cluster: one.cluster, ...one.totalTimer })),
    ),
    histogram(
      "aster_remote_timer",
      "Request handed to the backend's connection to reply parsed, in microseconds.",
      REMOTE_TIMER_BOUNDS_US,
      clusters.map((one) => ({ cluster: one.cluster, ...one.remoteTimer })),
    ),
    each("aster_requests_total", "counter", "Requests of clients.", (one) => one.requests),
    each(
      "aster_error_replies_total",
      "counter",
      "Error replies to clients, made by backends or by the proxy.",
      (one) => one.errorReplies,
    ),
    failureMetric(clusters),
    each(
      "aster_redirects_total",
      "counter",
      "MOVED and ASK replies followed.",
      (one) => one.redirects,
    ),
    each(
      "aster_topology_refreshes_total",
      "counter",
      "Slot maps fetched from the Redis Cluster.",
      (one) => one.topologyRefreshes,
    ),
    each(
      "aster_ejections_total",
      "counter",
      "Backends taken out of the ring after failed pings.",
      (one) => one.ejections,
    ),
    ...dedicatedMetrics(each),
    ...subscriptionMetrics(each),
  ];
}

function subscriptionMetrics(each: EachCluster): Metric[] {
  return [
    each(
      "aster_message_connections",
      "gauge",
      "Backend connections over which messages for subscribed clients come.",
      (one) => one.messageConnections,
    ),
    each(
      "aster_messages_delivered_total",
      "counter",
      "Messages handed to subscribed clients, counted for each client.",
      (one) => one.messagesDelivered,
    ),
    each(
      "aster_subscription_gaps_total",
      "counter",
      "Subscriptions interrupted at a backend: messages may have been missed.",
      (one) => one.subscriptionGaps,
    ),
    each(
      "aster_pushes_dropped_total",
      "counter",
      "Pushes of backends that nobody asked for.",
      (one) => one.pushesDropped,
    ),
  ];
}

function dedicatedMetrics(each: EachCluster): Metric[] {
  return [
    each(
      "aster_dedicated_connections",
      "gauge",
      "Backend connections that one client has to itself now.",
      (one) => one.dedicatedTaken,
    ),
    each(
      "aster_dedicated_connections_idle",
      "gauge",
      "Such connections kept for the next client that wants one.",
      (one) => one.dedicatedIdle,
    ),
    each(
      "aster_blocked_clients",
      "gauge",
      "Clients that wait in a blocking command.",
      (one) => one.blockedClients,
    ),
    each(
      "aster_login_failures_total",
      "counter",
      "Wrong user names and passwords of clients.",
      (one) => one.loginFailures,
    ),
  ];
}

/** Every reason from the start on, so that a first failure shows as an increase. */
function failureMetric(clusters: readonly ClusterMetricsSnapshot[]): Metric {
  return metric(
    "aster_failures_total",
    "counter",
    "Failures of requests and connections, by reason and by who caused them.",
    clusters.flatMap((one) =>
      allFailures.map(({ id, name, source }) => ({
        value: one.failures[id] ?? 0,
        labels: { cluster: one.cluster, reason: name, source },
      }))
    ),
  );
}

type BackendNumber = (backend: BackendMetricsSnapshot) => number;

function backendMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  const each = (name: string, type: Metric["type"], help: string, read: BackendNumber) =>
    metric(
      name,
      type,
      help,
      clusters.flatMap(({ cluster, backends }) =>
        backends.map((one) => ({ value: read(one), labels: { cluster, backend: one.address } }))
      ),
    );
  return [
    each(
      "aster_backend_up",
      "gauge",
      "0 while it is ejected, or after a failed connect until it answers again, else 1.",
      (one) => one.isHealthy ? 1 : 0,
    ),
    each("aster_backend_requests_total", "counter", "Requests sent.", (one) => one.requests),
    each("aster_backend_failures_total", "counter", "Requests that failed.", (one) => one.failures),
    each(
      "aster_backend_in_flight",
      "gauge",
      "Requests sent and not yet answered.",
      (one) => one.inFlight,
    ),
    each(
      "aster_backend_queued_bytes",
      "gauge",
      "Bytes that wait to be written to the backend.",
      (one) => one.queuedBytes,
    ),
    each(
      "aster_backend_connections",
      "gauge",
      "Connections for requests to the backend, over all workers.",
      (one) => one.connections,
    ),
  ];
}

function metric(name: string, type: Metric["type"], help: string, values: Value[]): Metric {
  return { name, help, type, aggregator: "sum", values };
}

function single(
  name: string,
  type: Metric["type"],
  help: string,
  value: number,
  labels: Labels = {},
): Metric {
  return metric(name, type, help, [{ value, labels }]);
}

/** Turns counts per bucket into Prometheus' cumulative buckets. */
function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  parts: readonly { cluster: string; counts: readonly number[]; sum: number }[],
): Metric {
  const values: Value[] = [];
  for (const { cluster, counts, sum } of parts) {
    let count = 0;
    for (let bucket = 0; bucket <= bounds.length; bucket++) {
      count += counts[bucket] ?? 0;
      const le = bounds[bucket] ?? "+Inf";
      values.push({ value: count, labels: { le, cluster }, metricName: `${name}_bucket` });
    }
    values.push({ value: sum, labels: { cluster }, metricName: `${name}_sum` });
    values.push({ value: count, labels: { cluster }, metricName: `${name}_count` });
  }
  return metric(name, "histogram", help, values);
}
