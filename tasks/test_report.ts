/**
 * What the runs of `deno test` said, added up.
 *
 * @module
 */

/** One run: a file of tests, or a check such as the formatter's. */
export interface TestRun {
  name: string;
  passed: number;
  failed: number;
  durationMs: number;
  /** What was tested, or could not be, and has to be said at the end. */
  notes: readonly string[];
}

/** Numbers in the last line that `deno test` prints. */
export interface TestCounts {
  passed: number;
  failed: number;
}

const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/gm;
const SEED = /^.*ASTER_TEST_SEED=\d+.*$/gm;

/** Reads the counts from the output of `deno test`, without colours; null if it printed none. */
export function readCounts(output: string): TestCounts | null {
  const last = [...output.matchAll(SUMMARY)].at(-1);
  return last === undefined ? null : { passed: Number(last[1]), failed: Number(last[2]) };
}

/** The lines that tell with which seeds random tests ran. */
export function readSeeds(output: string): string[] {
  return output.match(SEED) ?? [];
}

/** Runs that the report names; the lines above it have the time of every one. */
const SLOWEST_SHOWN = 20;

/** The report's lines: the slowest runs, what failed, and at the very end the sums. */
export function reportLines(runs: readonly TestRun[], tookMs: number): string[] {
  const slowest = [...runs].sort((one, other) => other.durationMs - one.durationMs)
    .slice(0, SLOWEST_SHOWN);
  const failed = runs.filter((run) => run.failed > 0).map(({ name }) => `FAILED ${name}`);
  const sum = (column: "passed" | "failed") => runs.reduce((total, run) => total + run[column], 0);
  return [
    "The slowest:",
    ...slowest.map((run) => `${formatSeconds(run.durationMs).padStart(9)}  ${run.name}`),
    "",
    `Took ${formatClock(tookMs)}`,
    ...failed,
    `${sum("passed")} passed, ${sum("failed")} failed`,
  ];
}

/** Milliseconds as seconds with one decimal. */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

/** Milliseconds as minutes and seconds, such as `3:07`. */
export function formatClock(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
