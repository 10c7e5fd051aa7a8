/**
 * What is wrong now, in words: one list, which `/status`, the dashboard and `aster top` show alike.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { allFailures, failures } from "../failure.ts";
import type { AddressClients } from "../observe/client_addresses.ts";
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import type { OperatorOrders } from "./operator_orders.ts";
import type { ReloadState } from "./reloader.ts";
import type { RecentCluster } from "./recent_counts.ts";
import type { RecentPercentiles } from "./recent_durations.ts";
import type { ShownKeys } from "./shown_keys.ts";
import type { WorkerState } from "./supervisor.ts";

/** Time without a look at sockets from which on a worker is busy, milliseconds. */
export const BUSY_MS = 200;
/** A server is slow whose slowest hundredth of requests takes so long, µs. */
export const SLOW_US = 100_000;
/** A server is slow, too, that takes so long, µs, where that is {@link SLOWER_TIMES} as long as the others take. */
export const SLOWER_US = 10_000;
/** How many times as long as the others of its cluster a slow server takes that takes {@link SLOWER_US}. */
export const SLOWER_TIMES = 10;
/**
 * How many times as long as a worker stood still, or as the others of its cluster take, a server takes that is slow where
 * a worker stood still: times at servers have that in them.
 */
export const APART_TIMES = 2;
/** Bytes that wait to be written to one server from which on it takes requests slowly. */
export const QUEUED_BYTES = 1_048_576;
/** Bytes that clients of one address, or of a cluster, have not taken from which on they do not read. */
export const UNREAD_BYTES = 4 * 1_048_576;
/** Requests a second of a cluster below which its load is not looked at. */
export const LOAD_LEAST = 1_000;
/** The share of a cluster's keys that makes one hot. */
export const HOT_SHARE = 0.2;
/** How long a big key is a problem after it was seen, milliseconds. */
export const BIG_MS = 60_000;
/** Keys of either kind that are named. */
const KEYS_NAMED = 3;
/** Characters of a key that are named. */
const KEY_CHARACTERS = 60;
/** What becomes of clients that do not read, by the ids of reasons. */
const UNREAD_FAILURES: ReadonlySet<number> = new Set([
  failures.clientOutputLimit.id,
  failures.clientWriteTimeout.id,
]);
/** Failures a second from which on those that clients cause are told. */
const CLIENT_FAILURES_LEAST = 1;

/** What kinds of problems there are, the worst first; where to look follows from it. */
const KINDS = [
  "proxy",
  "worker",
  "server",
  "failures",
  "slots",
  "slow",
  "reload",
  "clients",
  "big_key",
  "hot_key",
  "load",
  "pause",
] as const;
/** One of them. */
export type ProblemKind = typeof KINDS[number];

/** Something that is wrong, or not as usual. */
export interface Problem {
  readonly kind: ProblemKind;
  /** `bad`: requests fail or wait because of it. */
  readonly level: "bad" | "warn";
  /** Name of the cluster; empty where it is of the whole process. */
  readonly cluster: string;
  /** `host:port` of the server; empty where it is of none. */
  readonly server: string;
  readonly text: string;
}

/** What is looked at of one cluster. */
export interface ClusterView {
  readonly config: ClusterConfig;
  /** What was counted; undefined: nothing yet. */
  readonly counted: ClusterMetricsSnapshot | undefined;
  readonly recent: RecentCluster | null;
  /** How long its servers took of late, by address. */
  readonly percentiles: ReadonlyMap<string, RecentPercentiles>;
  readonly orders: OperatorOrders;
  /** Slots that nobody has; 0 where that is not known. */
  readonly slotsWithoutOwner: number;
  readonly keys: ShownKeys;
  readonly addresses: readonly AddressClients[];
}

