/**
 * What the runs of a row come to: medians, ratios, whether they count and whether they reach the
 * target.
 *
 * @module
 */
import type { RowRuns, RunResult, SideRuns } from "./measure.ts";
import type { Row } from "./rows.ts";
import { type Limits, limitsOf, type Mode, type Target, targetOf, VALIDITY } from "./targets.ts";

/** Medians over the runs of one side. */
export interface SideSummary {
  cpuUsPerRequest: number;
  userUsPerRequest: number;
  systemUsPerRequest: number;
  requestsPerSecond: number;
  meanMs: number;
  medianMs: number;
  p99Ms: number;
  /** Share of a core that the load generator took, where it is known. */
  loadShare: number | null;
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
  /** Whether the 99th percentile is as low as wanted; null where nothing is wanted. */
  isP99GoalReached: boolean | null;
  meanRatio: number;
  medianRatio: number;
  /** Why the figure does not count; empty if it does. */
  invalid: string[];
  target: Target | null;
  /** Whether the target is reached by a figure that counts; null without a target. */
  isReached: boolean | null;
  /** The same for the goal. */
  isGoalReached: boolean | null;
}

/** What every run has. */
type Field = Exclude<keyof SideSummary, "loadShare">;

/** Sums up a row. */
export function summarize(runs: RowRuns, mode: Mode): RowSummary {
  const { row } = runs;
  const rounds = Math.min(runs.reference.length, runs.subject.length);
  const reference = rounds === 0 ? null : medians(runs.reference);
  const subject = rounds === 0 ? null : medians(runs.subject);
  const yardstick = runs.yardstick.length === 0 ? reference : medians(runs.yardstick);
  const ratio = (field: Field, other: SideSummary | null) =>
    (subject?.[field] ?? NaN) / (other?.[field] ?? NaN);
  const throughputRatio = ratio("requestsPerSecond", yardstick);
  const p99Ratio = ratio("p99Ms", yardstick);
  const meanRatio = ratio("meanMs", yardstick);
  const medianRatio = ratio("medianMs", yardstick);
  const cpuRatio = ratio("cpuUsPerRequest", reference);
  const limits = limitsOf(row);
  const invalid = [
    ...findFaults(runs),
    ...(rounds === 0 ? [] : findSlowness(limits, throughputRatio, p99Ratio, subject!.p99Ms)),
  ];
  const target = targetOf(row, mode);
  const counts = invalid.length === 0;
  const figure = target?.measure === "latency" ? Math.max(meanRatio, medianRatio) : cpuRatio;
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
    isP99GoalReached: limits.p99RatioGoal === null
      ? null
      : counts && p99Ratio <= limits.p99RatioGoal,
    meanRatio,
    medianRatio,
    invalid,
    target,
    isReached: target && counts && figure <= target.ratioMax && figure >= target.ratioMin,
    isGoalReached: target && target.goal !== null ? counts && figure <= target.goal : null,
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
  const of = (field: Field) => median(runs.map((run) => run[field]));
  const loadShares = runs.filter((run) => run.loadUsPerRequest !== null)
    .map((run) => run.loadUsPerRequest! * run.requestsPerSecond / 1e6);
  return {
    cpuUsPerRequest: of("cpuUsPerRequest"),
    userUsPerRequest: of("userUsPerRequest"),
    systemUsPerRequest: of("systemUsPerRequest"),
    requestsPerSecond: of("requestsPerSecond"),
    meanMs: of("meanMs"),
    medianMs: of("medianMs"),
    p99Ms: of("p99Ms"),
    loadShare: loadShares.length === 0 ? null : median(loadShares),
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

function findSlowness(
  limits: Limits,
  throughputRatio: number,
  p99Ratio: number,
  p99Ms: number,
): string[] {
  const { throughputRatioMin, p99RatioMax, p99MsKnownMax } = limits;
  const found: string[] = [];
  if (!(throughputRatio >= throughputRatioMin)) {
    found.push(`throughput ${throughputRatio.toFixed(2)} < ${throughputRatioMin}`);
  }
  if (!(p99Ratio <= p99RatioMax)) found.push(`p99 ${p99Ratio.toFixed(2)} > ${p99RatioMax}`);
  if (p99Ms >= p99MsKnownMax) {
    found.push(`p99 is beyond the ${p99MsKnownMax / 1000} s that the generator tells apart`);
  }
  return found;
}
