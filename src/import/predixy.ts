/**
 * predixy's configuration (`predixy.conf`) as this program's. A Redis Cluster's keys stay where they are. Those of a
 * pool do not: predixy's hashes and distributions are its own, and a note says so.
 *
 * @module
 */
import { Imported, type ImportedTable, timeoutMs } from "./imported.ts";
import { parsePredixyFile, type PredixyEntry } from "./predixy_file.ts";

/** predixy's port where the file names none. */
const DEFAULT_BIND = "0.0.0.0:7617";

/** Settings of the process that have no counterpart, and why. */
const leftOut: Readonly<Record<string, string>> = {
  MaxMemory: "each buffer has a limit of its own, see docs/operating.md",
  BufSize: "buffers grow and shrink by themselves",
  Log: "the log goes to standard error",
  LogRotate: "the log goes to standard error",
  AllowMissLog: "log lines that nobody takes are dropped and counted",
  LogVerbSample: "log_level says what is logged",
  LogDebugSample: "log_level says what is logged",
  LogInfoSample: "log_level says what is logged",
  LogNoticeSample: "log_level says what is logged",
  LogWarnSample: "log_level says what is logged",
  LogErrorSample: "log_level says what is logged",
  LatencyMonitor: "/metrics has histograms of latency",
  DataCenter: "reads are not sorted by address prefixes of data centers",
  LocalDC: "reads are not sorted by address prefixes of data centers",
  Include: "included files are not read: import each, or put their text here",
};

/** Settings of a server pool that have no counterpart, and why. */
const leftOutOfPools: Readonly<Record<string, string>> = {
  KeepAlive: "connections are watched by requests and pings",
  Databases: "the servers say how many databases they have",
};

/**
 * Reads the text of such a file.
 *
 * @throws {TypeError} If its form is not that of predixy's files; says which line.
 */
export function importPredixy(text: string): Imported {
  const result = new Imported();
  const entries = parsePredixyFile(text);
  const shared = importProcess(entries, result);
  for (const { key, entries: settings } of entries) {
    if (key === "ClusterServerPool") result.clusters.push(importCluster(settings, shared, result));
    if (key === "StandaloneServerPool") result.clusters.push(importPool(settings, shared, result));
    if (key === "SentinelServerPool") {
      result.note(key, "left out: Sentinel is not supported; name the masters in servers");
    }
  }
  return result;
}

/** What the file says once, for its only pool. */
function importProcess(entries: readonly PredixyEntry[], result: Imported): ImportedTable {
  const shared: ImportedTable = { name: "predixy", listen_addr: DEFAULT_BIND };
  for (const entry of entries) {
    const { key, value } = entry;
    const numeric = Number(value);
    switch (key) {
      case "Name":
        shared.name = value.replace(/[^A-Za-z0-9_.-]/g, "-") || "predixy";
        break;
      case "Bind":
        shared.listen_addr = value.startsWith("/") ? `unix:${value}` : value;
        break;
      case "WorkerThreads":
        if (numeric >= 1) shared.thread = Math.min(numeric, 256);
        break;
      case "ClientTimeout":
        if (numeric > 0) shared.client_idle_timeout = Math.round(numeric * 1000);
        break;
      case "Authority":
        importAuthority(entry, shared, result);
        break;
      case "CustomCommand":
        importCommands(entry, shared, result);
        break;
      case "ClusterServerPool":
      case "StandaloneServerPool":
      case "SentinelServerPool":
        break;
      default:
        result.note(key, `left out: ${leftOut[key] ?? "predixy 1.0 has no such setting"}`);
    }
  }
  return shared;
}

/** predixy tells users apart by their passwords alone, so only one password without limits has a counterpart. */
function importAuthority({ entries }: PredixyEntry, shared: ImportedTable, result: Imported): void {
  const passwords = entries.filter(({ key, value }) => key === "Auth" && value !== "");
  const isLimited = (auth: PredixyEntry) =>
    auth.entries.some(({ key, value }) => /KeyPrefix$/.test(key) || value === "read");
  if (passwords.length === 1 && !isLimited(passwords[0]!)) {
    shared.password = passwords[0]!.value;
    return;
  }
  if (passwords.length === 0) return;
  result.note(
    "Authority",
    `left out: ${passwords.length} passwords with limits of their own; here users have names, see ` +
      "auth in docs/configuration.md. Until then anybody may connect",
  );
}

