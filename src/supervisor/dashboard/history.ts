/**
 * The last quarter of an hour in a few numbers for each cluster, so that who opens the dashboard sees what led here.
 *
 * @module
 */

/** Time between two points, milliseconds. */
export const HISTORY_STEP_MS = 5_000;
/** Points that are kept: a quarter of an hour. */
export const HISTORY_POINTS_MAX = 180;

/** What the history takes of a cluster's counts. */
export interface HistoryCounts {
  readonly cluster: string;
  readonly requests: number;
  readonly errorReplies: number;
  readonly clientsConnected: number;
}

/** One cluster's points, the newest last. */
export interface Series {
  /** Requests a second. */
  readonly requests: number[];
  /** Error replies a second. */
  readonly errors: number[];
  /** Clients connected. */
  readonly clients: number[];
}

/** All of it, as it is sent. */
export interface HistoryView {
  readonly stepMs: number;
  /** When the newest points are of, milliseconds since 1970; 0 while there are none. */
  readonly endsAtMs: number;
  readonly clusters: Readonly<Record<string, Series>>;
}

/** One point of each cluster. */
export interface HistoryPoint {
  readonly endsAtMs: number;
  readonly clusters: Readonly<Record<string, Readonly<Record<keyof Series, number>>>>;
}

/** Keeps the points. */
export class History {
  #former: Map<string, HistoryCounts> = new Map();
  #endsAtMs = 0;
  #series: Map<string, Series> = new Map();

  /** Takes the counts as they are now. Clusters that are missing are forgotten. */
  add(counts: readonly HistoryCounts[], nowMs: number): void {
    const seconds = (nowMs - this.#endsAtMs) / 1000;
    const series = new Map<string, Series>();
    for (const now of counts) {
      const former = this.#former.get(now.cluster);
      const known = this.#series.get(now.cluster) ?? { requests: [], errors: [], clients: [] };
      series.set(now.cluster, known);
      if (former === undefined || seconds <= 0) continue;
      push(known.requests, (now.requests - former.requests) / seconds);
      push(known.errors, (now.errorReplies - former.errorReplies) / seconds);
      push(known.clients, now.clientsConnected);
    }
    this.#series = series;
    this.#former = new Map(counts.map((one) => [one.cluster, one]));
    this.#endsAtMs = nowMs;
  }

  /** The newest point of each cluster. */
  newest(): HistoryPoint {
    const points = [...this.#series].flatMap(([name, { requests, errors, clients }]) => {
      const point = { requests: requests.at(-1), errors: errors.at(-1), clients: clients.at(-1) };
      return point.requests === undefined ? [] : [[name, point as Record<keyof Series, number>]];
    });
    return { endsAtMs: this.#endsAtMs, clusters: Object.fromEntries(points) };
  }

  /** What is kept. */
  view(): HistoryView {
    return {
      stepMs: HISTORY_STEP_MS,
      endsAtMs: this.#endsAtMs,
      clusters: Object.fromEntries(this.#series),
    };
  }
}

function push(points: number[], value: number): void {
  points.push(Math.round(value * 100) / 100);
  if (points.length > HISTORY_POINTS_MAX) points.shift();
}
