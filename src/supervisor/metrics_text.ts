/**
 * The Prometheus text of everything that is counted, made from the table of metrics. Names, labels and buckets that
 * aster always had are kept; its latencies are in microseconds.
 *
 * @module
 */
import { AggregatorRegistry } from "../../deps.ts";
import { allFailures } from "../failure.ts";
import type { ClusterMetricsSnapshot, HistogramSnapshot } from "../observe/cluster_metrics.ts";
import {
  BACKEND_COUNTS,
  backendCounts,
  CLUSTER_COUNTS,
  CLUSTER_HISTOGRAMS,
  clusterCounts,
  clusterHistograms,
  failureRow,
  type HistogramRow,
  type MetricKind,
  type MetricRow,
  type ProcessCount,
  processCounts,
  serverStateRow,
} from "../observe/metric_table.ts";

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
  configHash: number;
  /** Whether the last reload succeeded. */
  isReloadGood: boolean;
  /** Pauses that are on. */
  pauses: number;
  /** The servers of rings, as operators have set them. */
  serverStates: readonly { cluster: string; server: string; state: "ready" | "drain" | "maint" }[];
}

const SERVER_STATES = ["ready", "drain", "maint"] as const;

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
  type: MetricKind;
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
    metric(
      serverStateRow,
      view.serverStates.map(({ cluster, server, state }) => ({
        value: SERVER_STATES.indexOf(state),
        labels: { cluster, server },
      })),
    ),
  ];
  return AggregatorRegistry.aggregate([metrics]).metrics();
}

function processMetrics(view: MetricsView): Metric[] {
  let failures = 0;
  for (const cluster of view.clusters) {
    for (const count of cluster.failures) failures += count;
  }
  const numbers: Record<ProcessCount, number> = {
    version: 1,
    memoryKib: Math.round(view.memoryBytes / 1024),
    cpuPercent: view.cpuPercent,
    threads: view.workers + 1,
    failures,
    silentWorkers: view.silentWorkers,
    workerRestarts: view.workerRestarts,
    configHash: view.configHash,
    reloadSuccess: view.isReloadGood ? 1 : 0,
    pauses: view.pauses,
  };
  return (Object.keys(numbers) as ProcessCount[]).map((field) => {
    const labels: Labels = field === "version" ? { version: view.version } : {};
    return metric(processCounts[field], [{ value: numbers[field], labels }]);
  });
}

function clusterMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  return [
    ...CLUSTER_COUNTS.map((field) =>
      metric(
        clusterCounts[field],
        clusters.map((one) => ({ value: one[field], labels: { cluster: one.cluster } })),
      )
    ),
    ...CLUSTER_HISTOGRAMS.map((field) =>
      histogram(
        clusterHistograms[field],
        clusters.map((one) => ({ ...one[field], cluster: one.cluster })),
      )
    ),
    metric(
      failureRow,
      clusters.flatMap((one) =>
        allFailures.map(({ id, name, source }) => ({
          value: one.failures[id] ?? 0,
          labels: { cluster: one.cluster, reason: name, source },
        }))
      ),
    ),
  ];
}

function backendMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  return BACKEND_COUNTS.map((field) =>
    metric(
      backendCounts[field],
      clusters.flatMap(({ cluster, backends }) =>
        backends.map((one) => ({
          value: Number(one[field]),
          labels: { cluster, backend: one.address },
        }))
      ),
    )
  );
}

function metric({ name, kind, help }: MetricRow, values: Value[]): Metric {
  return { name, help, type: kind, aggregator: "sum", values };
}

/** Turns counts per bucket into Prometheus' cumulative buckets. */
function histogram(
  row: HistogramRow,
  parts: readonly (HistogramSnapshot & { cluster: string })[],
): Metric {
  const { name, bounds } = row;
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
  return metric(row, values);
}
