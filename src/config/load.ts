/**
 * TOML text → checked configuration, or everything that is wrong with it.
 *
 * @module
 */
import { parseToml, TomlError } from "../../deps.ts";
import type { Endpoint } from "../endpoint.ts";
import { readCustomCommands } from "./custom_commands.ts";
import { readBackendCredentials, readUsers } from "./credentials.ts";
import type { ClusterConfig, Config, LogOutput, RuntimeConfig } from "./config.ts";
import { commandsToRule, readDeniedCommands } from "./user_limits.ts";
import type { Environment, EnvironmentName } from "./environment.ts";
import { type CheckedTable, checkTable, isTable, joinPath, matchKeys } from "./key_names.ts";
import { type Problem, Report } from "./problem.ts";
import { findRepeatedKeys } from "./repeated_keys.ts";
import { readBackupRequest } from "./backup_request.ts";
import { readClusterView } from "./cluster_view.ts";
import { readRateLimit } from "./rate_limit.ts";
import { readBackendTls, readTls } from "./tls.ts";
import {
  processSecrets,
  type SecretPlace,
  SecretPlaces,
  type SecretReader,
} from "./secret_source.ts";
import { readRuntime, type RuntimeFlags } from "./runtime.ts";
import {
  clusterKeys,
  CLUSTERS_LIMIT,
  FILE_CHARACTERS_LIMIT,
  runtimeKeys,
  THREAD_MAXIMUM,
  topLevelKeys,
} from "./schema.ts";
import { parseSeedLine, parseServerLine } from "./server_line.ts";
import { faulty, meansUnixSocket, parseListenAddress } from "./socket_address.ts";
import {
  type ClusterDraft,
  defaultSoftBytes,
  threadFault,
  validateCluster,
  validateMetrics,
  validateTogether,
} from "./validate.ts";

export { formatProblem, type Problem } from "./problem.ts";

/** What decides besides the file. */
export interface LoadOptions {
  environment: Environment;
  /** Deno's name of the operating system, `Deno.build.os`. */
  platform: string;
  /** Whether what the log may go to is a terminal. */
  isTerminal: (output: LogOutput) => boolean;
  /** Whether unknown keys are errors, as under `--check`. */
  isStrict: boolean;
  flags: RuntimeFlags;
  /**
   * What fetches secrets that stand elsewhere, this process's environment and files if left out; null: they are not
   * fetched, and the configuration is not one to run.
   */
  secrets?: SecretReader | null;
}

/** What came out of a file. */
export interface LoadResult {
  /** Null if there is any problem. */
  config: Config | null;
  /** Every error that was found. */
  problems: Problem[];
  warnings: Problem[];
  /** Environment variables that can decide something that neither file nor flags say. */
  environmentNames: EnvironmentName[];
  /** Where secrets of the clusters are that stand elsewhere. */
  secretPlaces: readonly SecretPlace[];
}

/** Reads and checks a configuration. `file` is its path as given, for messages. */
export function loadConfig(text: string, file: string, options: LoadOptions): LoadResult {
  const report = new Report(file);
  const environmentNames: EnvironmentName[] = [];
  const { secrets: reader = processSecrets, isStrict } = options;
  // What is checked here may run elsewhere, where its secrets are.
  const secrets = new SecretPlaces(reader, isStrict);
  const config = load(text, options, report, { environmentNames, secrets });
  const { problems, warnings } = report;
  return {
    config: problems.length === 0 ? config : null,
    problems,
    warnings,
    environmentNames,
    secretPlaces: secrets.found,
  };
}

/** What is found by the way. */
interface Findings {
  readonly environmentNames: EnvironmentName[];
  readonly secrets: SecretPlaces;
}

