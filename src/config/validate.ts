/**
 * Every check that concerns more than one value: keys that contradict each other, servers that
 * take each other's place, clusters that want the same name or address.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, type TcpEndpoint } from "../endpoint.ts";
import { isWildcard } from "../net/ip_address.ts";
import type {
  BackendCredentials,
  BackupRequestConfig,
  CustomCommandConfig,
  RateLimitConfig,
  ServerConfig,
  UserConfig,
} from "./config.ts";
import { type CheckedTable, joinPath } from "./key_names.ts";
import { findLoops, type LoopNode } from "./loops.ts";
import type { Report } from "./problem.ts";
import { type KeyRow, type Scope, scopesOf } from "./key_row.ts";
import { clusterKeys, WEIGHT_SUM_MAXIMUM } from "./schema.ts";
import { overlap, parseSocketAddress } from "./socket_address.ts";
import type { readBackendTls, readTls } from "./tls.ts";

/** One `[[clusters]]` entry as far as it could be read. */
export interface ClusterDraft {
  table: CheckedTable<typeof clusterKeys>;
  /** Null if missing or faulty, which was reported. */
  listen: Endpoint | null;
  /** One for each line of `servers`, null where it was faulty. */
  servers: (ServerConfig | null)[];
  users: UserConfig[];
  denyCommands: string[];
  backendCredentials: BackendCredentials | null;
  customCommands: CustomCommandConfig[];
  rateLimit: RateLimitConfig | null;
  backupRequest: BackupRequestConfig;
  tls: ReturnType<typeof readTls>;
  backendTls: ReturnType<typeof readBackendTls>;
  siblings: TcpEndpoint[];
}

const scopeNames: Record<Exclude<Scope, "all">, string> = {
  ring: "memcache and redis",
  slots: "redis_cluster",
  resp: "redis and redis_cluster",
  memcache: "memcache",
};

/** Checks one cluster by itself. `platform` is Deno's name of the operating system. */
export function validateCluster(draft: ClusterDraft, platform: string, report: Report): void {
  checkReads(draft, report);
  checkTimes(draft, report);
  checkLimits(draft, report);
  checkHandoff(draft, report);
  checkOwnListeners(draft, report);
  checkTlsPort(draft, report);
  checkPlacement(draft, report);
  checkSpread(draft, report);
  checkThread(draft, platform, report);
  checkListenKind(draft, report);
  checkScopes(draft, report);
  if (draft.table.values.cache_type === "redis_cluster") {
    checkSeeds(draft, report);
  } else if (draft.table.values.cache_type !== undefined) {
    checkAliases(draft, report);
    checkLabels(draft, report);
    checkWeights(draft, report);
  }
}

/** Checks the clusters against each other. */
export function validateTogether(drafts: ClusterDraft[], report: Report): void {
  for (const [index, later] of drafts.entries()) {
    for (const earlier of drafts.slice(0, index)) {
      checkNames(earlier, later, report);
      checkListeners(earlier, later, report);
    }
  }
  for (const { path, line, message } of findLoops(drafts.map(loopNode))) {
    report.problem(path, message, line);
  }
}

function loopNode(draft: ClusterDraft): LoopNode {
  const { table } = draft;
  const listeners = listenersOf(draft);
  return { listenPath: table.pathOf("listen_addr"), listeners, servers: serverEntries(draft) };
}

/** Checks that the admin server has an address of its own. */
export function validateMetrics(
  metrics: Endpoint,
  drafts: ClusterDraft[],
  origin: { report: Report; path: string },
): void {
  for (const draft of drafts) {
    const taken = listenersOf(draft).find(({ endpoint }) => overlap(metrics, endpoint));
    if (taken === undefined) continue;
    const message = `expected an address that no cluster listens on: ${draft.table.path} has ` +
      `${formatEndpoint(taken.endpoint)}`;
    origin.report.problem(origin.path, message, formatEndpoint(metrics));
    return;
  }
}

/** Why a number of workers cannot run on this platform, or null. */
export function threadFault(thread: number, platform: string): string | null {
  return thread > 1 && platform !== "linux"
    ? "expected 1: only Linux spreads connections over several workers on one port"
    : null;
}

/**
 * The largest amount allowed unsent before clients wait, if `backend_queue_soft_bytes` is not set.
 */
export function defaultSoftBytes(maxBytes: number): number {
  return Math.min(clusterKeys.backend_queue_soft_bytes.default, maxBytes);
}

