/**
 * What one worker counts for one cluster: plain numbers, incremented on the hot path and summed by the
 * supervisor when someone asks. Which numbers there are says `metric_table.ts`.
 *
 * @module
 */
import { allFailures, type Failure } from "../failure.ts";
import { type DurationsSnapshot, NO_DURATIONS } from "./durations.ts";
import { Histogram } from "./histogram.ts";
import { INVALID_KIND, kindOf, READ_KIND, REQUEST_KINDS, WRITE_KIND } from "./request_kinds.ts";
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
  /** Requests, and those that were answered by an error or failed, by the number of their kind. */
  requestsByKind: number[];
  failedByKind: number[];
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

/** Counts that are sums of others. */
type DerivedCount = "requests" | "errorReplies";

const OWN_COUNTS = CLUSTER_COUNTS.filter((field): field is Exclude<ClusterCount, DerivedCount> =>
  field !== "requests" && field !== "errorReplies"
);

/** Counters of one cluster in one worker: a field for each row of `clusterCounts` and `clusterHistograms`. */
export interface ClusterMetrics
  extends
    Record<Exclude<ClusterCount, DerivedCount>, number>,
    Readonly<Record<ClusterHistogram, Histogram>> {}

/** Counters of one cluster in one worker; the interface of the same name has the fields that the table's rows make. */
export class ClusterMetrics {
  readonly cluster: string;
  /** Failures by {@link Failure.id}. */
  readonly failures: Float64Array = new Float64Array(allFailures.length);
  /** Requests of commands that read, that write, that do neither, and of no command. */
  readRequests = 0;
  writeRequests = 0;
  otherRequests = 0;
  invalidRequests = 0;
  /** Those of them, by the number of their kind, that were answered by an error, or failed, each once. */
  readonly failedByKind: Float64Array = new Float64Array(REQUEST_KINDS.length);
  /** Errors said to clients that had asked for nothing, or for nothing that is a request. */
  otherErrors = 0;

  constructor(cluster: string) {
    this.cluster = cluster;
    // Always in the order of the table, so that all objects have one shape.
    for (const field of OWN_COUNTS) addField(this, field, 0);
    for (const field of CLUSTER_HISTOGRAMS) {
      addField(this, field, new Histogram(clusterHistograms[field].bounds));
    }
  }

  get requests(): number {
    return sum(this.requestsByKind);
  }

  /** Requests by the number of their kind. */
  get requestsByKind(): number[] {
    return [this.otherRequests, this.readRequests, this.writeRequests, this.invalidRequests];
  }

  get errorReplies(): number {
    return sum([...this.failedByKind]) + this.otherErrors;
  }

  /** Counts one request; `row` is its command's, null where no command has that name. A field is cheaper than an array. */
  countRequest(row: { readonly flags: number } | null): void {
    const kind = kindOf(row);
    if (kind === READ_KIND) this.readRequests += 1;
    else if (kind === WRITE_KIND) this.writeRequests += 1;
    else if (kind === INVALID_KIND) this.invalidRequests += 1;
    else this.otherRequests += 1;
  }

  /** A request was answered by an error, or failed; `row` is its command's, null where no command has that name. */
  countFailed(row: { readonly flags: number } | null): void {
    this.failedByKind[kindOf(row)]! += 1;
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
    const snapshot = {
      cluster: this.cluster,
      failures: [...this.failures],
      requestsByKind: this.requestsByKind,
      failedByKind: [...this.failedByKind],
      backends,
      durations,
    };
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

/**
 * Adds a field as a declared one would be. Of an object that gets more than a dozen by `object[name] = value` V8 makes a
 * table that is looked up by name at each use, and these are used for each request.
 */
function addField(metrics: ClusterMetrics, name: string, value: unknown): void {
  const attributes = { writable: true, enumerable: true, configurable: true };
  Object.defineProperty(metrics, name, { value, ...attributes });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
