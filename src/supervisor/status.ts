/**
 * What `/status` shows of the workers and of each cluster: plain data, which the dashboard and `aster top` read too.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { formatEndpoint } from "../endpoint.ts";
import { allFailures } from "../failure.ts";
import type { BackendMetricsSnapshot, ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import {
  countOf,
  DURATION_BUCKETS,
  isByCommand,
  percentileMs,
  readSeriesKey,
  SERIES_NUMBERS,
} from "../observe/durations.ts";
import { CLUSTER_COUNTS, type ClusterCount } from "../observe/metric_table.ts";
import type { SlotRange } from "../worker/messages.ts";
import type { OperatorOrders } from "./operator_orders.ts";
import type { RecentPercentiles } from "./recent_durations.ts";
import type { RetiredState, WorkerState } from "./supervisor.ts";

/** A worker, and how it does. */
export function showWorker(state: WorkerState): Record<string, unknown> {
  const { vitals, ...shown } = state;
  if (vitals === null) return shown;
  const { externalBytes, heapBytes, longestDelayMs } = vitals;
  return { ...shown, heapBytes, externalBytes, loopDelayMs: Math.round(longestDelayMs) };
}

/** A worker whose place another one has: it takes memory as long as it serves the clients that it has. */
export function showRetired({ vitals, ...shown }: RetiredState): Record<string, unknown> {
  if (vitals === null) return shown;
  const { externalBytes, heapBytes } = vitals;
  return { ...shown, heapBytes, externalBytes };
}

/** What a cluster is shown from. */
export interface ClusterParts {
  readonly config: ClusterConfig;
  /** What its workers have counted; undefined: nothing yet. */
  readonly counted: ClusterMetricsSnapshot | undefined;
  readonly orders: OperatorOrders;
  /** How long its servers took of late, by address. */
  readonly recent: ReadonlyMap<string, RecentPercentiles>;
  /** Who owns which slots; null: it is no Redis Cluster, or not known yet. */
  readonly slots: readonly SlotRange[] | null;
}

/** A cluster: what it is, what operators have made of it, and what was counted since the start. */
export function showCluster(parts: ClusterParts): Record<string, unknown> {
  const { config, counted, orders, recent, slots } = parts;
  const { name, type, listen, thread, servers } = config;
  const counts = Object.fromEntries(
    CLUSTER_COUNTS.map((field): [ClusterCount, number] => [field, counted?.[field] ?? 0]),
  );
  return {
    name,
    type,
    address: formatEndpoint(listen),
    threads: thread,
    pauses: orders.pausesOf(name),
    servers: servers.map(({ address, alias, weight }) => {
      const setting = orders.settingOf(name, alias ?? address);
      return { address, alias, weight: setting.weight ?? weight, state: setting.state };
    }),
    ...counts,
    failures: byReason([...(counted?.failures ?? [])].entries()),
    backends: (counted?.backends ?? []).map((one) => showBackend(one, recent.get(one.address))),
    commands: counted === undefined ? [] : showCommands(counted),
    slots: slots?.map(({ first, last, master, replicas }) => ({ first, last, master, replicas })) ??
      null,
  };
}

function showBackend(
  backend: BackendMetricsSnapshot,
  recent: RecentPercentiles | undefined,
): Record<string, unknown> {
  const { failuresByReason, ...shown } = backend;
  return { ...shown, failuresByReason: byReason(failuresByReason), ...recent };
}

/** How long requests took since the start, by command and server. */
function showCommands({ durations }: ClusterMetricsSnapshot): Record<string, unknown>[] {
  return durations.keys.flatMap((key, index) => {
    const { kind, command, backend } = readSeriesKey(key);
    if (!isByCommand(kind)) return [];
    const at = index * SERIES_NUMBERS;
    const numbers = durations.values.subarray(at, at + SERIES_NUMBERS);
    return [{
      command,
      backend,
      // Whether its time is its client's wait for others.
      isBlocking: kind === "blocking",
      count: countOf(numbers),
      sumUs: Math.round(numbers[DURATION_BUCKETS]! * 1000),
      p50Us: Math.round(percentileMs(numbers, 0.5) * 1000),
      p99Us: Math.round(percentileMs(numbers, 0.99) * 1000),
      buckets: [...numbers.subarray(0, DURATION_BUCKETS)],
    }];
  });
}

/** The reasons that were counted at all, by name. */
function byReason(counts: Iterable<[id: number, count: number]>): Record<string, number> {
  const counted = [...counts].filter(([, count]) => count > 0);
  return Object.fromEntries(counted.map(([id, count]) => [allFailures[id]!.name, count]));
}
