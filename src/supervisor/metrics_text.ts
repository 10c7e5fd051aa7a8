/**
 * The Prometheus text of everything that is counted, made from the table of metrics. Names, labels and buckets that
 * aster always had are kept; its latencies are in microseconds.
 *
 * @module
 */
import { Registry } from "../../deps.ts";
import { allFailures, failures } from "../failure.ts";
import type { BackendMetricsSnapshot, ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import {
  DURATION_BOUNDS_MS,
  DURATION_BUCKETS,
  type DurationKind,
  isByCommand,
  type ProbeKind,
} from "../observe/durations.ts";
import {
  BACKEND_COUNTS,
  backendCounts,
  backendFailureRow,
  backendHealthRow,
  backendResultRow,
  buildRow,
  certificateEndRow,
  CLUSTER_COUNTS,
  CLUSTER_HISTOGRAMS,
  clusterCounts,
  clusterHistograms,
  durationHistograms,
  failureRow,
  frontCommandRow,
  type HistogramRow,
  type MetricKind,
  type MetricRow,
  probeDurationRow,
  probeRow,
  type ProcessCount,
  processCounts,
  serverStateRow,
  sharedSessionsRow,
  workerRows,
} from "../observe/metric_table.ts";
import { INVALID_KIND, REQUEST_KINDS } from "../observe/request_kinds.ts";
import type { WorkerVitals } from "../worker/messages.ts";
import type { ShownSeries } from "./series_bound.ts";

/** What one scrape shows. */
export interface MetricsView {
  version: string;
  /** What else runs, by label. */
  build: Readonly<Record<string, string>>;
  /** How the workers do, those included whose place another one has. */
  vitals: readonly { worker: number; vitals: WorkerVitals | null }[];
  /** How long requests take. */
  durations: readonly ShownSeries[];
  /** One per cluster, summed over workers. */
  clusters: readonly ClusterMetricsSnapshot[];
  /** Resident memory of the process, in bytes. */
  memoryBytes: number;
  /** CPU of the process, in percent of one core. */
  cpuPercent: number;
  workers: number;
  /** Workers that did not answer in time. */
  silentWorkers: number;
  /** Workers that were ended as they did not answer any more. */
  silentRestarts: number;
  /** Replacements of workers that died. */
  workerRestarts: number;
  configHash: number;
  /** Whether the last reload succeeded. */
  isReloadGood: boolean;
  /** Whether the files of certificates could be used when they changed last. */
  areCertificatesGood: boolean;
  /** When certificates that clients or backends are shown end, by their files. */
  certificateEnds: readonly { cluster: string; file: string; endMs: number }[];
  /** Pauses that are on. */
  pauses: number;
  /** The servers of rings, as operators have set them. */
  serverStates: readonly { cluster: string; server: string; state: "ready" | "drain" | "maint" }[];
}

const DURATION_KINDS = Object.keys(durationHistograms) as Exclude<DurationKind, "probe">[];
const SERVER_STATES = ["ready", "drain", "maint"] as const;

type Labels = Record<string, string | number>;

interface Value {
  value: number;
  labels: Labels;
  metricName?: string;
}

/** One metric in the shape of prom-client's own. */
interface Metric {
  name: string;
  help: string;
  type: MetricKind | "unknown";
  values: Value[];
}

/** Media types of {@link renderMetrics}'s text, by format. */
export const METRICS_CONTENT_TYPES = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

/** The forms in which metrics are shown. */
export type MetricsFormat = keyof typeof METRICS_CONTENT_TYPES;

/** The form that an `Accept` header asks for: OpenMetrics only where it is named, and not weighed less. */
export function formatFor(accept: string | null): MetricsFormat {
  let text = 0;
  let openmetrics = 0;
  for (const part of (accept ?? "").toLowerCase().split(",")) {
    const [type, ...parameters] = part.split(";").map((word) => word.trim());
    const said = parameters.find((word) => word.startsWith("q="))?.slice(2);
    const weight = said === undefined ? 1 : Number(said) || 0;
    if (type === "application/openmetrics-text") openmetrics = Math.max(openmetrics, weight);
    if (type === "text/plain" || type === "text/*") text = Math.max(text, weight);
  }
  return openmetrics > 0 && openmetrics >= text ? "openmetrics" : "text";
}

/** Returns the text of one scrape. */
export function renderMetrics(view: MetricsView, format: MetricsFormat = "text"): Promise<string> {
  const metrics = [
    ...processMetrics(view),
    ...workerMetrics(view),
    ...clusterMetrics(view.clusters),
    ...backendMetrics(view.clusters),
    ...durationMetrics(view.durations),
    probeDurations(view.durations),
    metric(
      certificateEndRow,
      view.certificateEnds.map(({ cluster, file, endMs }) => ({
        value: Math.floor(endMs / 1000),
        labels: { cluster, file },
      })),
    ),
    metric(
      serverStateRow,
      view.serverStates.map(({ cluster, server, state }) => ({
        value: SERVER_STATES.indexOf(state),
        labels: { cluster, server },
      })),
    ),
  ];
  const shownMetrics = new Registry();
  shownMetrics.setContentType(
    METRICS_CONTENT_TYPES[format] as typeof Registry.PROMETHEUS_CONTENT_TYPE,
  );
  for (const one of metrics) {
    // OpenMetrics calls every counter a total: names of aster 1.x that are none stay as they are.
    const isOddCounter = one.type === "counter" && !one.name.endsWith("_total");
    const type = format === "openmetrics" && isOddCounter ? "unknown" : one.type;
    // The registry renames it for OpenMetrics, and asks it by what it is called then.
    const shown: Metric & { get(): Metric } = { ...one, type, get: () => shown };
    shownMetrics.registerMetric(shown as unknown as PromMetric);
  }
  return shownMetrics.metrics();
}

type PromMetric = Parameters<Registry["registerMetric"]>[0];

function workerMetrics({ vitals }: MetricsView): Metric[] {
  const known = vitals.flatMap(({ worker, vitals }) => vitals === null ? [] : [{ worker, vitals }]);
  return [
    metric(
      workerRows.heapBytes,
      known.map(({ worker, vitals }) => ({ value: vitals.heapBytes, labels: { worker } })),
    ),
    metric(
      workerRows.externalBytes,
      known.map(({ worker, vitals }) => ({ value: vitals.externalBytes, labels: { worker } })),
    ),
    histogram(
      workerRows.loopDelay,
      known.map(({ worker, vitals }) => ({ ...vitals.loopDelay, labels: { worker } })),
    ),
  ];
}

function durationMetrics(series: readonly ShownSeries[]): Metric[] {
  return DURATION_KINDS.map((kind) =>
    histogram(
      durationHistograms[kind],
      series.filter((one) => one.kind === kind).map(({ cluster, command, backend, numbers }) => ({
        counts: numbers.subarray(0, DURATION_BUCKETS),
        sum: numbers[DURATION_BUCKETS]! / 1000,
        labels: isByCommand(kind) ? { cluster, command, backend } : { cluster, backend },
      })),
    )
  );
}

function probeDurations(series: readonly ShownSeries[]): Metric {
  const { bounds } = probeDurationRow;
  const parts = series.filter(({ kind }) => kind === "probe").map((one) => {
    const counts = Array<number>(bounds.length + 1).fill(0);
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
      const boundUs = (DURATION_BOUNDS_MS[bucket] ?? Infinity) * 1000;
      const wider = bounds.findIndex((bound) => bound >= boundUs);
      counts[wider < 0 ? bounds.length : wider]! += one.numbers[bucket]!;
    }
    const { cluster, backend, command: probe, numbers } = one;
    const sum = numbers[DURATION_BUCKETS]! * 1000;
    return { counts, sum, labels: { cluster, backend, probe } };
  });
  return histogram(probeDurationRow, parts);
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
    silentRestarts: view.silentRestarts,
    workerRestarts: view.workerRestarts,
    configHash: view.configHash,
    reloadSuccess: view.isReloadGood ? 1 : 0,
    certificatesGood: view.areCertificatesGood ? 1 : 0,
    pauses: view.pauses,
  };
  const { version, build } = view;
  const counts = (Object.keys(numbers) as ProcessCount[]).map((field) => {
    const labels: Labels = field === "version" ? { version } : {};
    return metric(processCounts[field], [{ value: numbers[field], labels }]);
  });
  return [...counts, metric(buildRow, [{ value: 1, labels: { version, ...build } }])];
}

function clusterMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  return [
    ...byName(
      CLUSTER_COUNTS.map((field) =>
        metric(
          clusterCounts[field],
          clusters.map((one) => ({ value: one[field], labels: { cluster: one.cluster } })),
        )
      ),
    ),
    ...CLUSTER_HISTOGRAMS.map((field) =>
      histogram(
        clusterHistograms[field],
        clusters.map((one) => ({ ...one[field], labels: { cluster: one.cluster } })),
      )
    ),
    metric(
      frontCommandRow,
      clusters.flatMap((one) =>
        commandResults(one).map(([kind, result, value]) => ({
          value,
          labels: { cluster: one.cluster, kind, result },
        }))
      ),
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

/** Kind, result and count. What is no request at all is among the failures only. */
function commandResults(
  { requestsByKind, failedByKind, failures: counts }: ClusterMetricsSnapshot,
): [string, "ok" | "fail", number][] {
  const results = REQUEST_KINDS.flatMap((name, kind): [string, "ok" | "fail", number][] => {
    if (kind === INVALID_KIND) return [];
    const [all, failed] = [requestsByKind[kind]!, failedByKind[kind]!];
    return [[name, "ok", all - failed], [name, "fail", failed]];
  });
  const invalid = requestsByKind[INVALID_KIND]! + counts[failures.clientMalformed.id]! +
    counts[failures.clientRequestLimit.id]!;
  return [...results, [REQUEST_KINDS[INVALID_KIND], "fail", invalid]];
}

function backendMetrics(clusters: readonly ClusterMetricsSnapshot[]): Metric[] {
  const all = clusters.flatMap(({ cluster, backends }) =>
    backends.map((one) => ({ one, labels: { cluster, backend: one.address } }))
  );
  return [
    ...byName([
      ...BACKEND_COUNTS.map((field) =>
        metric(
          backendCounts[field],
          all.map(({ one, labels }) => ({ value: Number(one[field]), labels })),
        )
      ),
      metric(
        sharedSessionsRow,
        all.map(({ one, labels }) => ({ value: one.connections, labels })),
      ),
      metric(
        backendResultRow,
        all.flatMap(({ one, labels }) =>
          one.failuresByReason.map(([id, value]) => ({
            value,
            labels: { ...labels, result: allFailures[id]!.name },
          }))
        ),
      ),
    ]),
    metric(
      probeRow,
      all.flatMap(({ one, labels }) =>
        probesOf(one).map(([probe, result, value]) => ({
          value,
          labels: { ...labels, probe, result },
        }))
      ),
    ),
    metric(
      backendHealthRow,
      all.map(({ one, labels }) => ({ value: Number(one.isHealthy), labels })),
    ),
    metric(
      backendFailureRow,
      all.flatMap(({ one, labels }) =>
        one.failuresByReason.map(([id, value]) => ({
          value,
          labels: { ...labels, kind: allFailures[id]!.name },
        }))
      ),
    ),
  ];
}

/** Probe, result and count. */
function probesOf(backend: BackendMetricsSnapshot): [ProbeKind, "ok" | "fail", number][] {
  return [
    ["connect", "ok", backend.connects],
    ["connect", "fail", backend.connectFailures],
    ["heartbeat", "ok", backend.pings],
    ["heartbeat", "fail", backend.pingFailures],
  ];
}

function metric({ name, kind, help, fixedLabels }: MetricRow, values: Value[]): Metric {
  const shown = fixedLabels === undefined
    ? values
    : values.map((one) => ({ ...one, labels: { ...one.labels, ...fixedLabels } }));
  return { name, help, type: kind, values: shown };
}

/** Rows of one name, which labels tell apart, as one metric. */
function byName(metrics: readonly Metric[]): Metric[] {
  const found = new Map<string, Metric>();
  for (const one of metrics) {
    const known = found.get(one.name);
    found.set(
      one.name,
      known === undefined ? one : { ...known, values: [...known.values, ...one.values] },
    );
  }
  return [...found.values()];
}

/** Turns counts per bucket into Prometheus' cumulative buckets. */
function histogram(
  row: HistogramRow,
  parts: readonly { counts: ArrayLike<number>; sum: number; labels: Labels }[],
): Metric {
  const { name, bounds } = row;
  const values: Value[] = [];
  for (const { counts, sum, labels } of parts) {
    let count = 0;
    for (let bucket = 0; bucket <= bounds.length; bucket++) {
      count += counts[bucket] ?? 0;
      const le = bounds[bucket] ?? "+Inf";
      values.push({ value: count, labels: { le, ...labels }, metricName: `${name}_bucket` });
    }
    values.push({ value: sum, labels, metricName: `${name}_sum` });
    values.push({ value: count, labels, metricName: `${name}_count` });
  }
  return metric(row, values);
}
