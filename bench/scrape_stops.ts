/**
 * For how long a worker stands still for one scrape: its part of it alone, in CPU time of the thread, so that other
 * programs of the machine are left out.
 *
 * @module
 */
import { BackendDurations, gatherDurations, SeriesBudget } from "../src/observe/durations.ts";
import { type BackendMetricsSnapshot, ClusterMetrics } from "../src/observe/cluster_metrics.ts";
import { Histogram } from "../src/observe/histogram.ts";
import { MetricsParts } from "../src/worker/metrics_parts.ts";
import { median } from "./verdict.ts";

const CLOCK_THREAD_CPUTIME_ID = 3;
const COMMANDS = ["get", "incr", "ttl", "strlen"].map((name, index) => ({ name, index }));
const VITALS = {
  heapBytes: 0,
  externalBytes: 0,
  loopDelay: { counts: [], sum: 0 },
  longestDelayMs: 0,
};

/** What one scrape took of a worker, milliseconds. */
export interface WorkerStops {
  /** Of the first, which nothing is compiled for yet, and of later ones: the longest at one go. */
  readonly first: number;
  readonly later: number;
  /** All of a later one, over all its turns. */
  readonly whole: number;
}

/** CPU time of this thread, milliseconds. */
function threadClock(): () => number {
  const { symbols } = Deno.dlopen("libc.so.6", {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const time = new BigInt64Array(2);
  const bytes = new Uint8Array(time.buffer);
  return () => {
    symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, bytes);
    return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
  };
}

/** Has as many servers counted and sent as `scrapes` scrapes want. */
export function measureStops(servers: number, scrapes: number): WorkerStops {
  const now = threadClock();
  const budget = new SeriesBudget();
  const timer = new Histogram([1_000, 10_000, 100_000]);
  const addresses = Array.from(
    { length: servers },
    (_, index) => `127.1.${index >> 8}.${index & 255}:40000`,
  );
  const durations = addresses.map((address) => new BackendDurations(address, budget, timer));
  for (const one of durations) for (const row of COMMANDS) one.record(row, 0, 1, 2);
  const metrics = new ClusterMetrics("many");
  const { port1 } = new MessageChannel();
  const all = Array.from({ length: scrapes }, () => {
    const startMs = now();
    const backends = addresses.map(backendOf);
    const cluster = metrics.snapshot(backends, gatherDurations(durations, budget));
    const parts = new MetricsParts(
      { kind: "metrics", question: 1, clusters: [cluster], vitals: VITALS },
      (part) => port1.postMessage(part),
    );
    let longest = now() - startMs;
    for (let isOver = false; !isOver;) {
      const turnMs = now();
      isOver = parts.work() === 0;
      longest = Math.max(longest, now() - turnMs);
    }
    return { longest, whole: now() - startMs };
  });
  port1.close();
  const [first, ...later] = all;
  return {
    first: first!.longest,
    later: Math.max(...later.map(({ longest }) => longest)),
    whole: median(later.map(({ whole }) => whole)),
  };
}

function backendOf(address: string): BackendMetricsSnapshot {
  return {
    ...{ address, isHealthy: true, connections: 1, requests: 5_000, failures: 0, connects: 1 },
    ...{ connectFailures: 0, inFlight: 0, unsent: 0, queuedBytes: 0, sentBytes: 123_456 },
    ...{ receivedBytes: 234_567, pings: 0, pingFailures: 0, dedicatedTaken: 0, dedicatedIdle: 0 },
    ...{ okReplies: 4_998, errorReplies: 1 },
    failuresByReason: [],
  };
}
