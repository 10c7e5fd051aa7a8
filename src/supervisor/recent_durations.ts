/**
 * How long requests took in the last seconds: the difference between what is counted now and what was counted then.
 *
 * @module
 */
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { countOf, percentileMs, SERIES_NUMBERS, seriesKey } from "../observe/durations.ts";

/** What is told is of the last one to two such times, milliseconds, if it is asked for as often. */
export const RECENT_MS = 5_000;

interface Past {
  readonly atMs: number;
  readonly series: ReadonlyMap<string, Float64Array>;
}

/** Percentiles of one server, microseconds. */
export interface RecentPercentiles {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One per process. */
export class RecentDurations {
  #former: Past | null = null;
  #latest: Past | null = null;

  /**
   * Looks at what is counted now.
   *
   * @param nowMs Milliseconds on any scale that does not go back.
   */
  look(clusters: readonly ClusterMetricsSnapshot[], nowMs: number): void {
    if (this.#latest !== null && nowMs - this.#latest.atMs < RECENT_MS) return;
    const series = new Map<string, Float64Array>();
    for (const { cluster, durations } of clusters) {
      durations.keys.forEach((key, index) => {
        if (key.startsWith("server ")) series.set(`${cluster} ${key}`, numbersAt(durations, index));
      });
    }
    this.#former = this.#latest;
    this.#latest = { atMs: nowMs, series };
  }

  /** How long a cluster's servers took of late, by address; those that answered nothing are left out. */
  percentilesOf({ cluster, durations }: ClusterMetricsSnapshot): Map<string, RecentPercentiles> {
    const past = (this.#former ?? this.#latest)?.series;
    const found = new Map<string, RecentPercentiles>();
    durations.keys.forEach((key, index) => {
      if (!key.startsWith(SERVER_KEY)) return;
      const numbers = numbersAt(durations, index);
      const before = past?.get(`${cluster} ${key}`);
      // What was counted of a worker that died stays, so nothing is less than before.
      if (before !== undefined) {
        for (let at = 0; at < numbers.length; at++) {
          numbers[at] = Math.max(0, numbers[at]! - before[at]!);
        }
      }
      if (countOf(numbers) === 0) return;
      found.set(key.slice(SERVER_KEY.length), {
        p50Us: Math.round(percentileMs(numbers, 0.5) * 1000),
        p99Us: Math.round(percentileMs(numbers, 0.99) * 1000),
      });
    });
    return found;
  }
}

const SERVER_KEY = seriesKey({ kind: "server", command: "", backend: "" });

/** A copy of the numbers of one series. */
function numbersAt({ values }: ClusterMetricsSnapshot["durations"], index: number): Float64Array {
  return values.slice(index * SERIES_NUMBERS, (index + 1) * SERIES_NUMBERS);
}
