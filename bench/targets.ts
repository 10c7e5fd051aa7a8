/**
 * What is to be reached, and when a figure counts at all. Each ratio is subject : reference, in the
 * same run.
 *
 * @module
 */
import type { Engine, Row } from "./rows.ts";

/** Fewest rounds whose median may be called a result. */
export const ROUNDS_MIN = 5;

/** When a figure of Deno's sockets counts. */
export const VALIDITY = {
  /** Least throughput where requests are pipelined. */
  throughputRatioMin: 0.95,
  /** Least throughput where every client waits for each reply. */
  throughputRatioMinUnpipelined: 0.85,
  /** Greatest 99th percentile of the latency where requests are pipelined. */
  p99RatioMax: 1.2,
  /** Greatest 99th percentile where every client waits for each reply. */
  p99RatioMaxUnpipelined: 1.6,
  /**
   * Least CPU time of a proxy in a run, in seconds, where only the kernel's 10 ms ticks are known.
   */
  tickedCpuSecondsMin: 1,
} as const;

/** When a figure of epoll counts, whatever the pipeline. */
export const EPOLL_VALIDITY = {
  /** Least throughput. */
  throughputRatioMin: 0.95,
  /** Greatest 99th percentile of the latency. */
  p99RatioMax: 1.15,
  /** The 99th percentile that is wanted. */
  p99RatioGoal: 1,
  /** From here on redis-benchmark counts all latencies as one, in milliseconds. */
  p99MsKnownMax: 3_000,
} as const;

/** What throughput and latency a row must have to count. */
export interface Limits {
  throughputRatioMin: number;
  p99RatioMax: number;
  /** Further than what must be reached, or null. */
  p99RatioGoal: number | null;
  /** Greatest 99th percentile that the generator can tell from a greater one, in milliseconds. */
  p99MsKnownMax: number;
}

/** What is held against the target: CPU time per request, or a client's latency. */
export type Measure = "cpu" | "latency";

/** The ratio to reach, and the further goal. */
export interface Target {
  name: string;
  measure: Measure;
  ratioMax: number;
  /** A ratio under it is as wrong as one over {@link Target.ratioMax}; 0 where less is better. */
  ratioMin: number;
  /** Further than what must be reached, or null. */
  goal: number | null;
}

const SMALL_PIPELINED = atMost("small, pipeline 32", 0.50, 0.40);
const UNPIPELINED = atMost("pipeline 1", 1.30, 1.10);
const LARGE = atMost("16 KB", 1.1);
const CLUSTER = atMost("cluster : redis", 1.15, 1.05);
const UNCHANGED = atMost("unchanged", 1.03);

/** How far the ratio of one program against itself may lie from 1. */
const CALIBRATION: Target = { ...atMost("calibration", 1.03), ratioMin: 0.97 };

const EPOLL_SMALL_PIPELINED = atMost("epoll, 32 B, pipeline 32", 0.40, 0.28);
const EPOLL_UNPIPELINED = atMost("epoll, 32 B, pipeline 1", 0.95, 0.70);
const EPOLL_MEMCACHE_PIPELINED = atMost("epoll, memcache, pipeline 32", 0.50, 0.40);
const EPOLL_MEMCACHE_UNPIPELINED = atMost("epoll, memcache, pipeline 1", 1.20, 1.10);
const EPOLL_MEMCACHE_MANY_KEYS = atMost("epoll, memcache, 10 keys", 0.60);
const EPOLL_MEDIUM = atMost("epoll, 1 KB", 0.75, 0.60);
const EPOLL_LARGE = atMost("epoll, 16 KB", 1.1, 1.0);
const EPOLL_LONE: Target = { ...atMost("epoll, one client", 1.1), measure: "latency" };

/** Values from this size on are large ones, in bytes. */
const LARGE_VALUE_BYTES = 16 * 1024;
/** The same for medium ones, in bytes. */
const MEDIUM_VALUE_BYTES = 1024;

/** What is compared with what. */
export type Mode = "compare" | "calibrate" | "self";