function importCommands({ entries }: PredixyEntry, shared: ImportedTable, result: Imported): void {
  const commands: ImportedTable = {};
  for (const { key: name, entries: settings } of entries) {
    const mode = settings.find(({ key }) => key === "Mode")?.value.toLowerCase() ?? "";
    commands[name] = { key: 1 };
    if (/keyat|subargs|val/i.test(mode)) {
      result.note(`CustomCommand.${name}`, `check which words are keys: its Mode was "${mode}"`);
    }
  }
  if (Object.keys(commands).length > 0) shared.commands = commands;
}

function importCluster(
  settings: readonly PredixyEntry[],
  shared: ImportedTable,
  result: Imported,
): ImportedTable {
  const cluster: ImportedTable = {
    ...shared,
    cache_type: "redis_cluster",
    servers: serversIn(settings),
  };
  importPoolSettings("ClusterServerPool", settings, cluster, result);
  return cluster;
}

function importPool(
  settings: readonly PredixyEntry[],
  shared: ImportedTable,
  result: Imported,
): ImportedTable {
  const where = "StandaloneServerPool";
  const groups = settings.filter(({ key }) => key === "Group");
  // The first server of a group is its master; predixy asks each for its role.
  const servers = groups.flatMap(({ value, entries }) => {
    const [master, ...replicas] = listIn(entries);
    if (replicas.length > 0) {
      result.note(`${where}.Group ${value}`, "its replicas are left out: a pool has masters only");
    }
    return master === undefined ? [] : [`${master}:1 ${value}`];
  });
  const pool: ImportedTable = { ...shared, cache_type: "redis", servers };
  const { Hash, HashTag, Distribution, RefreshMethod } = valuesOf(settings);
  if (HashTag !== undefined) pool.hash_tag = HashTag;
  if (Distribution === "modula" || Distribution === "random") pool.distribution = Distribution;
  if (RefreshMethod === "sentinel") {
    result.note(`${where}.RefreshMethod`, "left out: Sentinel is not supported");
  }
  if (groups.length > 1) {
    result.note(
      `${where}.Hash`,
      `keys move: "${Hash ?? "crc16"}" with "${Distribution ?? "modula"}" of predixy is not ` +
        "reproduced here. Start with empty caches, or copy what is there",
    );
  }
  importPoolSettings(where, settings, pool, result);
  return pool;
}

function importPoolSettings(
  where: string,
  settings: readonly PredixyEntry[],
  cluster: ImportedTable,
  result: Imported,
): void {
  const values = valuesOf(settings);
  const seconds = (key: string) => Number(values[key] ?? Number.NaN) * 1000;
  if (seconds("ServerTimeout") > 0) cluster.read_timeout = timeoutMs(seconds("ServerTimeout"));
  if (cluster.cache_type === "redis_cluster") {
    const refreshMs = seconds("RefreshInterval");
    if (refreshMs > 0) cluster.fetch_interval = Math.max(Math.round(refreshMs), 100);
    const priorityOf = (key: string) => Number(values[key] ?? 0);
    const replicas = Math.max(
      priorityOf("StaticSlaveReadPriority"),
      priorityOf("DynamicSlaveReadPriority"),
    );
    if (replicas > Number(values.MasterReadPriority ?? 50)) cluster.read_from_slave = true;
  } else if (Number(values.ServerFailureLimit ?? 0) > 0) {
    cluster.ping_fail_limit = Math.min(Number(values.ServerFailureLimit), 255);
    const retryMs = seconds("ServerRetryTimeout");
    if (retryMs > 0) cluster.ping_interval = Math.max(Math.round(retryMs), 10);
  }
  if (values.Password !== undefined) cluster.backend_password = values.Password;
  for (const [key, why] of Object.entries(leftOutOfPools)) {
    if (values[key] !== undefined) result.note(`${where}.${key}`, `left out: ${why}`);
  }
}

function valuesOf(settings: readonly PredixyEntry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    settings.filter(({ entries }) => entries.length === 0).map(({ key, value }) => [key, value]),
  );
}

function serversIn(settings: readonly PredixyEntry[]): string[] {
  return listIn(settings.find(({ key }) => key === "Servers")?.entries ?? []);
}

function listIn(entries: readonly PredixyEntry[]): string[] {
  return entries.filter(({ key }) => key === "+").map(({ value }) => value);
}
