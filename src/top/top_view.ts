/**
 * What `aster top` shows: two answers of `/status`, some time apart, as rates; and the lists of requests and keys as they
 * are.
 *
 * @module
 */
import type { AddressClients } from "../observe/client_addresses.ts";
import { DURATION_BUCKETS, percentileMs } from "../observe/durations.ts";

/** The parts of `/status` that are read. */
export interface StatusAnswer {
  readonly version: string;
  readonly ready: boolean;
  /** Missing where the proxy is older. */
  readonly problems?: readonly { readonly text: string }[];
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly cpuPercent: number;
  readonly workers: readonly WorkerAnswer[];
  readonly clusters: readonly ClusterAnswer[];
  readonly changes: readonly ChangeRow[];
}

interface WorkerAnswer {
  readonly number: number;
  readonly isListening: boolean;
  readonly hasAnswered: boolean;
  readonly restarts: number;
  readonly requests: number;
  readonly clientsConnected: number;
  readonly heapBytes?: number;
  readonly loopDelayMs?: number;
}

interface ClusterAnswer {
  readonly name: string;
  readonly type: string;
  readonly requests: number;
  readonly errorReplies: number;
  readonly clientsConnected: number;
  readonly pauses: readonly { readonly server: string | null }[];
  readonly servers: readonly { address: string; alias: string | null; state: string }[];
  readonly backends: readonly BackendAnswer[];
  readonly commands: readonly CommandAnswer[];
}

interface BackendAnswer {
  readonly address: string;
  readonly isHealthy: boolean;
  readonly requests: number;
  readonly failures: number;
  readonly inFlight: number;
  readonly unsent: number;
  readonly queuedBytes: number;
  readonly failuresByReason: Readonly<Record<string, number>>;
  readonly p50Us?: number;
  readonly p99Us?: number;
}

interface CommandAnswer {
  readonly command: string;
  /** Whether its times are what its clients waited for others. */
  readonly isBlocking: boolean;
  readonly backend: string;
  readonly count: number;
  readonly buckets: readonly number[];
}

/** The parts of `/slowlog` that are read. */
export interface SlowAnswer {
  readonly clusters: readonly { name: string; entries: readonly Omit<SlowRow, "cluster">[] }[];
}

/** The parts of `/hotkeys` that are read. */
export interface KeysAnswer {
  readonly clusters: readonly {
    name: string;
    hotKeys: readonly { key: string; hits: number; error: number; backend?: string }[];
    bigKeys: readonly {
      key: string;
      part: string;
      bytes: number;
      count: number;
      backend?: string;
    }[];
  }[];
}

/** The parts of `/clients` that are read. */
export interface ClientsAnswer {
  readonly clusters: readonly { name: string; addresses: readonly AddressClients[] }[];
}

/** All answers of one moment. */
export interface Answers {
  /** When they came, milliseconds on any scale that does not go back. */
  readonly atMs: number;
  readonly status: StatusAnswer;
  readonly slow: SlowAnswer;
  readonly keys: KeysAnswer;
  readonly clients: ClientsAnswer;
}

/** A server. Rates are a second; null where they are not known yet. */
export interface BackendRow {
  readonly cluster: string;
  readonly name: string;
  readonly address: string;
  /** `up`, `down`, `paused`, or what an operator has made of it. */
  readonly state: string;
  readonly requestsPerSecond: number | null;
  readonly failuresPerSecond: number | null;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly inFlight: number;
  readonly queuedRequests: number;
  readonly queuedBytes: number;
  /** Why requests failed since the answer before, the most frequent reason; empty where none did. */
  readonly failure: string;
}

/** A command over all servers of a cluster; times are of the requests since the answer before. */
export interface CommandRow {
  readonly cluster: string;
  readonly command: string;
  readonly requestsPerSecond: number | null;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly requests: number;
}

/** A request that took long. */
export interface SlowRow {
  readonly cluster: string;
  readonly time: string;
  readonly totalUs: number;
  readonly queueUs: number;
  readonly serverUs: number;
  readonly backend: string;
  readonly clientAddress: string;
  readonly user: string;
  readonly words: readonly string[];
  readonly failure: string;
}