/** The target of a row, or null where none is set and the figure is for reading only. */
export function targetOf(row: Row, mode: Mode): Target | null {
  if (mode === "self") return UNCHANGED;
  if (mode === "calibrate") return CALIBRATION;
  return row.engine === "epoll" ? epollTargetOf(row) : denoTargetOf(row);
}

function denoTargetOf(row: Row): Target | null {
  // A Redis Cluster takes an MGET of one slot only: it is another load, one fragment for each key.
  if (row.suite === "redis_cluster") return row.operation === "mget" ? null : CLUSTER;
  if (row.valueBytes >= LARGE_VALUE_BYTES) return LARGE;
  if (row.pipeline === 1) return UNPIPELINED;
  return row.pipeline === 32 ? SMALL_PIPELINED : null;
}

function epollTargetOf(row: Row): Target | null {
  if (row.clients === 1) return EPOLL_LONE;
  if (row.suite === "redis_cluster") return CLUSTER;
  if (row.suite === "memcache" && row.valueBytes < MEDIUM_VALUE_BYTES) return memcacheTargetOf(row);
  // Its work is the splitting, whatever the engine: for reading only.
  if (row.operation === "mget") return null;
  if (row.pipeline === 8) return null;
  if (row.valueBytes >= LARGE_VALUE_BYTES) return EPOLL_LARGE;
  if (row.valueBytes >= MEDIUM_VALUE_BYTES) return EPOLL_MEDIUM;
  return row.pipeline === 1 ? EPOLL_UNPIPELINED : EPOLL_SMALL_PIPELINED;
}

function memcacheTargetOf({ operation, pipeline }: Row): Target | null {
  if (operation === "mget") return EPOLL_MEMCACHE_MANY_KEYS;
  if (pipeline === 8) return null;
  return pipeline === 1 ? EPOLL_MEMCACHE_UNPIPELINED : EPOLL_MEMCACHE_PIPELINED;
}

/** A CPU ratio of which less is better. */
function atMost(name: string, ratioMax: number, goal: number | null = null): Target {
  return { name, measure: "cpu", ratioMax, ratioMin: 0, goal };
}

/** What a row must have besides to count. */
export function limitsOf(row: Row): Limits {
  if (row.engine === "epoll") {
    // A lone client's throughput is nothing but its latency, which has a target of its own.
    return row.clients === 1 ? { ...EPOLL_VALIDITY, throughputRatioMin: 0 } : EPOLL_VALIDITY;
  }
  const isUnpipelined = row.pipeline === 1;
  return {
    throughputRatioMin: isUnpipelined
      ? VALIDITY.throughputRatioMinUnpipelined
      : VALIDITY.throughputRatioMin,
    p99RatioMax: isUnpipelined ? VALIDITY.p99RatioMaxUnpipelined : VALIDITY.p99RatioMax,
    p99RatioGoal: null,
    p99MsKnownMax: Infinity,
  };
}

const MEGABYTE = 1_000_000;

/** Limits of memory, in bytes, and of what other clients may notice. */
export const MEMORY_TARGETS = {
  idleClients: 10_000,
  /** What that many idle clients may add, by engine. */
  idleBytesMax: { deno: 100 * MEGABYTE, epoll: 20 * MEGABYTE } satisfies Record<Engine, number>,
  /** Size of the large value. */
  largeValueBytes: 64 * 1024 * 1024,
  /** What one large value, written and read back, may add. */
  largeValueAddedBytesMax: 200 * MEGABYTE,
  /** How often a client that never reads asks for the large value. */
  unreadGets: 40,
  /** What that client may add. */
  unreadAddedBytesMax: 250 * MEGABYTE,
  /**
   * How much later than without that client the 99th percentile of clients of another backend may
   * be, in milliseconds, beyond twice what clients without a proxy notice on the same cores.
   */
  bystanderAddedP99MsMax: 5,
} as const;

/** Limits of what an aster without load does. */
export const IDLE_TARGETS = {
  /** Share of one core that the whole process may take. */
  cpuShareMax: 0.005,
  /** How much later than under load the first reply after a silence may come, in milliseconds. */
  firstRequestAddedMsMax: 0.2,
} as const;