function load(
  text: string,
  options: LoadOptions,
  report: Report,
  { environmentNames, secrets }: Findings,
): Config | null {
  const root = parseText(text, report);
  if (root === null) return null;
  const { isStrict, platform } = options;
  const written = matchKeys(root, topLevelKeys, { path: "", report, isStrict });
  const drafts = readClusters(root, written.get("clusters"), { isStrict, report, secrets });
  const runtimeTable = readRuntimeTable(root, written.get("runtime"), isStrict, report);
  const hasSlots = drafts.some(({ table }) => table.values.cache_type === "redis_cluster");
  const draft = readRuntime(runtimeTable, { ...options, hasSlots, report, secrets });
  environmentNames.push(...draft.environmentNames);

  for (const cluster of drafts) validateCluster(cluster, platform, report);
  validateTogether(drafts, report);
  const { metrics, takeoverSocket } = draft.runtime;
  if (takeoverSocket !== null && platform !== "linux") {
    const message = "expected to be left out: only Linux lets two processes share their ports";
    report.problem(runtimeTable.pathOf("takeover_socket"), message, takeoverSocket);
  }
  if (metrics !== null) validateMetrics(metrics, drafts, draft.metricsOrigin);

  let defaultThread = 1;
  if (drafts.some(({ table }) => !table.present.has("thread"))) {
    environmentNames.unshift("ASTER_DEFAULT_THREAD");
    defaultThread = environmentThread(options, report);
  }
  if (report.problems.length > 0) return null;
  const clusters = drafts.map((cluster) => {
    const complete = completeCluster(cluster, defaultThread);
    return onOneWorker(complete, draft.runtime.io, cluster, report);
  });
  return { file: report.file, runtime: draft.runtime, clusters };
}