/** A key that is asked for often, or large. */
export interface KeyRow {
  readonly cluster: string;
  /** `hot`, or which part is big. */
  readonly kind: string;
  readonly key: string;
  readonly hits: number;
  readonly error: number;
  /** 0 for a hot key. */
  readonly bytes: number;
  /** `host:port` of the server that has it; empty where that is not known. */
  readonly backend: string;
}

/** Where clients come from. */
export interface AddressRow extends AddressClients {
  readonly cluster: string;
}

/** A worker. */
export interface WorkerRow {
  readonly number: number;
  readonly state: string;
  readonly clients: number;
  readonly requestsPerSecond: number | null;
  readonly loopDelayMs: number | null;
  readonly heapBytes: number | null;
  readonly restarts: number;
}

/** What has changed. */
export interface ChangeRow {
  readonly time: string;
  readonly cluster: string;
  readonly text: string;
}

/** Everything of one moment. */
export interface TopView {
  readonly version: string;
  readonly ready: boolean;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly cpuPercent: number;
  /** Between the two answers; 0 where there was one. */
  readonly seconds: number;
  readonly clients: number;
  readonly requestsPerSecond: number | null;
  readonly errorsPerSecond: number | null;
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
  readonly backends: readonly BackendRow[];
  readonly commands: readonly CommandRow[];
  readonly slow: readonly SlowRow[];
  readonly keys: readonly KeyRow[];
  readonly addresses: readonly AddressRow[];
  readonly workers: readonly WorkerRow[];
  readonly changes: readonly ChangeRow[];
}

/** Computes what is shown; `former` is the moment before, or null. */
export function computeView(former: Answers | null, now: Answers): TopView {
  const { status } = now;
  const seconds = former === null ? 0 : (now.atMs - former.atMs) / 1000;
  const rate = (count: number, before: number | undefined) =>
    before === undefined || seconds <= 0 ? null : Math.max(0, count - before) / seconds;
  const past = new Map(former?.status.clusters.map((cluster) => [cluster.name, cluster]));
  const backends = status.clusters.flatMap((cluster) =>
    backendRows(cluster, past.get(cluster.name), rate)
  );
  const workers = status.workers.map((worker) => {
    const before = former?.status.workers.find(({ number }) => number === worker.number);
    return workerRow(worker, rate(worker.requests, before?.requests));
  });
  const addresses = now.clients.clusters.flatMap(({ name, addresses }) =>
    addresses.map((one) => ({ ...one, cluster: name }))
  );
  const total = (field: "requests" | "errorReplies") =>
    addUp(status.clusters.map((one) => rate(one[field], past.get(one.name)?.[field])));
  const { version, ready, uptimeSeconds, memoryBytes, cpuPercent, changes } = status;
  return {
    ...{ version, ready, uptimeSeconds, memoryBytes, cpuPercent, seconds },
    clients: status.clusters.reduce((sum, one) => sum + one.clientsConnected, 0),
    requestsPerSecond: total("requests"),
    errorsPerSecond: total("errorReplies"),
    problems: (status.problems ?? []).map(({ text }) => text),
    backends,
    commands: status.clusters.flatMap((cluster) =>
      commandRows(cluster, past.get(cluster.name), rate)
    ),
    slow: now.slow.clusters.flatMap(({ name, entries }) =>
      entries.map((entry) => ({ ...entry, cluster: name }))
    ).sort((one, other) => one.time < other.time ? 1 : -1),
    keys: keyRows(now.keys),
    addresses,
    workers,
    changes,
  };
}

type Rate = (count: number, before: number | undefined) => number | null;

