/**
 * Reads what is of the process: the `[runtime]` table, the flags, which win over it, and the
 * environment, which gives way to it.
 *
 * @module
 */
import { type TcpEndpoint, tcpEndpoint } from "../endpoint.ts";
import type { LogLevel, LogOutput, RuntimeConfig } from "./config.ts";
import type { Environment, EnvironmentName } from "./environment.ts";
import type { CheckedTable } from "./key_names.ts";
import { parseLogDirectives } from "./log_level.ts";
import type { Report } from "./problem.ts";
import type { SecretPlaces } from "./secret_source.ts";
import { readAdminTls } from "./tls.ts";
import { parseNetworkEntry } from "./network_list.ts";
import { MEMORY_LEAST_BYTES, METRICS_DEFAULT, runtimeKeys } from "./schema.ts";
import { faulty, type Parsed, parsed, parsePort, parseSocketAddress } from "./socket_address.ts";

/** In the place of the audit log's path: it goes where the log goes. */
export const STANDARD_ERROR = "stderr";

/** Settings that flags give; null: not given. */
export interface RuntimeFlags {
  io: RuntimeConfig["io"] | null;
  /** An address, or `off`. */
  metrics: TcpEndpoint | "off" | null;
  logLevel: LogLevel | null;
  logFormat: "text" | "json" | null;
}

/** No flag is given. */
export const NO_FLAGS: RuntimeFlags = { io: null, metrics: null, logLevel: null, logFormat: null };

/** What decides about the process besides the table. */
export interface RuntimeSources {
  flags: RuntimeFlags;
  environment: Environment;
  /** Whether what the log may go to is a terminal; it decides the default format. */
  isTerminal: (output: LogOutput) => boolean;
  /** Whether any cluster finds its backends while it runs. */
  hasSlots: boolean;
  report: Report;
  /** What reads files of certificates. */
  secrets: SecretPlaces;
}

/** The settings, and where the admin server's address comes from, for messages. */
export interface RuntimeDraft {
  runtime: RuntimeConfig;
  /** Report and path that a problem with the admin address belongs to. */
  metricsOrigin: { report: Report; path: string };
  /** Environment variables that could have decided something. */
  environmentNames: EnvironmentName[];
}

/** Reads `[HOST:]PORT` or `off`; without host it is this machine's loopback. */
export function parseMetrics(value: string | number): Parsed<TcpEndpoint | "off"> {
  const text = String(value).trim();
  if (text.toLowerCase() === "off") return parsed("off");
  if (text.includes(":")) return parseSocketAddress(text);
  const port = parsePort(text);
  if (port.fault !== null) return port;
  return parsed(tcpEndpoint(METRICS_DEFAULT.hostname, port.value));
}

/** Applies flags, table, environment and defaults, in this order. */
export function readRuntime(
  table: CheckedTable<typeof runtimeKeys>,
  sources: RuntimeSources,
): RuntimeDraft {
  const { flags, hasSlots, isTerminal, report, secrets } = sources;
  const { values } = table;
  const network = readNetwork(table, sources);
  if (network === "config" && hasSlots) {
    report.warning(
      table.pathOf("network"),
      "nodes of a redis_cluster that are not among its servers cannot be reached",
      network,
    );
  }
  const isLevelSaid = flags.logLevel !== null || table.present.has("log_level");
  const logLevel = flags.logLevel ?? values.log_level ??
    (isLevelSaid ? null : environmentLevel(sources)) ?? runtimeKeys.log_level.default;
  const logOutput = values.log_output ?? runtimeKeys.log_output.default;
  return {
    runtime: {
      network,
      zone: values.zone ?? "",
      io: flags.io ?? values.io ?? runtimeKeys.io.default,
      metrics: readMetrics(table, sources),
      adminTls: readAdminTls(values.admin_tls, { pathOf: table.pathOf, report, secrets }),
      adminToken: values.admin_token ?? null,
      stateFile: values.state_file ?? null,
      takeoverSocket: values.takeover_socket ?? null,
      logLevel,
      logFormat: flags.logFormat ?? values.log_format ?? (isTerminal(logOutput) ? "text" : "json"),
      logOutput,
      auditLog: values.audit_log === undefined || values.audit_log === "off"
        ? null
        : values.audit_log,
      drainDelayMs: values.drain_delay ?? runtimeKeys.drain_delay.default,
      drainIdleMs: values.drain_idle ?? runtimeKeys.drain_idle.default,
      shutdownTimeoutMs: values.shutdown_timeout ?? runtimeKeys.shutdown_timeout.default,
      drainTimeoutMs: values.drain_timeout ?? runtimeKeys.drain_timeout.default,
      maxMemoryBytes: readMaxMemory(table, report),
      reloadMaxMovedPercent: values.reload_max_moved ?? runtimeKeys.reload_max_moved.default,
    },
    metricsOrigin: flags.metrics === null
      ? { report, path: table.pathOf("metrics") }
      : { report: report.about("command line"), path: "--metrics" },
    environmentNames: isLevelSaid ? [] : ["ASTER_LOG", "RUST_LOG"],
  };
}

function readNetwork(
  table: CheckedTable<typeof runtimeKeys>,
  { hasSlots, report }: RuntimeSources,
): RuntimeConfig["network"] {
  const value = table.values.network ?? (hasSlots ? "process" : "config");
  if (typeof value === "string") return value;
  return value.flatMap((text, index) => {
    const entry = typeof text === "string" ? parseNetworkEntry(text) : faulty("it is not a string");
    if (entry.fault === null) return [entry.value];
    const path = `${table.pathOf("network")}[${index}]`;
    report.problem(path, `expected a subnet, a host or "host:port": ${entry.fault}`, text);
    return [];
  });
}

function readMaxMemory(table: CheckedTable<typeof runtimeKeys>, report: Report): number {
  const byteCount = table.values.max_memory_bytes ?? runtimeKeys.max_memory_bytes.default;
  if (byteCount > 0 && byteCount < MEMORY_LEAST_BYTES) {
    const message =
      `expected 0, or at least ${MEMORY_LEAST_BYTES} bytes: the program itself takes most of that`;
    report.problem(table.pathOf("max_memory_bytes"), message, byteCount);
  }
  return byteCount;
}

function readMetrics(
  table: CheckedTable<typeof runtimeKeys>,
  { flags, report }: RuntimeSources,
): TcpEndpoint | null {
  const value = table.values.metrics ?? runtimeKeys.metrics.default;
  const address = parseMetrics(value);
  if (address.fault !== null) {
    const message = `expected ${runtimeKeys.metrics.expected}: ${address.fault}`;
    report.problem(table.pathOf("metrics"), message, value);
  }
  const said = flags.metrics ?? address.value;
  return said === "off" ? null : said;
}

/**
 * `ASTER_LOG` is ours, so it must be right; `RUST_LOG` is everybody's and never stops the start.
 */
function environmentLevel({ environment, report }: RuntimeSources): LogLevel | null {
  const { ASTER_LOG: own, RUST_LOG: shared } = environment;
  const expected = runtimeKeys.log_level.expected;
  if (own !== undefined) {
    const level = parseLogDirectives(own);
    if (level) return level;
    report.about("environment").problem("ASTER_LOG", `expected ${expected}`, own);
    return null;
  }
  const level = shared === undefined ? undefined : parseLogDirectives(shared);
  if (level === null) {
    const message = `passed over: expected ${expected}, as in "libaster=info"`;
    report.about("environment").warning("RUST_LOG", message, shared);
  }
  return level ?? null;
}