function checkTimes({ table }: ClusterDraft, report: Report): void {
  const { fetch, fetch_interval: interval } = table.values;
  if (fetch === undefined || interval === undefined || fetch * 1000 === interval) return;
  const message = `expected the same time as ${table.pathOf("fetch_interval")} (${interval} ms), ` +
    "or only one of the two";
  report.problem(table.pathOf("fetch"), message, fetch);
}

function checkReads({ table }: ClusterDraft, report: Report): void {
  const { read_policy: policy, read_from_slave: reads } = table.values;
  if (policy === undefined || reads === undefined || reads === (policy !== "master")) return;
  const message = `expected what ${table.pathOf("read_policy")} ("${policy}") says, ` +
    "or only one of the two";
  report.problem(table.pathOf("read_from_slave"), message, reads);
}

function checkLimits({ table }: ClusterDraft, report: Report): void {
  const soft = table.values.backend_queue_soft_bytes;
  const max = table.values.max_backend_queue_bytes ?? clusterKeys.max_backend_queue_bytes.default;
  if (soft === undefined || soft <= max) return;
  const message = `expected at most max_backend_queue_bytes (${max} bytes)`;
  report.problem(table.pathOf("backend_queue_soft_bytes"), message, soft);
}

/** Clients are sent there, from wherever they are. */
function checkHandoff({ table }: ClusterDraft, report: Report): void {
  const { handoff_address: text } = table.values;
  if (text === undefined) return;
  const { value, fault } = parseSocketAddress(text);
  const reason = value !== null && isWildcard(value.hostname)
    ? "clients cannot connect to a wildcard address"
    : fault;
  if (reason === null) return;
  const message = `expected ${clusterKeys.handoff_address.expected}: ${reason}`;
  report.problem(table.pathOf("handoff_address"), message, text);
}

/** aster 1.x knew one hash and one distribution: with another there is nobody to agree with. */
function checkPlacement({ table }: ClusterDraft, report: Report): void {
  if (table.values.placement !== "aster") return;
  for (const key of ["hash", "distribution"] as const) {
    const value = table.values[key];
    const only = clusterKeys[key].default;
    if (value === undefined || value === only) continue;
    const message = `aster 1.x had "${only}" only, so this places keys as no other proxy does`;
    report.warning(table.pathOf(key), message, value);
  }
}

/** A hash of 15 bits lies in so short a run of ketama's points that mostly one server owns all of it. */
function checkSpread({ table, servers }: ClusterDraft, report: Report): void {
  const { cache_type: type, hash } = table.values;
  const distribution = table.values.distribution ?? clusterKeys.distribution.default;
  if (type === "redis_cluster" || servers.length < 2) return;
  if (hash !== "crc32" || distribution !== "ketama") return;
  const message = 'nearly all keys get the same server: of "crc32" twemproxy takes 15 bits, and ' +
    '"ketama" places keys by 32; "crc32a" spreads them, "modula" does by either, and both move keys';
  report.warning(table.pathOf("hash"), message, hash);
}

function checkThread({ table }: ClusterDraft, platform: string, report: Report): void {
  const thread = table.values.thread;
  if (thread === undefined) return;
  const fault = threadFault(thread, platform);
  if (fault !== null) report.problem(table.pathOf("thread"), fault, thread);
}

function checkListenKind({ listen, table }: ClusterDraft, report: Report): void {
  if (listen === null) return;
  const { listen_proto: said, listen_addr: written, unix_mode: mode } = table.values;
  if (said !== undefined && said !== listen.kind) {
    const message = listen.kind === "unix"
      ? `expected "unix": ${table.pathOf("listen_addr")} is a unix socket (${written})`
      : `expected "tcp", or a path such as "unix:/run/aster.sock" in ${
        table.pathOf("listen_addr")
      }`;
    report.problem(table.pathOf("listen_proto"), message, said);
  }
  if (mode === undefined || listen.kind === "unix") return;
  report.warning(table.pathOf("unix_mode"), "has no effect: listen_addr is no unix socket", mode);
}

function checkScopes({ table }: ClusterDraft, report: Report): void {
  const type = table.values.cache_type;
  if (type === undefined) return;
  const ownScopes = scopesOf(type);
  for (const key of Object.keys(clusterKeys) as (keyof typeof clusterKeys)[]) {
    const { scope }: KeyRow<unknown, unknown> = clusterKeys[key];
    if (scope === "all" || ownScopes.includes(scope) || !table.present.has(key)) continue;
    // Redis Cluster hashes between these two by itself.
    if (key === "hash_tag" && table.values.hash_tag === "{}") continue;
    report.warning(
      table.pathOf(key),
      `has no effect on a ${type}: it is for ${scopeNames[scope]}`,
      table.values[key],
    );
  }
}

