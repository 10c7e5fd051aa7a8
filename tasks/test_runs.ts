/**
 * Checks, files of tests and further commands, each run in a process group of its own, with a line for who
 * watches when it has ended.
 *
 * @module
 */
import { PORT_SHARE_VARIABLE } from "../tests/support/tools/free_port.ts";
import { TEST_IO_VARIABLE } from "../tests/support/tools/test_engine.ts";
import { watchAncestors } from "./ancestors.ts";
import { endAllGroups, type GroupResult, runGroup } from "./process_group.ts";
import { findExamples, type TestJob } from "./test_files.ts";
import { TEST_LOCK } from "./test_lock.ts";
import { formatClock, formatSeconds, readCounts, readSeeds, type TestRun } from "./test_report.ts";

/** How long one file of tests, or one check, may take, in milliseconds. */
const RUN_DEADLINE_MS = 5 * 60_000;
/** Test files at a time. More would only make tests with real servers wait for each other. */
const JOBS_MAX = 4;

/** No colours, so that the output can be read by this program. */
const ENVIRONMENT = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

/** A command that passes or fails as a whole. */
export interface CommandStep {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly environment?: Record<string, string>;
  readonly deadlineMs?: number;
  /** What it must not print, although its exit code may be 0. */
  readonly forbidden?: RegExp;
}

const deno = Deno.execPath();

/** Format, lint and types. */
export const CHECKS: readonly CommandStep[] = [
  { name: "deno fmt --check", command: deno, args: ["fmt", "--check"] },
  { name: "deno lint", command: deno, args: ["lint"] },
  { name: "deno check", command: deno, args: ["check", "--doc", TEST_LOCK] },
];

/** Ends everything that runs when this program is told to end, or whoever started it is gone. */
export function endRunsWithThis(): void {
  const end = () => {
    endAllGroups();
    Deno.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, end);
  }
  watchAncestors(end);
}

/** The I/O engines to test: all that run on this machine, or the one that is asked for. */
export function enginesHere(): string[] {
  const wanted = Deno.env.get(TEST_IO_VARIABLE);
  if (wanted !== undefined && wanted !== "") return [wanted];
  return Deno.build.os === "linux" ? ["deno", "epoll"] : ["deno"];
}

/** Runs commands one after the other. What a command printed is shown where it failed. */
export async function runSteps(steps: readonly CommandStep[]): Promise<TestRun[]> {
  const runs: TestRun[] = [];
  for (const step of steps) {
    const deadlineMs = step.deadlineMs ?? RUN_DEADLINE_MS;
    const result = await runGroup(step.command, step.args, {
      environment: { ...ENVIRONMENT, ...step.environment },
      deadlineMs,
    });
    const troubles = [
      ...result.code === 0 ? [] : [`ended with code ${result.code}`],
      ...step.forbidden?.test(result.output) ? [`printed ${step.forbidden}`] : [],
      ...troublesOf(result, deadlineMs),
    ];
    const isFine = troubles.length === 0;
    if (!isFine) console.log([result.output, ...troubles].join("\n"));
    const { durationMs } = result;
    console.log(`${isFine ? "ok    " : "FAILED"} ${step.name} (${formatSeconds(durationMs)})`);
    for (const line of notesOf(result.output)) console.log(`       ${line}`);
    runs.push({
      name: step.name,
      passed: isFine ? 1 : 0,
      failed: isFine ? 0 : 1,
      durationMs,
      notes: notesOf(result.output),
    });
  }
  return runs;
}

/** The examples in comments of the code. */
export function runCommentExamples(): Promise<TestRun> {
  return runTests("examples in comments", ["--no-check", "--doc", ...findExamples()]);
}

/** Runs test files, several at a time, in the order given. `environment` is added to that of each. */
export async function runJobs(
  jobs: readonly TestJob[],
  environment: Record<string, string> = {},
): Promise<TestRun[]> {
  const startedAtMs = performance.now();
  const waiting = [...jobs];
  const runs: TestRun[] = [];
  const work = async (_: unknown, worker: number) => {
    // Files that run at the same time must not take each other's ports.
    const share = { [PORT_SHARE_VARIABLE]: String(worker) };
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const io = job.io === null ? {} : { [TEST_IO_VARIABLE]: job.io };
      // The type check has been made before, for all files at once.
      const variables = { ...environment, ...share, ...io };
      const run = await runTests(job.name, ["--no-check", job.path], variables, () => {
        const clock = formatClock(performance.now() - startedAtMs);
        return `${clock} ${`${runs.length + 1}/${jobs.length}`.padStart(8)}`;
      });
      runs.push(run);
    }
  };
  const atOnce = Number(Deno.env.get("ASTER_TEST_JOBS")) ||
    Math.min(navigator.hardwareConcurrency, JOBS_MAX);
  await Promise.all(Array.from({ length: atOnce }).map(work));
  return runs;
}

async function runTests(
  name: string,
  args: string[],
  environment: Record<string, string> = {},
  /** How far the whole is, for who watches. */
  progress = () => "",
): Promise<TestRun> {
  const result = await runGroup(deno, ["test", "-A", TEST_LOCK, ...args], {
    environment: { ...ENVIRONMENT, ...environment },
    deadlineMs: RUN_DEADLINE_MS,
  });
  const counts = readCounts(result.output) ?? { passed: 0, failed: 0 };
  const troubles = troublesOf(result, RUN_DEADLINE_MS);
  if (result.code !== 0 && counts.failed === 0) troubles.push(`ended with code ${result.code}`);
  const { passed } = counts;
  const failed = counts.failed + troubles.length;
  const isFine = failed === 0;
  if (!isFine) console.log([result.output, ...troubles].join("\n"));
  const text = `${name}: ${passed} passed, ${failed} failed`;
  const time = formatSeconds(result.durationMs);
  console.log(`${isFine ? "ok    " : "FAILED"} ${progress()} ${text} (${time})`);
  if (isFine) { for (const line of readSeeds(result.output)) console.log(`       ${line}`); }
  return { name, passed, failed, durationMs: result.durationMs, notes: [] };
}

function troublesOf(result: GroupResult, deadlineMs: number): string[] {
  const troubles = result.leftBehind.map((left) => `left a process behind: ${left}`);
  if (result.isLate) troubles.push(`did not end within ${deadlineMs} ms`);
  return troubles;
}

/** Lines that say what was, and what could not be, tested. */
function notesOf(output: string): string[] {
  return output.match(/^(?:NOT )?(?:tested|checked): .*$/gmi) ?? [];
}