function backendRows(
  cluster: ClusterAnswer,
  former: ClusterAnswer | undefined,
  rate: Rate,
): BackendRow[] {
  const before = new Map(former?.backends.map((backend) => [backend.address, backend]));
  const servers = new Map(cluster.servers.map((server) => [server.address, server]));
  return cluster.backends.map((backend) => {
    const { address } = backend;
    const was = before.get(address);
    const server = servers.get(address);
    const name = server?.alias ?? address;
    const isPaused = cluster.pauses.some(({ server }) => server === null || server === name);
    const ordered = server === undefined || server.state === "ready" ? null : server.state;
    return {
      cluster: cluster.name,
      name,
      address,
      state: ordered ?? (isPaused ? "paused" : backend.isHealthy ? "up" : "down"),
      requestsPerSecond: rate(backend.requests, was?.requests),
      failuresPerSecond: rate(backend.failures, was?.failures),
      p50Us: backend.p50Us ?? null,
      p99Us: backend.p99Us ?? null,
      inFlight: backend.inFlight,
      queuedRequests: backend.unsent,
      queuedBytes: backend.queuedBytes,
      failure: mostFrequent(backend.failuresByReason, was?.failuresByReason),
    };
  });
}

/** The reason that was counted most since then. */
function mostFrequent(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>> | undefined,
): string {
  if (before === undefined) return "";
  let found = "";
  let most = 0;
  for (const [reason, count] of Object.entries(now)) {
    const grown = count - (before[reason] ?? 0);
    if (grown > most) [found, most] = [reason, grown];
  }
  return found;
}

function commandRows(
  cluster: ClusterAnswer,
  former: ClusterAnswer | undefined,
  rate: Rate,
): CommandRow[] {
  const now = byCommand(cluster.commands);
  const before = former === undefined ? null : byCommand(former.commands);
  return [...now].map(([command, { count, buckets }]) => {
    const was = before?.get(command);
    const recent = buckets.map((bucket, at) => Math.max(0, bucket - (was?.buckets[at] ?? 0)));
    const isKnown = before !== null && recent.some((bucket) => bucket > 0);
    const timeUs = (share: number) => Math.round(percentileMs(recent, share) * 1000);
    return {
      cluster: cluster.name,
      command,
      requestsPerSecond: before === null ? null : rate(count, was?.count ?? 0),
      p50Us: isKnown ? timeUs(0.5) : null,
      p99Us: isKnown ? timeUs(0.99) : null,
      requests: count,
    };
  });
}

function byCommand(
  commands: readonly CommandAnswer[],
): Map<string, { count: number; buckets: number[] }> {
  const sums = new Map<string, { count: number; buckets: number[] }>();
  for (const { command: name, isBlocking, count, buckets } of commands) {
    const command = isBlocking ? `${name} (waits)` : name;
    const sum = sums.get(command) ??
      { count: 0, buckets: new Array<number>(DURATION_BUCKETS).fill(0) };
    sums.set(command, {
      count: sum.count + count,
      buckets: sum.buckets.map((bucket, at) => bucket + (buckets[at] ?? 0)),
    });
  }
  return sums;
}

function keyRows({ clusters }: KeysAnswer): KeyRow[] {
  return clusters.flatMap(({ name: cluster, hotKeys, bigKeys }) => [
    ...hotKeys.map(({ key, hits, error, backend = "" }) => ({
      ...{ cluster, kind: "hot", key, hits, error, bytes: 0, backend },
    })),
    ...bigKeys.map(({ key, part, count, bytes, backend = "" }) => ({
      ...{ cluster, kind: `big ${part}`, key, hits: count, error: 0, bytes, backend },
    })),
  ]);
}

function workerRow(worker: WorkerAnswer, requestsPerSecond: number | null): WorkerRow {
  const { number, isListening, hasAnswered, restarts, clientsConnected } = worker;
  return {
    number,
    state: !isListening ? "not listening" : hasAnswered ? "serves" : "silent",
    clients: clientsConnected,
    requestsPerSecond,
    loopDelayMs: worker.loopDelayMs ?? null,
    heapBytes: worker.heapBytes ?? null,
    restarts,
  };
}

function addUp(rates: readonly (number | null)[]): number | null {
  if (rates.every((rate) => rate === null)) return null;
  return rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0);
}
