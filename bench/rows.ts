/**
 * The rows of the benchmark: which commands, sizes and pipelines are measured.
 *
 * @module
 */

/** What stands behind the proxy. */
export type Suite = "redis" | "memcache" | "redis_cluster";

/** What one request does. */
export type Operation = "get" | "set" | "mget";

/** Keys of one MGET. */
export const MGET_KEYS = 10;

/** One line of the table. */
export interface Row {
  /** Unique name, such as `redis/get/32/p1`. */
  id: string;
  suite: Suite;
  operation: Operation;
  valueBytes: number;
  /** Requests that one client has in flight. */
  pipeline: number;
  /** Whether a quick comparison has it. */
  isQuick: boolean;
}

const SMALL_BYTES = 32;
const MEDIUM_BYTES = 1024;
const LARGE_BYTES = 16 * 1024;
const PIPELINES = [1, 8, 32];

/** Bytes of values that one data set holds at most, and with it the number of keys. */
const DATA_SET_BYTES_MAX = 32 * 1024 * 1024;
const KEYS_MAX = 10_000;

/** Number of keys that a row reads and writes, all of them present. */
export function keyCount(row: Row): number {
  return Math.min(KEYS_MAX, Math.floor(DATA_SET_BYTES_MAX / row.valueBytes));
}

/** All rows, suite by suite. */
export const ALL_ROWS: readonly Row[] = [
  ...rows("redis", ["get", "set"], [SMALL_BYTES, MEDIUM_BYTES, LARGE_BYTES], PIPELINES),
  ...rows("redis", ["mget"], [SMALL_BYTES, MEDIUM_BYTES], PIPELINES),
  ...rows("memcache", ["get"], [SMALL_BYTES, MEDIUM_BYTES, LARGE_BYTES], PIPELINES),
  ...rows("redis_cluster", ["get", "set"], [SMALL_BYTES], PIPELINES),
  ...rows("redis_cluster", ["get"], [MEDIUM_BYTES, LARGE_BYTES], [1, 32]),
  ...rows("redis_cluster", ["mget"], [SMALL_BYTES], [1, 32]),
];

/**
 * The rows that a run measures.
 *
 * @param only Pattern that the row's id must match, or null.
 */
export function selectRows(only: RegExp | null, isQuick: boolean): Row[] {
  return ALL_ROWS.filter((row) => only === null ? !isQuick || row.isQuick : only.test(row.id));
}

function rows(
  suite: Suite,
  operations: readonly Operation[],
  sizes: readonly number[],
  pipelines: readonly number[],
): Row[] {
  return operations.flatMap((operation) =>
    sizes.flatMap((valueBytes) =>
      pipelines.map((pipeline) => ({
        id: `${suite}/${operation}/${valueBytes}/p${pipeline}`,
        suite,
        operation,
        valueBytes,
        pipeline,
        isQuick: isQuick(operation, valueBytes, pipeline),
      }))
    )
  );
}

/** The corners: small values at both ends of pipelining, and large values. */
function isQuick(operation: Operation, valueBytes: number, pipeline: number): boolean {
  if (pipeline === 8) return false;
  if (valueBytes === SMALL_BYTES) return operation !== "mget" || pipeline === 1;
  return valueBytes === LARGE_BYTES && operation === "get" && pipeline === 1;
}
