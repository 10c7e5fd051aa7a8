/**
 * One row, measured: both sides in turn, round after round, each run on freshly written keys and
 * behind a warm-up that is not counted.
 *
 * @module
 */
import { type BackendCounts, type BackendGroup, countsBetween } from "./backends.ts";
import { DataSet } from "./data_set.ts";
import type { Load, LoadResult } from "./load.ts";
import { MemcacheLoad } from "./memcache_load.ts";
import { counterBetween, scrape } from "./metrics.ts";
import {
  cpuBetween,
  type CpuUse,
  peakResidentBytes,
  resetPeakResident,
  sampleCpu,
} from "./process_usage.ts";
import type { Proxy } from "./proxies.ts";
import { RedisLoad, UNMEASURED_REQUESTS } from "./redis_load.ts";
import { CLIENTS, keyCount, MGET_KEYS, type Row } from "./rows.ts";
import { RunWatch } from "./run_watch.ts";

/** A proxy and what stands behind it. */
export interface Side {
  proxy: Proxy;
  backends: BackendGroup;
}

/** One measured run of one side. */
export interface RunResult {
  /** CPU time of the proxy per request, in microseconds. */
  cpuUsPerRequest: number;
  userUsPerRequest: number;
  systemUsPerRequest: number;
  /** CPU time of the proxy, in seconds. */
  cpuSeconds: number;
  /** Whether that time is known in ticks of 10 ms only. */
  isTicked: boolean;
  /** CPU time of all backends per request, in microseconds. */
  backendUsPerRequest: number;
  /** CPU time of the load generator per request, in microseconds, where it is known. */
  loadUsPerRequest: number | null;
  requestsPerSecond: number;
  meanMs: number;
  medianMs: number;
  p99Ms: number;
  /** What the backends counted during the run. */
  counts: BackendCounts;
  /** Why the run cannot count; empty if it can. */
  problems: string[];
}

/** The sides of a comparison. */
export interface Sides {
  /** What the CPU time is compared with. */
  reference: Side;
  subject: Side;
  /** What throughput and latency are compared with, where that is not the reference. */
  yardstick: Side | null;
}

/** Runs of one side, in order. */
export type SideRuns = RunResult[];

/** A row as it was measured. */
export interface RowRuns {
  row: Row;
  requests: number;
  reference: SideRuns;
  subject: SideRuns;
  /** Empty where the reference is the yardstick. */
  yardstick: SideRuns;
  /** What ended the row early, or null. */
  failure: string | null;
}

/** How long and how often. */
export interface Effort {
  rounds: number;
  /** Length of one measured run, of the reference and roughly. */
  seconds: number;
}

/** Requests of the run that only finds out how fast the reference is. */
const TRIAL_REQUESTS = 6_400;
/** How much of a proxy's output a failure shows, in characters. */
const OUTPUT_SHOWN = 400;
/** Length of the warm-up before each measured run, in seconds. */
const WARM_UP_SECONDS = 0.7;
/** Length of the first warm-up of a side in a row, in seconds: the engine compiles what is hot. */
const FIRST_WARM_UP_SECONDS = 1.5;

/**
 * Clients of the warm-ups behind the first, where a row has more: they warm code and caches as well
 * and connect in half a second instead of eight.
 */
const WARM_UP_CLIENTS_MAX = 500;
/** How often each place in a client's pipeline is used at least in a measured run. */
const USES_OF_PLACE_MIN = 2;

/** How many requests fill a time; at least `fewest`, and whole pipelines. */
export function requestsFor(
  row: Row,
  perSecond: number,
  seconds: number,
  fewest: number,
): number {
  return Math.ceil(Math.max(perSecond * seconds, fewest) / row.pipeline) * row.pipeline;
}

