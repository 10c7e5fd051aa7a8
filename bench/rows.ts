/**
 * The rows of the benchmark: which engines, commands, sizes, pipelines and numbers of clients are
 * measured.
 *
 * @module
 */

/** How aster does its I/O: the values of its option `--io`. */
export type Engine = "deno" | "epoll";

/** All engines, in the order in which they are measured. */
export const ENGINES: readonly Engine[] = ["deno", "epoll"];

/** What stands behind the proxy. */
export type Suite = "redis" | "memcache" | "redis_cluster";

/** What one request does. */
export type Operation = "get" | "set" | "mget";

/** Keys of one MGET, or of one memcache `get` of many keys. */
export const MGET_KEYS = 10;

/** Clients of a row whose id names no number. */
export const CLIENTS = 50;

/** One line of the table. */
export interface Row {
  /** Unique name, such as `redis/get/32/p1` or `epoll:redis/get/32/p1/c500`. */
  id: string;
  engine: Engine;
  suite: Suite;
  operation: Operation;
  valueBytes: number;
  /** Requests that one client has in flight. */
  pipeline: number;
  /** Clients that are connected at the same time. */
  clients: number;
  /** Whether a quick comparison has it. */
  isQuick: boolean;
}

/** Rows that are measured one after the other on the same processes. */
export interface RowGroup {
  engine: Engine;
  suite: Suite;
  clients: number;
  rows: Row[];
}

const SMALL_BYTES = 32;
const MEDIUM_BYTES = 1024;
const LARGE_BYTES = 16 * 1024;
const SIZES = [SMALL_BYTES, MEDIUM_BYTES, LARGE_BYTES];
const PIPELINES = [1, 8, 32];

/** Numbers of clients beside {@link CLIENTS}, those of Deno's sockets and those of epoll. */
const MANY_CLIENTS_DENO = [500, 2_000];
const MANY_CLIENTS_EPOLL = [500, 2_000, 10_000];
/** The same in front of a Redis Cluster, on either. */
const CLUSTER_CLIENTS = 500;

/** Bytes of values that one data set holds at most, and with it the number of keys. */
const DATA_SET_BYTES_MAX = 32 * 1024 * 1024;
const KEYS_MAX = 10_000;

/** Number of keys that a row reads and writes, all of them present. */
export function keyCount(row: Row): number {
  return Math.min(KEYS_MAX, Math.floor(DATA_SET_BYTES_MAX / row.valueBytes));
}

/** All rows: engine by engine, within it suite by suite, the fewest clients first. */
export const ALL_ROWS: readonly Row[] = [
  ...rows("deno", CLIENTS, "redis", ["get", "set"], SIZES, PIPELINES),
  ...rows("deno", CLIENTS, "redis", ["mget"], [SMALL_BYTES, MEDIUM_BYTES], PIPELINES),
  ...MANY_CLIENTS_DENO.flatMap((clients) =>
    rows("deno", clients, "redis", ["get", "set"], [SMALL_BYTES], [1])
  ),
  ...rows("deno", CLIENTS, "memcache", ["get"], SIZES, PIPELINES),
  ...rows("deno", CLIENTS, "memcache", ["mget"], [SMALL_BYTES], [1, 32]),
  ...rows("deno", CLIENTS, "redis_cluster", ["get", "set"], [SMALL_BYTES], PIPELINES),
  ...rows("deno", CLIENTS, "redis_cluster", ["get"], [MEDIUM_BYTES, LARGE_BYTES], [1, 32]),
  ...rows("deno", CLIENTS, "redis_cluster", ["mget"], [SMALL_BYTES], [1, 32]),
  ...rows("deno", CLUSTER_CLIENTS, "redis_cluster", ["get"], [SMALL_BYTES], PIPELINES),
  ...rows("epoll", 1, "redis", ["get"], [SMALL_BYTES], [1]),
  ...rows("epoll", CLIENTS, "redis", ["get", "set"], SIZES, PIPELINES),
  ...rows("epoll", CLIENTS, "redis", ["mget"], [SMALL_BYTES], PIPELINES),
  ...rows("epoll", CLIENTS, "memcache", ["get"], [SMALL_BYTES, MEDIUM_BYTES], PIPELINES),
  ...rows("epoll", CLIENTS, "memcache", ["mget"], [SMALL_BYTES], [1, 32]),
  ...rows("epoll", CLIENTS, "redis_cluster", ["get", "set"], [SMALL_BYTES], PIPELINES),
  ...MANY_CLIENTS_EPOLL.flatMap((clients) => [
    ...rows("epoll", clients, "redis", ["get"], SIZES, PIPELINES),
    // Writes cost what reads cost but for their direction, which few clients show as well as many.
    ...rows("epoll", clients, "redis", ["set"], [SMALL_BYTES], [1, 32]),
  ]),
  ...rows("epoll", CLUSTER_CLIENTS, "redis_cluster", ["get"], [SMALL_BYTES], PIPELINES),
];