function parseText(text: string, report: Report): Record<string, unknown> | null {
  if (text.length > FILE_CHARACTERS_LIMIT) {
    report.problem("", `expected at most ${FILE_CHARACTERS_LIMIT} characters, not ${text.length}`);
    return null;
  }
  // A byte order mark, which some editors write, is not part of the text.
  const content = text.replace(/^\ufeff/, "");
  try {
    return parseToml(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    reportSyntaxError(error, content, report);
    return null;
  }
}

/** How the library begins what it says of a second definition. It names the place of the later one only. */
const REDEFINED = "trying to redefine";

/**
 * Reports where the text is not TOML, and why. The library's own words are constant. What follows them quotes the
 * text, which may be a password, so that is left out.
 */
function reportSyntaxError(error: TomlError, content: string, report: Report): void {
  const words = /^Invalid TOML document: ([^\n]*)/.exec(error.message)?.[1] ?? "";
  const repeated = words.startsWith(REDEFINED) ? findRepeatedKeys(content) : [];
  for (const { path, line, firstLine } of repeated) {
    report.problem(path, `defined twice: in line ${firstLine} and in line ${line}`);
  }
  if (repeated.length > 0) return;
  const reason = words.startsWith(REDEFINED)
    ? "one name is used for a value and a table, or for [table] and [[table]]"
    : words.replace(/\.$/, "");
  report.problem("", `line ${error.line}, column ${error.column}: not valid TOML: ${reason}`);
}

function readRuntimeTable(
  root: Record<string, unknown>,
  key: string | undefined,
  isStrict: boolean,
  report: Report,
): CheckedTable<typeof runtimeKeys> {
  const shape = { path: key ?? "runtime", rows: runtimeKeys, report, isStrict };
  const value = key === undefined ? {} : root[key];
  if (isTable(value)) return checkTable(value, shape);
  report.problem(shape.path, "expected a table: [runtime]", value);
  return checkTable({}, shape);
}

/** What clusters are read with. */
interface ClusterReading {
  readonly isStrict: boolean;
  readonly report: Report;
  readonly secrets: SecretPlaces;
}

function readClusters(
  root: Record<string, unknown>,
  key: string | undefined,
  { isStrict, report, secrets }: ClusterReading,
): ClusterDraft[] {
  const entries = key === undefined ? [] : root[key];
  const path = key ?? "clusters";
  if (!Array.isArray(entries)) {
    report.problem(path, "expected an array of tables: [[clusters]]", entries);
    return [];
  }
  if (entries.length === 0 || entries.length > CLUSTERS_LIMIT) {
    const message = `expected 1 to ${CLUSTERS_LIMIT} [[clusters]] entries, not ${entries.length}`;
    report.problem(path, message);
    return [];
  }
  return entries.flatMap((entry, index) => {
    const entryPath = `${joinPath("", path)}[${index}]`;
    if (isTable(entry)) {
      return [readCluster(
        checkTable(entry, { path: entryPath, rows: clusterKeys, report, isStrict }),
        { report, secrets },
      )];
    }
    report.problem(entryPath, "expected a table", entry);
    return [];
  });
}

function readCluster(
  table: CheckedTable<typeof clusterKeys>,
  { report, secrets }: Pick<ClusterReading, "report" | "secrets">,
): ClusterDraft {
  const { values } = table;
  let listen: Endpoint | null = null;
  if (values.listen_addr !== undefined) {
    const address = parseListenAddress(values.listen_addr);
    listen = address.value;
    if (address.fault !== null) {
      const message = `expected ${clusterKeys.listen_addr.expected}: ${address.fault}`;
      report.problem(table.pathOf("listen_addr"), message, values.listen_addr);
    }
  }
  const isSlots = values.cache_type === "redis_cluster";
  const servers = (values.servers ?? []).map((line, index) => {
    const server = typeof line !== "string"
      ? faulty("it is not a string")
      : isSlots
      ? parseSeedLine(line)
      : parseServerLine(line);
    if (server.fault !== null) {
      const path = `${table.pathOf("servers")}[${index}]`;
      report.problem(path, `expected ${expectedServer(line, isSlots)}: ${server.fault}`, line);
    }
    return server.value;
  });
  const place = { pathOf: table.pathOf, report, secrets };
  const customCommands = readCustomCommands(values.commands, place);
  const type = values.cache_type;
  const ruled = { ...place, type, commands: commandsToRule(type, customCommands) };
  const denied = { ...ruled, path: table.pathOf("deny_commands") };
  return {
    table,
    listen,
    servers,
    users: readUsers(values, ruled),
    denyCommands: readDeniedCommands(values.deny_commands, denied),
    backendCredentials: readBackendCredentials(values, place),
    customCommands,
    rateLimit: readRateLimit(values.rate_limit, place),
    backupRequest: readBackupRequest(values.backup_request, place),
    tls: readTls(values.tls, place),
    backendTls: readBackendTls(values.backend_tls, place),
    siblings: readClusterView(values.cluster_view, place),
  };
}

function expectedServer(line: unknown, isSlots: boolean): string {
  if (isSlots) return 'a seed "host:port"';
  const isUnix = typeof line === "string" && meansUnixSocket(line.trim());
  return isUnix ? '"unix:/path[:weight] [alias]"' : '"host:port[:weight] [alias]"';
}

/** The number of workers of clusters that do not say it. */
function environmentThread({ environment, platform }: LoadOptions, report: Report): number {
  const text = environment.ASTER_DEFAULT_THREAD;
  if (text === undefined) return 1;
  const thread = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  const fault = thread < 1 || thread > THREAD_MAXIMUM
    ? `expected ${clusterKeys.thread.expected}`
    : threadFault(thread, platform);
  if (fault === null) return thread;
  report.about("environment").problem("ASTER_DEFAULT_THREAD", fault, text);
  return 1;
}

/** On Deno's sockets a unix socket has one listener: Deno cannot share it, as the kernel shares a port. */
function onOneWorker(
  cluster: ClusterConfig,
  io: RuntimeConfig["io"],
  { table }: ClusterDraft,
  report: Report,
): ClusterConfig {
  if (cluster.listen.kind !== "unix" || io !== "deno" || cluster.thread === 1) return cluster;
  const message = `one worker serves this unix socket, not ${cluster.thread}: on Deno's sockets ` +
    'workers cannot share one; io = "epoll" can';
  report.warning(table.pathOf("listen_addr"), message, table.values.listen_addr);
  return { ...cluster, thread: 1 };
}

/** Fills the defaults in. Called only when nothing is wrong, so what is required is there. */
function completeCluster(
  draft: ClusterDraft,
  defaultThread: number,
): ClusterConfig {
  const { table, listen, servers, users, denyCommands, backendCredentials, customCommands } = draft;
  const { tls, backendTls } = draft;
  const values = table.values;
  const maxQueueBytes = values.max_backend_queue_bytes ??
    clusterKeys.max_backend_queue_bytes.default;
  const fetchMs = values.fetch === undefined ? undefined : values.fetch * 1000;
  return {
    name: values.name!,
    type: values.cache_type!,
    listen: listen!,
    unixMode: parseInt(values.unix_mode ?? clusterKeys.unix_mode.default, 8),
    tls: tls?.tls ?? null,
    certificates: tls?.certificates ?? null,
    backendTls: backendTls?.tls ?? null,
    backendCertificates: backendTls?.certificates ?? null,
    servers: servers.map((server) => server!),
    hashTag: values.hash_tag ?? null,
    hash: values.hash ?? clusterKeys.hash.default,
    distribution: values.distribution ?? clusterKeys.distribution.default,
    placement: values.placement ?? clusterKeys.placement.default,
    thread: values.thread ?? defaultThread,
    readTimeoutMs: values.read_timeout ?? clusterKeys.read_timeout.default,
    writeTimeoutMs: values.write_timeout ?? clusterKeys.write_timeout.default,
    dialTimeoutMs: values.dial_timeout ?? clusterKeys.dial_timeout.default,
    nodeConnections: values.node_connections ?? clusterKeys.node_connections.default,
    fetchIntervalMs: values.fetch_interval ?? fetchMs ?? clusterKeys.fetch_interval.default,
    fetchSinceLatestCmdMs: values.fetch_since_latest_cmd ??
      clusterKeys.fetch_since_latest_cmd.default,
    readPolicy: values.read_policy ?? (values.read_from_slave ? "prefer_replica" : "master"),
    replicaMaxLagMs: values.replica_max_lag ?? clusterKeys.replica_max_lag.default,
    pingFailLimit: values.ping_fail_limit ?? clusterKeys.ping_fail_limit.default,
    // `ping_interval` alone serves for both.
    pingSuccIntervalMs: values.ping_succ_interval ?? values.ping_interval ??
      clusterKeys.ping_succ_interval.default,
    pingIntervalMs: values.ping_interval ?? clusterKeys.ping_interval.default,
    eject: values.eject ?? clusterKeys.eject.default,
    failoverWaitMs: values.failover_wait ?? clusterKeys.failover_wait.default,
    circuitTimeouts: values.circuit_timeouts ?? clusterKeys.circuit_timeouts.default,
    maxPipeline: values.max_pipeline ?? clusterKeys.max_pipeline.default,
    users,
    denyCommands,
    backendCredentials,
    customCommands,
    unknownCommands: values.unknown_commands ?? clusterKeys.unknown_commands.default,
    atomicMultiKey: values.atomic_multi_key ?? clusterKeys.atomic_multi_key.default,
    failureIsMiss: values.failure_is_miss ?? clusterKeys.failure_is_miss.default,
    scriptCacheBytes: values.script_cache_bytes ?? clusterKeys.script_cache_bytes.default,
    adminCommands: values.admin_commands ?? clusterKeys.admin_commands.default,
    dedicatedConnections: values.dedicated_connections ??
      clusterKeys.dedicated_connections.default,
    clientOutputLimitBytes: values.client_output_limit ?? clusterKeys.client_output_limit.default,
    workerOutputLimitBytes: values.worker_output_limit ?? clusterKeys.worker_output_limit.default,
    maxBackendQueueBytes: maxQueueBytes,
    backendQueueSoftBytes: values.backend_queue_soft_bytes ?? defaultSoftBytes(maxQueueBytes),
    clientReadAheadBytes: values.client_read_ahead_bytes ??
      clusterKeys.client_read_ahead_bytes.default,
    maxRequestBytes: values.max_request_bytes ?? clusterKeys.max_request_bytes.default,
    maxClients: values.max_clients ?? clusterKeys.max_clients.default,
    maxClientsPerAddress: values.max_clients_per_address ??
      clusterKeys.max_clients_per_address.default,
    rateLimit: draft.rateLimit,
    backupRequest: draft.backupRequest,
    clusterView: draft.siblings,
    hideBackends: values.hide_backends ?? clusterKeys.hide_backends.default,
    clientIdleTimeoutMs: values.client_idle_timeout ?? clusterKeys.client_idle_timeout.default,
    clientHandoff: values.client_handoff ?? clusterKeys.client_handoff.default,
    handoffAddress: values.handoff_address ?? null,
    slowlogSlowerThanUs: values.slowlog_log_slower_than ??
      clusterKeys.slowlog_log_slower_than.default,
    slowlogLengthMax: values.slowlog_max_len ?? clusterKeys.slowlog_max_len.default,
    hotkeys: values.hotkeys ?? clusterKeys.hotkeys.default,
    hotkeySampleEvery: values.hotkey_sample_every ?? clusterKeys.hotkey_sample_every.default,
    hotkeyCapacity: values.hotkey_capacity ?? clusterKeys.hotkey_capacity.default,
    bigKeyBytes: values.big_key_bytes ?? clusterKeys.big_key_bytes.default,
  };
}