/** What is looked at of the whole process. */
export interface ProcessView {
  readonly isReady: boolean;
  readonly workers: readonly WorkerState[];
  readonly lastReload: Pick<ReloadState, "areCertificatesGood" | "isGood" | "problems"> | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What is wrong, the worst first. */
export function findProblems(process: ProcessView, clusters: readonly ClusterView[]): Problem[] {
  const longestDelayMs = Math.max(
    0,
    ...process.workers.map(({ vitals }) => vitals?.longestDelayMs ?? 0),
  );
  const all = [
    ...processProblems(process),
    ...clusters.flatMap((cluster) => [
      ...orderProblems(cluster),
      ...serverProblems(cluster, longestDelayMs * 1000),
      ...failureProblems(cluster),
      ...loadProblems(cluster),
      ...keyProblems(cluster, process.nowMs),
      ...clientProblems(cluster),
    ]),
  ];
  const rank = ({ kind, level }: Problem) =>
    KINDS.indexOf(kind) + (level === "bad" ? 0 : KINDS.length);
  return all.sort((one, other) => rank(one) - rank(other));
}

function processProblems({ isReady, workers, lastReload }: ProcessView): Problem[] {
  const found: Problem[] = [];
  const add = (kind: ProblemKind, text: string, level: Problem["level"] = "bad") =>
    found.push({ kind, level, cluster: "", server: "", text });
  if (!isReady) add("proxy", "The proxy is starting or ending");
  for (const { number, isListening, hasAnswered, vitals } of workers) {
    const delayMs = Math.round(vitals?.longestDelayMs ?? 0);
    if (!isListening) add("worker", `Worker ${number} is not listening`);
    else if (!hasAnswered) add("worker", `Worker ${number} does not answer`);
    else if (delayMs >= BUSY_MS) {
      add("worker", `Worker ${number} was busy for ${delayMs} ms: its clients waited`);
    }
  }
  if (lastReload !== null && !lastReload.isGood) {
    add("reload", `The last reload failed: ${lastReload.problems.join("; ")}`);
  }
  if (lastReload !== null && !lastReload.areCertificatesGood) {
    add(
      "reload",
      "Files of certificates changed, and cannot be used: the former are in use",
      "warn",
    );
  }
  return found;
}

/** What operators have ordered is not as usual, but meant. */
function orderProblems({ config, orders, slotsWithoutOwner }: ClusterView): Problem[] {
  const { name: cluster } = config;
  const found: Problem[] = orders.pausesOf(cluster).map(({ server, mode, endsInMs }) => {
    const what = server === null ? cluster : `${cluster}: ${server}`;
    const requests = mode === "all" ? "requests" : "writes";
    const text = `${what} is paused: ${requests} wait, ${Math.ceil(endsInMs / 1000)} s more`;
    return { kind: "pause", level: "warn", cluster, server: server ?? "", text };
  });
  if (slotsWithoutOwner > 0) {
    const text = `${cluster}: ${slotsWithoutOwner} slots have no owner`;
    found.push({ kind: "slots", level: "bad", cluster, server: "", text });
  }
  return found;
}

/** How a server is called: by its alias, where it has one. */
export function serverNames({ servers }: ClusterConfig): ReadonlyMap<string, string> {
  return new Map(servers.map(({ address, alias }) => [address, alias ?? address]));
}

/** @param stoodStillUs Longest time for which a worker stood still of late. */
function serverProblems(view: ClusterView, stoodStillUs: number): Problem[] {
  const { config, counted, orders, percentiles, recent } = view;
  const { name: cluster } = config;
  const names = serverNames(config);
  const slowness = ({ address }: { address: string }) => percentiles.get(address)?.p99Us ?? 0;
  const backends = (counted?.backends ?? []).toSorted((one, other) =>
    slowness(other) - slowness(one)
  );
  return backends.flatMap((backend) => {
    const { address, inFlight, isHealthy, queuedBytes } = backend;
    const name = names.get(address) ?? address;
    const found: Problem[] = [];
    const add = (level: Problem["level"], text: string, kind: ProblemKind = "server") =>
      found.push({ kind, level, cluster, server: address, text: `${cluster}: ${text}` });
    const { state } = orders.settingOf(cluster, name);
    if (state !== "ready") {
      add("warn", `${name} is in ${state} by order`);
      return found;
    }
    if (!isHealthy) add("bad", `${name} is down`);
    const own = percentiles.get(address);
    if (own !== undefined && isSlow(address, percentiles, stoodStillUs)) {
      const times = `1 of 100 requests takes it ${showMs(own.p99Us)}, half of them ${
        showMs(own.p50Us)
      }`;
      add("bad", `${name} is slow: ${times}`, "slow");
    } else if (own === undefined && isHealthy && inFlight > 0) {
      const was = recent?.servers.get(address);
      if (was?.wasAsked) add("bad", `${name} does not answer: ${inFlight} requests wait`);
    }
    if (queuedBytes >= QUEUED_BYTES) {
      add("warn", `${name} takes requests slowly: ${showBytes(queuedBytes)} wait for it`, "slow");
    }
    return found;
  });
}

function isSlow(
  address: string,
  percentiles: ReadonlyMap<string, RecentPercentiles>,
  stoodStillUs: number,
): boolean {
  const { p99Us } = percentiles.get(address)!;
  const others = [...percentiles].filter(([one]) => one !== address).map(([, own]) => own.p99Us)
    .sort((one, other) => one - other);
  const middle = others[Math.floor(others.length / 2)] ?? Infinity;
  if (p99Us < SLOW_US) return p99Us >= SLOWER_US && p99Us >= SLOWER_TIMES * middle;
  return p99Us >= APART_TIMES * Math.min(stoodStillUs, middle);
}

/** Failures by server where they have one, and the others by reason. */
function failureProblems({ config, recent }: ClusterView): Problem[] {
  if (recent === null) return [];
  const { name: cluster } = config;
  const names = serverNames(config);
  const found: Problem[] = [];
  const rest = new Map(recent.failures);
  for (const [address, { failures: own }] of recent.servers) {
    if (own.size === 0) continue;
    let count = 0;
    for (const [id, more] of own) {
      count += more;
      rest.set(id, (rest.get(id) ?? 0) - more);
    }
    const [most] = [...own].sort(([, one], [, other]) => other - one);
    const text = `${cluster}: ${names.get(address) ?? address} fails requests: ${
      allFailures[most![0]]!.name
    }, ${showRate(count / recent.seconds)} a second`;
    found.push({ kind: "failures", level: "bad", cluster, server: address, text });
  }
  for (const [id, count] of rest) {
    if (count <= 0) continue;
    const rate = count / recent.seconds;
    const { name, source } = allFailures[id]!;
    if (UNREAD_FAILURES.has(id)) {
      const who = count === 1 ? "a client was" : `${count} clients were`;
      const text = `${cluster}: ${who} closed, not taking replies (${name})`;
      found.push({ kind: "clients", level: "warn", cluster, server: "", text });
      continue;
    }
    const least = source === "client" ? CLIENT_FAILURES_LEAST : 0;
    if (rate <= least) continue;
    const level = source === "client" ? "warn" : "bad";
    const text = `${cluster}: ${name}, ${showRate(rate)} failures a second`;
    found.push({ kind: "failures", level, cluster, server: "", text });
  }
  return found;
}

/** One server that has most of the requests of several is where a hot key is. */
function loadProblems({ config, counted, keys, recent }: ClusterView): Problem[] {
  if (recent === null || recent.requests / recent.seconds < LOAD_LEAST) return [];
  const { name: cluster } = config;
  const serving = (counted?.backends ?? []).filter(({ isHealthy, connections }) =>
    isHealthy && connections > 0
  );
  if (serving.length < 2) return [];
  const requestsOf = (address: string) => recent.servers.get(address)?.requests ?? 0;
  const total = serving.reduce((sum, { address }) => sum + requestsOf(address), 0);
  const fair = 1 / serving.length;
  return serving.flatMap(({ address }) => {
    const share = requestsOf(address) / total;
    if (!(share >= fair + (1 - fair) / 2)) return [];
    const name = serverNames(config).get(address) ?? address;
    const hint = keys.hotkeysEnabled ? "" : "; HOTKEY ENABLE counts which keys";
    const text = `${cluster}: ${name} has ${
      Math.round(share * 100)
    } % of the requests of ${serving.length} servers${hint}`;
    return [{ kind: "load", level: "warn", cluster, server: address, text } as const];
  });
}

function keyProblems({ config, keys, recent }: ClusterView, nowMs: number): Problem[] {
  const { name: cluster } = config;
  const names = serverNames(config);
  const found: Problem[] = [];
  const isBusy = recent !== null && recent.requests / recent.seconds >= LOAD_LEAST;
  const hot = isBusy
    ? keys.hotKeys.filter(({ hits, error }) => hits - error >= HOT_SHARE * keys.total)
    : [];
  for (const { key, hits, backend } of hot.slice(0, KEYS_NAMED)) {
    const share = Math.round(100 * Math.min(1, hits / keys.total));
    const where = backend === "" ? "" : `, at ${names.get(backend) ?? backend}`;
    const text = `${cluster}: the key ${
      showKey(key)
    } is ${share} % of all that are asked for${where}`;
    found.push({ kind: "hot_key", level: "warn", cluster, server: backend, text });
  }
  const big = keys.bigKeys.filter(({ time }) => nowMs - Date.parse(time) < BIG_MS);
  for (const { key, part, bytes, command, backend } of big.slice(0, KEYS_NAMED)) {
    const text = `${cluster}: the key ${showKey(key)} is big: a ${part} of ${
      showBytes(bytes)
    } (${command}, ${names.get(backend) ?? backend})`;
    found.push({ kind: "big_key", level: "warn", cluster, server: backend, text });
  }
  return found;
}

function clientProblems({ config, counted, addresses }: ClusterView): Problem[] {
  const { name: cluster } = config;
  const add = (text: string): Problem => ({
    ...{ kind: "clients", level: "warn", cluster, server: "", text: `${cluster}: ${text}` },
  });
  const found = addresses.filter(({ outputBytes }) => outputBytes >= UNREAD_BYTES)
    .map(({ address, outputBytes }) =>
      add(
        `clients of ${address || "unknown addresses"} do not take their replies: ${
          showBytes(outputBytes)
        } wait`,
      )
    );
  const unread = counted?.clientOutputBytes ?? 0;
  if (found.length === 0 && unread >= UNREAD_BYTES) {
    found.push(add(`clients do not take their replies: ${showBytes(unread)} wait`));
  }
  return found;
}

function showKey(key: string): string {
  return key.length > KEY_CHARACTERS ? `${key.slice(0, KEY_CHARACTERS)}…` : key;
}

function showMs(us: number): string {
  const ms = us / 1000;
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function showRate(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}

function showBytes(bytes: number): string {
  if (bytes < 1_048_576) return `${(bytes / 1024).toFixed(0)} KiB`;
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