function checkSeeds(draft: ClusterDraft, report: Report): void {
  const firstPaths = new Map<string, string>();
  for (const { server, path } of serverEntries(draft)) {
    const address = server.address.toLowerCase();
    const first = firstPaths.get(address);
    if (first !== undefined) report.warning(path, `the same address as ${first}`, server.address);
    else firstPaths.set(address, path);
  }
}

function checkAliases(draft: ClusterDraft, report: Report): void {
  const entries = serverEntries(draft);
  const first = entries[0];
  const other = entries.find(({ server }) =>
    (server.alias === null) !== (first!.server.alias === null)
  );
  if (first === undefined || other === undefined) return;
  const message = "expected an alias on every server of the cluster or on none: " +
    `${first.path} has ${first.server.alias === null ? "none" : "one"}`;
  report.problem(other.path, message, other.line);
}

/**
 * Two servers with one label would own the same points of the ring; twemproxy does not start
 * either (`nc_conf.c`, `conf_validate_server`). The label is the alias, else it follows from host
 * and port.
 */
function checkLabels(draft: ClusterDraft, report: Report): void {
  const firstPaths = new Map<string, string>();
  for (const { server, path, line } of serverEntries(draft)) {
    const label = server.alias ?? server.address;
    const first = firstPaths.get(label);
    if (first === undefined) {
      firstPaths.set(label, path);
      continue;
    }
    const message = `expected a place in the ring of its own: ${first} is "${label}" as well`;
    report.problem(path, message, line);
  }
}

function checkWeights(draft: ClusterDraft, report: Report): void {
  let sum = 0;
  for (const { server } of serverEntries(draft)) sum += server.weight;
  if (sum <= WEIGHT_SUM_MAXIMUM) return;
  const path = draft.table.pathOf("servers");
  report.problem(path, `expected weights of together at most ${WEIGHT_SUM_MAXIMUM}, not ${sum}`);
}

function checkNames(earlier: ClusterDraft, later: ClusterDraft, report: Report): void {
  const name = later.table.values.name;
  if (name === undefined) return;
  if (earlier.table.values.name?.toLowerCase() !== name.toLowerCase()) return;
  const message = `expected a name of its own: ${earlier.table.pathOf("name")} is the same ` +
    "(upper and lower case count as one)";
  report.problem(later.table.pathOf("name"), message, name);
}

function checkListeners(earlier: ClusterDraft, later: ClusterDraft, report: Report): void {
  for (const one of listenersOf(earlier)) {
    for (const other of listenersOf(later)) checkOverlap(one, other, report);
  }
}

/** Of one cluster both may be open. */
function checkOwnListeners(draft: ClusterDraft, report: Report): void {
  const [plain, secured] = listenersOf(draft);
  if (plain !== undefined && secured !== undefined) checkOverlap(plain, secured, report);
}

function checkTlsPort({ listen, table, tls }: ClusterDraft, report: Report): void {
  if (listen?.kind !== "unix" || tls === null || tls.tls.listen !== null) return;
  const path = joinPath(table.pathOf("tls"), "listen_addr");
  report.problem(path, "expected a port: TLS is not spoken at unix sockets, where listen_addr is");
}

interface DraftListener {
  readonly path: string;
  readonly endpoint: Endpoint;
}

/** Where a cluster listens, as far as that could be read. */
function listenersOf({ table, listen, tls }: ClusterDraft): DraftListener[] {
  const listeners: DraftListener[] = [];
  if (listen !== null) listeners.push({ path: table.pathOf("listen_addr"), endpoint: listen });
  const secured = tls?.tls.listen ?? null;
  if (secured !== null) {
    listeners.push({ path: joinPath(table.pathOf("tls"), "listen_addr"), endpoint: secured });
  }
  return listeners;
}

function checkOverlap(one: DraftListener, other: DraftListener, report: Report): void {
  if (!overlap(one.endpoint, other.endpoint)) return;
  const message = `expected an address of its own: ${one.path} is ${formatEndpoint(one.endpoint)}`;
  report.problem(other.path, message, formatEndpoint(other.endpoint));
}

/** The servers that could be read, each with its path and line. */
function serverEntries(
  { table, servers }: ClusterDraft,
): { server: ServerConfig; path: string; line: unknown }[] {
  return servers.flatMap((server, index) =>
    server === null ? [] : [{
      server,
      path: `${table.pathOf("servers")}[${index}]`,
      line: table.values.servers![index],
    }]
  );
}
