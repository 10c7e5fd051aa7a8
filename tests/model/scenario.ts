/**
 * What a run of the model test is made of: one kind of cluster, its settings, its clients and its
 * faults.
 *
 * @module
 */

/** Settings of the proxy and of the load, before chance has its part. */
export interface Scenario {
  readonly name: string;
  readonly type: "redis" | "memcache" | "redis_cluster";
  readonly threads: number;
  readonly nodeConnections: number;
  readonly backendCount: number;
  /** Replicas of a Redis Cluster, which take the reads. */
  readonly replicaCount: number;
  readonly clientCount: number;
  /** Most requests of one client in flight. */
  readonly depthMax: number;
  /** Share of connections that read slowly. */
  readonly slowShare: number;
  /** The proxy's `read_timeout` in milliseconds; its other timeouts follow from it. */
  readonly readTimeoutMs: number;
  /** Further lines of the cluster's table in the configuration. */
  readonly settings: readonly string[];
  /** Faults of connections. */
  readonly hasRelayFaults: boolean;
  /** Servers are stopped, killed and restarted. */
  readonly hasServerFaults: boolean;
  /** The proxy itself is stopped again and again, for longer than its timeouts: that alone fails nothing. */
  readonly pausesProxy: boolean;
  /** Slots move to and fro. */
  readonly movesSlots: boolean;
  /** All keys of a Redis Cluster are in this many slots; 0: in as many as chance has it. */
  readonly slotCount: number;
  /** Only whose the values are is checked: keys may change servers, or replicas lag behind. */
  readonly isWeak: boolean;
  /** The limits in `settings` close clients or fail requests even without faults. */
  readonly hitsLimits: boolean;
  /**
   * Reloads, pauses, floods, slow admin clients and restarts of another process, all at once and twice over: memory,
   * descriptors and buffers are as they were after the first time.
   */
  readonly isTurmoil: boolean;
  /** Shares of values above 1 KB and above 60 KB, 0 to 1. */
  readonly mediumShare: number;
  readonly largeShare: number;
}

const plain: Scenario = {
  name: "redis",
  type: "redis",
  threads: 1,
  nodeConnections: 1,
  backendCount: 3,
  replicaCount: 0,
  clientCount: 24,
  depthMax: 60,
  slowShare: 0.15,
  readTimeoutMs: 300,
  settings: [],
  hasRelayFaults: true,
  hasServerFaults: true,
  pausesProxy: false,
  movesSlots: false,
  slotCount: 0,
  isWeak: false,
  hitsLimits: false,
  isTurmoil: false,
  mediumShare: 0.06,
  largeShare: 0.002,
};

/** Nothing may fail, however busy the machine is. */
const calm = { hasRelayFaults: false, hasServerFaults: false, readTimeoutMs: 10_000 };
/** The proxy stands still for longer than any timeout, and still nothing may fail. */
const pausing = { ...calm, pausesProxy: true, readTimeoutMs: 2_000 };
/** Replies are late all the time. */
const hasty = { readTimeoutMs: 15, hitsLimits: true };
const turmoil = { isTurmoil: true, threads: 2, slowShare: 0.1 };
const cluster = { type: "redis_cluster", movesSlots: true } as const;

/** So small that clients are held back, again and again, at every place where they can be. */
const HOLDING_LIMITS = [
  "max_pipeline = 4",
  "backend_queue_soft_bytes = 1024",
  "client_read_ahead_bytes = 1024",
];
/** So small that clients are closed and requests refused. */
const REFUSING_LIMITS = [
  "client_output_limit = 65536",
  "max_backend_queue_bytes = 16384",
  "backend_queue_soft_bytes = 4096",
];
/** Far more than usual may wait unparsed. */
const READ_AHEAD = ["client_read_ahead_bytes = 4194304", "backend_queue_soft_bytes = 20000"];
const EJECTION = ["ping_fail_limit = 2", "ping_succ_interval = 100", "ping_interval = 200"];