/** Measures a row: reference, subject, reference, subject, and so on. */
export async function measureRow(row: Row, sides: Sides, effort: Effort): Promise<RowRuns> {
  const { reference, subject, yardstick } = sides;
  const result: RowRuns = {
    row,
    requests: 0,
    reference: [],
    subject: [],
    yardstick: [],
    failure: null,
  };
  try {
    const places = row.clients * row.pipeline;
    const perSecond = await onSide(reference, () => trialRequestsPerSecond(reference, row));
    const requests = requestsFor(row, perSecond, effort.seconds, USES_OF_PLACE_MIN * places);
    result.requests = requests;
    for (let round = 0; round < effort.rounds; round++) {
      const warmUp = planWarmUp(row, perSecond, round);
      const measure = (side: Side) => onSide(side, () => measureRun(side, row, warmUp, requests));
      result.reference.push(await measure(reference));
      result.subject.push(await measure(subject));
      if (yardstick !== null) result.yardstick.push(await measure(yardstick));
    }
  } catch (error) {
    result.failure = error instanceof Error ? error.message : String(error);
  }
  return result;
}

/** Measures a row on one side alone, and what memory the proxy takes meanwhile. */
export async function measureAlone(
  row: Row,
  side: Side,
  effort: Effort,
): Promise<{ runs: SideRuns; peakBytes: number }> {
  return await onSide(side, async () => {
    const perSecond = await trialRequestsPerSecond(side, row);
    const fewest = USES_OF_PLACE_MIN * row.clients * row.pipeline;
    const requests = requestsFor(row, perSecond, effort.seconds, fewest);
    const runs: SideRuns = [];
    resetPeakResident(side.proxy.pid);
    for (let round = 0; round < effort.rounds; round++) {
      runs.push(await measureRun(side, row, planWarmUp(row, perSecond, round), requests));
    }
    return { runs, peakBytes: peakResidentBytes(side.proxy.pid) };
  });
}

interface WarmUp {
  clients: number;
  requests: number;
}

/** The first one brings a proxy to the size that it will have, with all clients. */
function planWarmUp(row: Row, perSecond: number, round: number): WarmUp {
  const clients = round === 0 ? row.clients : Math.min(row.clients, WARM_UP_CLIENTS_MAX);
  const seconds = round === 0 ? FIRST_WARM_UP_SECONDS : WARM_UP_SECONDS;
  return { clients, requests: requestsFor(row, perSecond, seconds, clients * row.pipeline) };
}

/** What one side does, with its name and its last words in the error if it fails. */
async function onSide<Result>({ proxy }: Side, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const ending = proxy.isRunning() ? "" : "; it has ended";
    const output = proxy.output().trim().slice(-OUTPUT_SHOWN).replaceAll(/\s+/g, " ");
    throw new Error(`${proxy.name}: ${reason}${ending}; it printed: ${output || "nothing"}`, {
      cause: error,
    });
  }
}

async function trialRequestsPerSecond(side: Side, row: Row): Promise<number> {
  await prepare(side, row);
  await using load = startLoad(side.proxy, row);
  const requests = Math.max(TRIAL_REQUESTS, row.clients * row.pipeline);
  return (await load.run(requests)).requestsPerSecond;
}

/** Both sides of a comparison find the same keys, and nothing else. */
async function prepare({ proxy, backends }: Side, row: Row): Promise<DataSet> {
  await backends.flush();
  const dataSet = new DataSet(proxy.port, row.suite, keyCount(row), row.valueBytes);
  await dataSet.write();
  return dataSet;
}

function startLoad(proxy: Proxy, row: Row): Load {
  return row.suite === "memcache"
    ? new MemcacheLoad(proxy.port, row)
    : new RedisLoad(proxy.port, row);
}

