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

/** The report's lines: time per run, longest first, and at the very end the sums. */
export function reportLines(runs: readonly TestRun[]): string[] {
  const byDuration = [...runs].sort((one, other) => other.durationMs - one.durationMs);
  const sum = (column: "passed" | "failed") => runs.reduce((total, run) => total + run[column], 0);
  return [
    "Time per file:",
    ...byDuration.map((run) => `${formatSeconds(run.durationMs).padStart(9)}  ${run.name}`),
    "",
    `${sum("passed")} passed, ${sum("failed")} failed`,
  ];
}

/** Milliseconds as seconds with one decimal. */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
