/**
 * Which worker serves which cluster, and which worker of a cluster leads it.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";

/** Clusters of each worker by worker number, and the leading worker of each cluster. */
export interface Assignment {
  clusters: ClusterConfig[][];
  leaders: Map<string, number>;
}

/**
 * Spreads `clusters` anew: a cluster stays with the workers that have it, as many as its `thread` still asks for; more
 * are chosen as {@link assignClusters} does. A leader stays where it still serves.
 *
 * @param former What is now.
 */
export function reassignClusters(
  former: Assignment,
  clusters: readonly ClusterConfig[],
): Assignment {
  const workerCount = clusters.reduce((most, cluster) => Math.max(most, cluster.thread), 1);
  const assigned: ClusterConfig[][] = Array.from({ length: workerCount }, () => []);
  const leadCounts: number[] = new Array(workerCount).fill(0);
  const leaders = new Map<string, number>();
  const had = (number: number, name: string) =>
    former.clusters[number]?.some((cluster) => cluster.name === name) ?? false;
  // Those that are there already have their workers before new ones choose.
  const ordered = clusters.toSorted((one, other) =>
    Number(former.leaders.has(other.name)) - Number(former.leaders.has(one.name))
  );
  for (const cluster of ordered) {
    const chosen = assigned.map((_, number) => number)
      .sort((a, b) =>
        Number(had(b, cluster.name)) - Number(had(a, cluster.name)) ||
        assigned[a]!.length - assigned[b]!.length || a - b
      )
      .slice(0, cluster.thread);
    for (const number of chosen) assigned[number]!.push(cluster);
    const led = former.leaders.get(cluster.name);
    const leader = led !== undefined && chosen.includes(led)
      ? led
      : chosen.reduce((best, number) => leadCounts[number]! < leadCounts[best]! ? number : best);
    leadCounts[leader]! += 1;
    leaders.set(cluster.name, leader);
  }
  return { clusters: assigned, leaders };
}

/**
 * Spreads `clusters` over as many workers as the largest `thread` asks for: a cluster with `thread = n` goes to
 * the n workers that serve the fewest clusters so far, the lower number first. The leader of a cluster is the
 * one of its workers that leads the fewest.
 */
export function assignClusters(clusters: readonly ClusterConfig[]): Assignment {
  const workerCount = clusters.reduce((most, cluster) => Math.max(most, cluster.thread), 1);
  const assigned: ClusterConfig[][] = Array.from({ length: workerCount }, () => []);
  const leadCounts: number[] = new Array(workerCount).fill(0);
  const leaders = new Map<string, number>();
  for (const cluster of clusters) {
    const chosen = assigned.map((_, number) => number)
      .sort((a, b) => assigned[a]!.length - assigned[b]!.length || a - b)
      .slice(0, cluster.thread);
    for (const number of chosen) assigned[number]!.push(cluster);
    const leader = chosen.reduce((best, number) =>
      leadCounts[number]! < leadCounts[best]! ? number : best
    );
    leadCounts[leader]! += 1;
    leaders.set(cluster.name, leader);
  }
  return { clusters: assigned, leaders };
}
