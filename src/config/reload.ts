/**
 * What a reload does with each setting, and what two configurations differ in.
 *
 * @module
 */
import type { ClusterConfig, Config, RuntimeConfig } from "./config.ts";

/**
 * When a changed setting takes effect:
 *
 * - `live`: at once, for everybody;
 * - `new_connections`: for clients that connect from then on; those that are there keep what they had until they leave;
 * - `restart`: when the process is started again.
 */
export type Applies = "live" | "new_connections" | "restart";

/** One setting: the key of the file that decides it, and when a change takes effect. */
export interface ReloadRow {
  readonly key: string;
  readonly applies: Applies;
  /** What of the key's value this setting is, where other settings come from the same key; all the rest if left out. */
  readonly part?: string;
}

const live = (key: string): ReloadRow => ({ key, applies: "live" });
const newConnections = (key: string): ReloadRow => ({ key, applies: "new_connections" });
const restart = (key: string): ReloadRow => ({ key, applies: "restart" });

/** The settings of a cluster, by their field; the type leaves none out. */
export const clusterReload: Readonly<Record<keyof ClusterConfig, ReloadRow>> = {
  // Another name is another cluster.
  name: live("name"),
  type: newConnections("cache_type"),
  listen: live("listen_addr"),
  unixMode: live("unix_mode"),
  tls: newConnections("tls"),
  certificates: { ...live("tls"), part: "certificates" },
  backendTls: newConnections("backend_tls"),
  backendCertificates: { ...live("backend_tls"), part: "certificates" },
  servers: live("servers"),
  hashTag: newConnections("hash_tag"),
  hash: newConnections("hash"),
  distribution: newConnections("distribution"),
  placement: newConnections("placement"),
  thread: live("thread"),
  readTimeoutMs: live("read_timeout"),
  writeTimeoutMs: live("write_timeout"),
  dialTimeoutMs: live("dial_timeout"),
  // Which connection a client uses follows from their number, and its order hangs on it.
  nodeConnections: newConnections("node_connections"),
  fetchIntervalMs: live("fetch_interval"),
  fetchSinceLatestCmdMs: live("fetch_since_latest_cmd"),
  // Which connections a client uses hangs on it.
  readPolicy: newConnections("read_policy"),
  replicaMaxLagMs: live("replica_max_lag"),
  backupRequest: live("backup_request"),
  clusterView: live("cluster_view"),
  hideBackends: live("hide_backends"),
  pingFailLimit: live("ping_fail_limit"),
  pingSuccIntervalMs: live("ping_succ_interval"),
  pingIntervalMs: live("ping_interval"),
  eject: live("eject"),
  // What was sent without being kept cannot be sent again.
  failoverWaitMs: newConnections("failover_wait"),
  circuitTimeouts: live("circuit_timeouts"),
  maxPipeline: live("max_pipeline"),
  // Those who are there are bound at their next request.
  users: live("auth"),
  denyCommands: live("deny_commands"),
  backendCredentials: newConnections("backend_auth"),
  scriptCacheBytes: newConnections("script_cache_bytes"),
  customCommands: newConnections("commands"),
  unknownCommands: newConnections("unknown_commands"),
  atomicMultiKey: live("atomic_multi_key"),
  failureIsMiss: newConnections("failure_is_miss"),
  adminCommands: live("admin_commands"),
  dedicatedConnections: live("dedicated_connections"),
  clientOutputLimitBytes: live("client_output_limit"),
  workerOutputLimitBytes: live("worker_output_limit"),
  maxBackendQueueBytes: live("max_backend_queue_bytes"),
  backendQueueSoftBytes: live("backend_queue_soft_bytes"),
  clientReadAheadBytes: live("client_read_ahead_bytes"),
  maxRequestBytes: live("max_request_bytes"),
  maxClients: live("max_clients"),
  maxClientsPerAddress: live("max_clients_per_address"),
  rateLimit: live("rate_limit"),
  clientIdleTimeoutMs: live("client_idle_timeout"),
  clientHandoff: live("client_handoff"),
  handoffAddress: live("handoff_address"),
  slowlogSlowerThanUs: live("slowlog_log_slower_than"),
  slowlogLengthMax: live("slowlog_max_len"),
  hotkeys: live("hotkeys"),
  hotkeySampleEvery: live("hotkey_sample_every"),
  hotkeyCapacity: live("hotkey_capacity"),
  bigKeyBytes: live("big_key_bytes"),
};