async function measureRun(
  side: Side,
  row: Row,
  warmUp: WarmUp,
  requests: number,
): Promise<RunResult> {
  const { proxy, backends } = side;
  const dataSet = await prepare(side, row);
  const problems: string[] = [];
  const wrongBefore = await dataSet.findWrong(false);
  if (wrongBefore !== null) problems.push(`before: ${wrongBefore}`);

  await using load = startLoad(proxy, row);
  await load.run(warmUp.requests, { clients: warmUp.clients });
  const countsBefore = await backends.counts();
  const metricsBefore = proxy.metricsPort === null ? null : await scrape(proxy.metricsPort);
  const backendsBefore = backends.pids.map(sampleCpu);
  const { requestsPerSecond, meanMs, medianMs, p99Ms, cpu, loadCpu } = await runWatched(
    load,
    proxy,
    row,
    requests,
  );
  const backendSeconds = backends.pids.reduce(
    (sum, pid, index) => sum + cpuBetween(backendsBefore[index]!, sampleCpu(pid)).totalSeconds,
    0,
  );
  const counts = countsBetween(countsBefore, await backends.counts());

  problems.push(...findWrongCounts(row, counts, requests));
  if (metricsBefore !== null) {
    problems.push(...await findWrongMetrics(proxy.metricsPort!, metricsBefore, requests));
  }
  const wrongAfter = await dataSet.findWrong(row.operation === "set");
  if (wrongAfter !== null) problems.push(`after: ${wrongAfter}`);
  const usPerRequest = (seconds: number) => seconds * 1e6 / requests;
  return {
    cpuUsPerRequest: usPerRequest(cpu.totalSeconds),
    userUsPerRequest: usPerRequest(cpu.userSeconds),
    systemUsPerRequest: usPerRequest(cpu.systemSeconds),
    cpuSeconds: cpu.totalSeconds,
    isTicked: cpu.isTicked,
    backendUsPerRequest: usPerRequest(backendSeconds),
    loadUsPerRequest: loadCpu && usPerRequest(loadCpu.totalSeconds),
    requestsPerSecond,
    meanMs,
    medianMs,
    p99Ms,
    counts,
    problems,
  };
}

interface WatchedRun extends LoadResult {
  cpu: CpuUse;
  /** Null where it is not known. */
  loadCpu: CpuUse | null;
}

/** One run, and what proxy and generator used for it. */
async function runWatched(
  load: Load,
  proxy: Proxy,
  row: Row,
  requests: number,
): Promise<WatchedRun> {
  if (row.clients > CLIENTS) {
    using watch = new RunWatch(proxy.pid, row.clients);
    const result = await load.run(requests, { onStart: (pid) => watch.start(pid) });
    if (watch.bounds === null) throw new Error("A run was too short to be watched");
    const [before, after] = watch.bounds;
    return {
      ...result,
      cpu: cpuBetween(before.proxy, after.proxy),
      loadCpu: cpuBetween(before.load, after.load),
    };
  }
  const loadBefore = load.pid === null ? null : sampleCpu(load.pid);
  const cpuBefore = sampleCpu(proxy.pid);
  const result = await load.run(requests);
  return {
    ...result,
    cpu: cpuBetween(cpuBefore, sampleCpu(proxy.pid)),
    loadCpu: loadBefore && cpuBetween(loadBefore, sampleCpu(load.pid!)),
  };
}

/** Every read must be a hit at a backend, every write a write there, and nothing an error. */
function findWrongCounts(row: Row, counts: BackendCounts, requests: number): string[] {
  const hits = { get: requests, set: 0, mget: requests * MGET_KEYS }[row.operation];
  const sets = row.operation === "set" ? requests : 0;
  const expected: BackendCounts = { hits, misses: 0, sets, errors: 0 };
  return (Object.keys(expected) as (keyof BackendCounts)[])
    .filter((name) => counts[name] !== expected[name])
    .map((name) => `backends counted ${counts[name]} ${name}, not ${expected[name]}`);
}

/** Metrics must be on, which shows in that they counted and timed every request. */
async function findWrongMetrics(port: number, before: string, requests: number): Promise<string[]> {
  const after = await scrape(port);
  const problems: string[] = [];
  for (const name of ["aster_requests_total", "aster_total_timer_count"]) {
    const counted = counterBetween(name, before, after);
    if (!(counted >= requests)) problems.push(`${name} rose by ${counted}, not by ${requests}`);
  }
  const errors = counterBetween("aster_error_replies_total", before, after);
  if (!(errors <= UNMEASURED_REQUESTS)) problems.push(`aster counted ${errors} error replies`);
  return problems;
}
