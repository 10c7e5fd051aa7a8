/**
 * Bounds the series of durations that are shown, over all clusters and workers. Which commands have a series of their
 * own is kept from scrape to scrape, so that none of the numbers goes back.
 *
 * @module
 */
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import {
  isByCommand,
  OTHER_COMMANDS,
  readSeriesKey,
  SERIES_NUMBERS,
  type SeriesName,
} from "../observe/durations.ts";

/** Series of one metric at most. */
export const SERIES_MAX = 2_000;

/** One series as it is shown; `numbers` are those of `durations.ts`. */
export interface ShownSeries extends SeriesName {
  readonly cluster: string;
  readonly numbers: Float64Array;
}

/** One per process. */
export class SeriesBound {
  readonly #seriesMax: number;
  /** Series by command that stand for themselves. */
  #own = new Set<string>();

  constructor(seriesMax: number = SERIES_MAX) {
    this.#seriesMax = seriesMax;
  }

  /** The series of all clusters. Those of commands beyond the bound are one for each server, beyond it one a cluster. */
  bound(clusters: readonly ClusterMetricsSnapshot[]): ShownSeries[] {
    const all = clusters.flatMap(seriesOf);
    this.#forgetGone(all);
    const backends = new Set(all.map(({ cluster, backend }) => `${cluster} ${backend}`));
    // Each server may need one for its other commands.
    const ownMax = Math.max(0, this.#seriesMax - backends.size);
    const sharesOthers = backends.size + clusters.length > this.#seriesMax;
    const shown = new Map<string, ShownSeries>();
    for (const series of all) {
      const name = this.#nameOf(series, ownMax, sharesOthers);
      const key = keyOf(name);
      const known = shown.get(key);
      if (known === undefined) {
        shown.set(key, { ...name, numbers: series.numbers.slice() });
      } else {
        for (let at = 0; at < SERIES_NUMBERS; at++) known.numbers[at]! += series.numbers[at]!;
      }
    }
    return [...shown.values()];
  }

  #nameOf(series: ShownSeries, ownMax: number, sharesOthers: boolean): ShownSeries {
    if (!isByCommand(series.kind)) {
      return sharesOthers ? { ...series, backend: OTHER_COMMANDS } : series;
    }
    const key = keyOf(series);
    if (this.#own.has(key)) return series;
    if (series.command !== OTHER_COMMANDS && this.#own.size < ownMax) {
      this.#own.add(key);
      return series;
    }
    const backend = sharesOthers ? OTHER_COMMANDS : series.backend;
    return { ...series, command: OTHER_COMMANDS, backend };
  }

  #forgetGone(all: readonly ShownSeries[]): void {
    if (this.#own.size === 0) return;
    const keys = new Set(all.map(keyOf));
    this.#own = new Set([...this.#own].filter((key) => keys.has(key)));
  }
}

function seriesOf({ cluster, durations }: ClusterMetricsSnapshot): ShownSeries[] {
  return durations.keys.map((key, index) => ({
    ...readSeriesKey(key),
    cluster,
    numbers: durations.values.subarray(index * SERIES_NUMBERS, (index + 1) * SERIES_NUMBERS),
  }));
}

function keyOf({ cluster, kind, command, backend }: Omit<ShownSeries, "numbers">): string {
  return `${cluster} ${kind} ${command} ${backend}`;
}