/** The settings of the process, by their field. */
export const runtimeReload: Readonly<Record<keyof RuntimeConfig, ReloadRow>> = {
  network: restart("network"),
  io: restart("io"),
  zone: restart("zone"),
  metrics: restart("metrics"),
  adminTls: restart("admin_tls"),
  adminToken: restart("admin_token"),
  stateFile: restart("state_file"),
  takeoverSocket: restart("takeover_socket"),
  logLevel: live("log_level"),
  logFormat: restart("log_format"),
  logOutput: restart("log_output"),
  // The right to write files is given up behind the start.
  auditLog: restart("audit_log"),
  drainDelayMs: live("drain_delay"),
  drainIdleMs: live("drain_idle"),
  shutdownTimeoutMs: live("shutdown_timeout"),
  drainTimeoutMs: live("drain_timeout"),
  maxMemoryBytes: live("max_memory_bytes"),
  reloadMaxMovedPercent: live("reload_max_moved"),
};

/** A cluster that is in both configurations, with different settings. */
export interface ChangedCluster {
  readonly before: ClusterConfig;
  readonly after: ClusterConfig;
  /** Keys whose change takes effect at once. */
  readonly live: readonly string[];
  /** Keys whose change new connections get. */
  readonly newConnections: readonly string[];
}

/** What two configurations differ in. */
export interface ConfigDifference {
  readonly added: readonly ClusterConfig[];
  readonly removed: readonly ClusterConfig[];
  readonly changed: readonly ChangedCluster[];
  /** Keys of `[runtime]` whose change takes effect. */
  readonly runtime: readonly string[];
  /** Keys of `[runtime]` whose change waits for a restart. */
  readonly needsRestart: readonly string[];
}

/** What two settings of one cluster differ in, or null. */
export function compareClusters(
  before: ClusterConfig,
  after: ClusterConfig,
): ChangedCluster | null {
  const rows = changedRows(before, after, clusterReload);
  if (rows.length === 0) return null;
  return {
    before,
    after,
    live: keysOf(rows, "live"),
    newConnections: keysOf(rows, "new_connections"),
  };
}

/** Compares two checked configurations. */
export function compareConfigs(before: Config, after: Config): ConfigDifference {
  const former = new Map(before.clusters.map((cluster) => [cluster.name, cluster]));
  const names = new Set(after.clusters.map(({ name }) => name));
  const changed: ChangedCluster[] = [];
  for (const cluster of after.clusters) {
    const known = former.get(cluster.name);
    const change = known === undefined ? null : compareClusters(known, cluster);
    if (change !== null) changed.push(change);
  }
  const rows = changedRows(before.runtime, after.runtime, runtimeReload);
  return {
    added: after.clusters.filter(({ name }) => !former.has(name)),
    removed: before.clusters.filter(({ name }) => !names.has(name)),
    changed,
    runtime: keysOf(rows, "live"),
    needsRestart: keysOf(rows, "restart"),
  };
}

/** What a cluster that accepts nobody any more has no use for. */
const OF_LISTENING: ReadonlySet<string> = new Set(["name", "type", "listen", "unixMode", "thread"]);

/**
 * What a cluster that only serves the clients it has takes up of its successor's settings: of those that take effect at
 * once what has changed there since it was told last. Null: nothing.
 *
 * @param own What it runs with.
 * @param told What it was told last.
 * @param next What is configured now.
 * @param keepsServers Whether it may not reach others.
 */
export function followLive(
  own: ClusterConfig,
  told: ClusterConfig,
  next: ClusterConfig,
  keepsServers: boolean,
): ClusterConfig | null {
  if (own.type !== next.type) return null;
  const fields = (Object.keys(clusterReload) as (keyof ClusterConfig)[]).filter((field) =>
    clusterReload[field].applies === "live" && !OF_LISTENING.has(field) &&
    !(keepsServers && field === "servers") && !isEqual(told[field], next[field])
  );
  if (fields.length === 0) return null;
  return { ...own, ...Object.fromEntries(fields.map((field) => [field, next[field]])) };
}

/** Whether nothing differs. */
export function isSame(difference: ConfigDifference): boolean {
  return Object.values(difference).every((list) => list.length === 0);
}

function changedRows<Settings extends object>(
  before: Settings,
  after: Settings,
  rows: Readonly<Record<keyof Settings, ReloadRow>>,
): ReloadRow[] {
  const fields = Object.keys(rows) as (keyof Settings)[];
  return fields.filter((field) => !isEqual(before[field], after[field])).map((field) =>
    rows[field]
  );
}

/** Both are what a file can say: plain data in the order in which it is made. */
function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function keysOf(rows: readonly ReloadRow[], applies: Applies): string[] {
  return rows.filter((row) => row.applies === applies).map(({ key }) => key);
}
