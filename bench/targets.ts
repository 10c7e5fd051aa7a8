/**
 * What is to be reached, and when a figure counts at all. Each ratio is subject : reference, in the
 * same run.
 *
 * @module
 */
import type { Row } from "./rows.ts";

/** Clients that the load generators open. */
export const CLIENTS = 50;

/** Fewest rounds whose median may be called a result. */
export const ROUNDS_MIN = 5;

/** When a figure counts. */
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

/** CPU time per request to reach, and the further goal. */
export interface Target {
  name: string;
  ratioMax: number;
  /** A ratio under it is as wrong as one over {@link Target.ratioMax}; 0 where less is better. */
  ratioMin: number;
  /** Further than what must be reached, or null. */
  goal: number | null;
}

const SMALL_PIPELINED: Target = {
  name: "small, pipeline 32",
  ratioMax: 0.50,
  ratioMin: 0,
  goal: 0.40,
};
const UNPIPELINED: Target = { name: "pipeline 1", ratioMax: 1.30, ratioMin: 0, goal: 1.10 };
const LARGE: Target = { name: "16 KB", ratioMax: 1.1, ratioMin: 0, goal: null };
const CLUSTER: Target = { name: "cluster : redis", ratioMax: 1.15, ratioMin: 0, goal: null };
const UNCHANGED: Target = { name: "unchanged", ratioMax: 1.03, ratioMin: 0, goal: null };

/** How far the ratio of one program against itself may lie from 1. */
const CALIBRATION: Target = { name: "calibration", ratioMax: 1.03, ratioMin: 0.97, goal: null };

/** Values from this size on are large ones, in bytes. */
const LARGE_VALUE_BYTES = 16 * 1024;

/** What is compared with what. */
export type Mode = "compare" | "calibrate" | "self";

/** The target of a row, or null where none is set and the figure is for reading only. */
export function targetOf(row: Row, mode: Mode): Target | null {
  if (mode === "self") return UNCHANGED;
  if (mode === "calibrate") return CALIBRATION;
  // A Redis Cluster takes an MGET of one slot only: it is another load, one fragment for each key.
  if (row.suite === "redis_cluster") return row.operation === "mget" ? null : CLUSTER;
  if (row.valueBytes >= LARGE_VALUE_BYTES) return LARGE;
  if (row.pipeline === 1) return UNPIPELINED;
  return row.pipeline === 32 ? SMALL_PIPELINED : null;
}

const MEGABYTE = 1_000_000;

/** Limits of memory, in bytes, and of what other clients may notice. */
export const MEMORY_TARGETS = {
  idleClients: 10_000,
  /** What that many idle clients may add. */
  idleBytesMax: 100 * MEGABYTE,
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