/** All scenarios; the first of each type suit a short run best. */
export const scenarios: readonly Scenario[] = [
  plain,
  { ...plain, name: "memcache", type: "memcache" },
  { ...plain, name: "cluster", ...cluster },
  { ...plain, name: "redis, 2 threads, 3 connections", threads: 2, nodeConnections: 3 },
  {
    ...plain,
    name: "memcache, 2 threads, 3 connections",
    type: "memcache",
    threads: 2,
    nodeConnections: 3,
  },
  {
    ...plain,
    name: "cluster, 2 threads, 3 connections",
    ...cluster,
    slotCount: 20,
    threads: 2,
    nodeConnections: 3,
  },
  { ...plain, name: "redis, holding limits", settings: HOLDING_LIMITS },
  { ...plain, name: "memcache, holding limits", type: "memcache", settings: HOLDING_LIMITS },
  {
    ...plain,
    name: "cluster, holding limits",
    ...cluster,
    settings: HOLDING_LIMITS,
    threads: 2,
  },
  { ...plain, name: "redis, calm, holding limits", ...calm, settings: HOLDING_LIMITS },
  {
    ...plain,
    name: "memcache, calm, holding limits",
    ...calm,
    type: "memcache",
    settings: HOLDING_LIMITS,
  },
  { ...plain, name: "cluster, only moving slots", ...calm, ...cluster, slotCount: 12 },
  {
    ...plain,
    name: "cluster, moving slots, holding limits",
    ...calm,
    ...cluster,
    slotCount: 12,
    settings: HOLDING_LIMITS,
    nodeConnections: 3,
  },
  { ...plain, name: "redis, pauses of the proxy", ...pausing, threads: 2 },
  { ...plain, name: "memcache, pauses of the proxy", ...pausing, type: "memcache" },
  { ...plain, name: "cluster, pauses of the proxy", ...pausing, ...cluster, slotCount: 12 },
  { ...plain, name: "redis, faults and pauses of the proxy", pausesProxy: true },
  {
    ...plain,
    name: "redis, refusing limits",
    settings: REFUSING_LIMITS,
    hitsLimits: true,
    slowShare: 0.5,
    largeShare: 0.05,
  },
  {
    ...plain,
    name: "memcache, refusing limits",
    type: "memcache",
    settings: REFUSING_LIMITS,
    hitsLimits: true,
    slowShare: 0.5,
    largeShare: 0.05,
  },
  {
    ...plain,
    name: "cluster, refusing limits",
    ...cluster,
    settings: REFUSING_LIMITS,
    hitsLimits: true,
    slowShare: 0.5,
    largeShare: 0.05,
  },
  {
    ...plain,
    name: "redis, large values, read ahead",
    settings: READ_AHEAD,
    slowShare: 0.3,
    largeShare: 0.2,
    depthMax: 20,
  },
  {
    ...plain,
    name: "memcache, large values, read ahead",
    type: "memcache",
    settings: READ_AHEAD,
    slowShare: 0.3,
    largeShare: 0.2,
    depthMax: 20,
  },
  {
    ...plain,
    name: "cluster, large values, read ahead",
    ...cluster,
    settings: READ_AHEAD,
    slowShare: 0.3,
    largeShare: 0.2,
    depthMax: 20,
  },
  { ...plain, name: "redis, hasty", ...hasty },
  { ...plain, name: "memcache, hasty", type: "memcache", ...hasty },
  { ...plain, name: "cluster, hasty", ...cluster, ...hasty },
  { ...plain, name: "redis, ejection", settings: EJECTION, isWeak: true },
  { ...plain, name: "memcache, ejection", type: "memcache", settings: EJECTION, isWeak: true },
  {
    ...plain,
    name: "cluster, reads from replicas",
    ...cluster,
    replicaCount: 3,
    settings: ["read_from_slave = true"],
    isWeak: true,
  },
  { ...plain, name: "redis, turmoil", ...turmoil },
  { ...plain, name: "memcache, turmoil", type: "memcache", ...turmoil },
  { ...plain, name: "cluster, turmoil", ...cluster, ...turmoil },
];
