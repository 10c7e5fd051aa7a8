/**
 * How much was counted in the last seconds: the difference between what is counted now and what was counted then.
 *
 * @module
 */
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";

/** What is told is of the last one to two such times, milliseconds, if it is asked for as often. */
export const RECENT_MS = 5_000;

/** What one server's numbers have grown by. */
export interface RecentServer {
  readonly requests: number;
  /** By the ids of reasons. */
  readonly failures: ReadonlyMap<number, number>;
  /** Whether requests were in flight at the beginning, too. */
  readonly wasAsked: boolean;
}

/** What one cluster's numbers have grown by. */
export interface RecentCluster {
  readonly seconds: number;
  readonly requests: number;
  /** By the ids of reasons. */
  readonly failures: ReadonlyMap<number, number>;
  /** By address. */
  readonly servers: ReadonlyMap<string, RecentServer>;
}

interface Past {
  readonly atMs: number;
  readonly clusters: ReadonlyMap<string, ClusterMetricsSnapshot>;
}

/** One per process. */
export class RecentCounts {
  #former: Past | null = null;
  #latest: Past | null = null;

  /**
   * Looks at what is counted now.
   *
   * @param nowMs Milliseconds on any scale that does not go back.
   */
  look(clusters: readonly ClusterMetricsSnapshot[], nowMs: number): void {
    if (this.#latest !== null && nowMs - this.#latest.atMs < RECENT_MS) return;
    this.#former = this.#latest;
    this.#latest = { atMs: nowMs, clusters: new Map(clusters.map((one) => [one.cluster, one])) };
  }

  /** How much a cluster's numbers have grown; null where they are not known from before. */
  of(now: ClusterMetricsSnapshot, nowMs: number): RecentCluster | null {
    const past = this.#former ?? this.#latest;
    const before = past?.clusters.get(now.cluster);
    if (past === null || before === undefined || nowMs <= past.atMs) return null;
    const known = new Map(before.backends.map((one) => [one.address, one]));
    return {
      seconds: (nowMs - past.atMs) / 1000,
      requests: Math.max(0, now.requests - before.requests),
      failures: grown(now.failures.entries(), before.failures.entries()),
      servers: new Map(now.backends.map((one) => {
        const was = known.get(one.address);
        return [one.address, {
          requests: Math.max(0, one.requests - (was?.requests ?? 0)),
          failures: grown(one.failuresByReason, was?.failuresByReason ?? []),
          wasAsked: (was?.inFlight ?? 0) > 0,
        }];
      })),
    };
  }
}

/** What has grown at all. */
function grown(
  now: Iterable<readonly [number, number]>,
  before: Iterable<readonly [number, number]>,
): Map<number, number> {
  const past = new Map(before);
  const found = new Map<number, number>();
  for (const [id, count] of now) {
    const more = count - (past.get(id) ?? 0);
    if (more > 0) found.set(id, more);
  }
  return found;
}
