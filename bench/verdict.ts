/**
 * What the runs of a row come to: medians, ratios, whether they count and whether they reach the
 * target.
 *
 * @module
 */
import type { RowRuns, RunResult, SideRuns } from "./measure.ts";
import type { Row } from "./rows.ts";
import { type Mode, type Target, targetOf, VALIDITY } from "./targets.ts";

/** Medians over the runs of one side. */
export interface SideSummary {
  cpuUsPerRequest: number;
  userUsPerRequest: number;
  systemUsPerRequest: number;
  requestsPerSecond: number;
  p99Ms: number;
}

/** A row of the table. */
export interface RowSummary {
  row: Row;
  /** Requests of each measured run. */
  requests: number;
  rounds: number;
  reference: SideSummary | null;
  subject: SideSummary | null;
  /** What throughput and latency are compared with; often the reference. */
  yardstick: SideSummary | null;
  /** CPU per request, subject : reference, of the medians. */
  cpuRatio: number;
  /** Least and greatest of the ratios of each round: how far the figure can be trusted. */
  cpuRatioRange: [number, number];
  throughputRatio: number;
  p99Ratio: number;
  /** Why the figure does not count; empty if it does. */
  invalid: string[];
  target: Target | null;
  /** Whether the target is reached by a figure that counts; null without a target. */
  isReached: boolean | null;
  /** The same for the goal. */
  isGoalReached: boolean | null;
}

/** Sums up a row. */
export function summarize(runs: RowRuns, mode: Mode): RowSummary {
  const { row } = runs;
  const rounds = Math.min(runs.reference.length, runs.subject.length);
  const reference = rounds === 0 ? null : medians(runs.reference);
  const subject = rounds === 0 ? null : medians(runs.subject);
  const yardstick = runs.yardstick.length === 0 ? reference : medians(runs.yardstick);
  const ratio = (field: keyof SideSummary, other: SideSummary | null) =>
    (subject?.[field] ?? NaN) / (other?.[field] ?? NaN);
  const throughputRatio = ratio("requestsPerSecond", yardstick);
  const p99Ratio = ratio("p99Ms", yardstick);
  const cpuRatio = ratio("cpuUsPerRequest", reference);
  const invalid = [
    ...findFaults(runs),
    ...(rounds === 0 ? [] : findSlowness(row, throughputRatio, p99Ratio)),
  ];
  const target = targetOf(row, mode);
  const counts = invalid.length === 0;
  return {
    row,
    requests: runs.requests,
    rounds,
    reference,
    subject,
    yardstick,
    cpuRatio,
    cpuRatioRange: rangeOfRatios(runs, rounds),
    throughputRatio,
    p99Ratio,
    invalid,
    target,
    isReached: target && counts && cpuRatio <= target.ratioMax && cpuRatio >= target.ratioMin,
    isGoalReached: target && target.goal !== null ? counts && cpuRatio <= target.goal : null,
  };
}

/** The middle one of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function medians(runs: SideRuns): SideSummary {
  const of = (field: keyof SideSummary) => median(runs.map((run) => run[field]));
  return {
    cpuUsPerRequest: of("cpuUsPerRequest"),
    userUsPerRequest: of("userUsPerRequest"),
    systemUsPerRequest: of("systemUsPerRequest"),
    requestsPerSecond: of("requestsPerSecond"),
    p99Ms: of("p99Ms"),
  };
}

function rangeOfRatios(runs: RowRuns, rounds: number): [number, number] {
  const ratios = Array.from(
    { length: rounds },
    (_, round) => runs.subject[round]!.cpuUsPerRequest / runs.reference[round]!.cpuUsPerRequest,
  );
  return rounds === 0 ? [NaN, NaN] : [Math.min(...ratios), Math.max(...ratios)];
}

/** What was wrong with single runs, each reason once. */
function findFaults(runs: RowRuns): string[] {
  const found = new Set<string>();
  if (runs.failure !== null) found.add(runs.failure);
  const sides: [string, SideRuns][] = [
    ["reference", runs.reference],
    ["subject", runs.subject],
    ["yardstick", runs.yardstick],
  ];
  for (const [side, sideRuns] of sides) {
    for (const run of sideRuns) {
      for (const problem of run.problems) found.add(`${side}: ${problem}`);
      if (run.isTicked && run.cpuSeconds < VALIDITY.tickedCpuSecondsMin) {
        found.add(`${side}: ${run.cpuSeconds.toFixed(2)} s of CPU are too few for 10 ms ticks`);
      }
    }
  }
  runs.subject.forEach((run, round) => {
    for (const other of [runs.reference[round], runs.yardstick[round]]) {
      if (other !== undefined && !haveEqualHits(run, other)) found.add("hit counts differ");
    }
  });
  return [...found];
}

function haveEqualHits(left: RunResult, right: RunResult): boolean {
  return left.counts.hits === right.counts.hits && left.counts.misses === right.counts.misses;
}

function findSlowness(row: Row, throughputRatio: number, p99Ratio: number): string[] {
  const isUnpipelined = row.pipeline === 1;
  const throughputMin = isUnpipelined
    ? VALIDITY.throughputRatioMinUnpipelined
    : VALIDITY.throughputRatioMin;
  const p99Max = isUnpipelined ? VALIDITY.p99RatioMaxUnpipelined : VALIDITY.p99RatioMax;
  const found: string[] = [];
  if (!(throughputRatio >= throughputMin)) {
    found.push(`throughput ${throughputRatio.toFixed(2)} < ${throughputMin}`);
  }
  if (!(p99Ratio <= p99Max)) found.push(`p99 ${p99Ratio.toFixed(2)} > ${p99Max}`);
  return found;
}