/** What {@link selectRows} chooses by. */
export interface Selection {
  engines: readonly Engine[];
  /** Pattern that the row's id must match, or null. */
  only: RegExp | null;
  isQuick: boolean;
}

/** The rows that a run measures. */
export function selectRows({ engines, only, isQuick }: Selection): Row[] {
  return ALL_ROWS
    .filter((row) => engines.includes(row.engine))
    .filter((row) => only === null ? !isQuick || row.isQuick : only.test(row.id));
}

/**
 * Puts together what is measured on the same processes, in the order of the rows. Each number of
 * clients has processes of its own: what ten thousand leave behind in a proxy's memory is not
 * fifty's.
 */
export function groupRows(selected: readonly Row[]): RowGroup[] {
  const groups = new Map<string, RowGroup>();
  for (const row of selected) {
    const { engine, suite, clients } = row;
    const key = `${engine} ${suite} ${clients}`;
    const group = groups.get(key) ?? { engine, suite, clients, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The name of what `engine` is measured with: Deno's sockets are the unnamed usual. */
export function idOf(engine: Engine, name: string): string {
  return engine === "deno" ? name : `${engine}:${name}`;
}

function rows(
  engine: Engine,
  clients: number,
  suite: Suite,
  operations: readonly Operation[],
  sizes: readonly number[],
  pipelines: readonly number[],
): Row[] {
  const ofClients = clients === CLIENTS ? "" : `/c${clients}`;
  return operations.flatMap((operation) =>
    sizes.flatMap((valueBytes) =>
      pipelines.map((pipeline) => {
        const id = idOf(engine, `${suite}/${operation}/${valueBytes}/p${pipeline}${ofClients}`);
        const row = { id, engine, suite, operation, valueBytes, pipeline, clients };
        return { ...row, isQuick: engine === "deno" ? isQuickDeno(row) : isQuickEpoll(row) };
      })
    )
  );
}

type Shape = Omit<Row, "isQuick">;

/** The corners: small values at both ends of pipelining, and large values. */
function isQuickDeno({ operation, valueBytes, pipeline, clients }: Shape): boolean {
  if (pipeline === 8 || clients !== CLIENTS) return false;
  if (valueBytes === SMALL_BYTES) return operation !== "mget" || pipeline === 1;
  return valueBytes === LARGE_BYTES && operation === "get" && pipeline === 1;
}

/** Reads: each size without pipelining, small values with it, and small ones by many clients. */
function isQuickEpoll({ suite, operation, valueBytes, pipeline, clients }: Shape): boolean {
  if (suite !== "redis" || operation !== "get") return false;
  if (clients === CLIENTS) {
    return pipeline === 1 || (pipeline === 32 && valueBytes === SMALL_BYTES);
  }
  return pipeline === 1 && valueBytes === SMALL_BYTES && clients !== 500;
}
