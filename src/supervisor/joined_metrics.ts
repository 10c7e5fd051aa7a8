/**
 * What a worker has counted, put together again from the parts in which it was sent.
 *
 * @module
 */
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import type { WorkerMessage } from "../worker/messages.ts";

/** Backends and series that came ahead of the message which ends the answer. */
export type MetricsPart = Extract<WorkerMessage, { kind: "metrics_part" }>;

/** An answer with the parts that came ahead of it, in their order. */
export function joinParts(
  clusters: readonly ClusterMetricsSnapshot[],
  parts: readonly MetricsPart[],
): ClusterMetricsSnapshot[] {
  return clusters.map((one) => {
    const own = parts.filter(({ cluster }) => cluster === one.cluster);
    if (own.length === 0) return one;
    const count = own.reduce((sum, { values }) => sum + values.length, 0);
    const values = new Float64Array(count);
    let at = 0;
    for (const part of own) {
      values.set(part.values, at);
      at += part.values.length;
    }
    return {
      ...one,
      backends: own.flatMap(({ backends }) => backends),
      durations: { keys: own.flatMap(({ keys }) => keys), values },
    };
  });
}
