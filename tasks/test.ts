/**
 * `deno task test`: formatter, linter, type check, then every test file in a process of its own, a few at a
 * time; those that drive the proxy once under each I/O engine. `--help` says what can be chosen.
 *
 * @module
 */
import { PORT_SHARE_VARIABLE } from "../tests/support/free_port.ts";
import { testedServer, useServer } from "../tests/support/redis_server.ts";
import { TEST_IO_VARIABLE } from "../tests/support/test_engine.ts";
import { watchAncestors } from "./ancestors.ts";
import { TEST_LOCK } from "./test_lock.ts";
import { endAllGroups, runGroup } from "./process_group.ts";
import { ensureServers, ServersMissing } from "./servers.ts";
import { findCodeFiles, findTestJobs, type TestJob } from "./test_files.ts";
import { parseTestOptions, USAGE, UsageError } from "./test_options.ts";
import { formatSeconds, readCounts, readSeeds, reportLines, type TestRun } from "./test_report.ts";

/** How long one file of tests, or one check, may take, in milliseconds. */
const RUN_DEADLINE_MS = 5 * 60_000;
/** Test files at a time. More would only make tests with real servers wait for each other. */
const JOBS_MAX = 4;

const REPOSITORY = new URL("../", import.meta.url);
/** No colours, so that the output can be read by this program. */
const ENVIRONMENT = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

const checks: Record<string, string[]> = {
  "deno fmt --check": ["fmt", "--check"],
  "deno lint": ["lint"],
  "deno check": ["check", TEST_LOCK],
};

async function main(words: string[]): Promise<number> {
  const options = parseTestOptions(words);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const { prefixes, server, isInstallAllowed } = options;
  if (server !== null) useServer(server);
  Deno.chdir(REPOSITORY);
  const end = () => {
    endAllGroups();
    Deno.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, end);
  }
  watchAncestors(end);
  await ensureServers(["redis-server", "memcached", "nutcracker"], {
    purpose: "The test suite",
    isAllowed: isInstallAllowed,
  });
  console.log(`Redis servers of the tests: ${testedServer().title}`);
  const runs: TestRun[] = [];
  if (prefixes.length === 0) {
    for (const [name, args] of Object.entries(checks)) runs.push(await runCheck(name, args));
    runs.push(
      await runTests("examples in comments", ["--doc", "mod.ts", ...findCodeFiles("src/")]),
    );
  }
  runs.push(...await runJobs(findTestJobs(prefixes, enginesHere())));
  console.log(["", ...reportLines(runs)].join("\n"));
  return runs.every((run) => run.failed === 0) ? 0 : 1;
}

async function runCheck(name: string, args: string[]): Promise<TestRun> {
  const result = await runGroup(Deno.execPath(), args, {
    environment: ENVIRONMENT,
    deadlineMs: RUN_DEADLINE_MS,
  });
  const isFine = result.code === 0;
  if (!isFine) console.log(result.output);
  console.log(`${isFine ? "ok    " : "FAILED"} ${name} (${formatSeconds(result.durationMs)})`);
  return { name, passed: isFine ? 1 : 0, failed: isFine ? 0 : 1, durationMs: result.durationMs };
}

/** The I/O engines to test: all that run on this machine, or the one that is asked for. */
function enginesHere(): string[] {
  const wanted = Deno.env.get(TEST_IO_VARIABLE);
  if (wanted !== undefined && wanted !== "") return [wanted];
  return Deno.build.os === "linux" ? ["deno", "epoll"] : ["deno"];
}

/** Runs test files, several at a time, in the order given. */
async function runJobs(jobs: readonly TestJob[]): Promise<TestRun[]> {
  const waiting = [...jobs];
  const runs: TestRun[] = [];
  const work = async (_: unknown, worker: number) => {
    // Files that run at the same time must not take each other's ports.
    const share = { [PORT_SHARE_VARIABLE]: String(worker) };
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const io = job.io === null ? {} : { [TEST_IO_VARIABLE]: job.io };
      // The type check has been made above, for all files at once.
      const left = `${jobs.length - waiting.length}/${jobs.length}`;
      runs.push(await runTests(job.name, ["--no-check", job.path], { ...share, ...io }, left));
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
  /** Which one of how many it is, for who watches. */
  place = "",
): Promise<TestRun> {
  const result = await runGroup(Deno.execPath(), ["test", "-A", TEST_LOCK, ...args], {
    environment: { ...ENVIRONMENT, ...environment },
    deadlineMs: RUN_DEADLINE_MS,
  });
  const counts = readCounts(result.output) ?? { passed: 0, failed: 0 };
  const troubles = result.leftBehind.map((left) => `left a process behind: ${left}`);
  if (result.isLate) troubles.push(`did not end within ${RUN_DEADLINE_MS} ms`);
  if (result.code !== 0 && counts.failed === 0) troubles.push(`ended with code ${result.code}`);
  const { passed } = counts;
  const failed = counts.failed + troubles.length;
  const isFine = failed === 0;
  if (!isFine) console.log([result.output, ...troubles].join("\n"));
  const text = `${name}: ${passed} passed, ${failed} failed`;
  const time = formatSeconds(result.durationMs);
  console.log(`${isFine ? "ok    " : "FAILED"} ${place.padStart(8)} ${text} (${time})`);
  if (isFine) { for (const line of readSeeds(result.output)) console.log(`       ${line}`); }
  return { name, passed, failed, durationMs: result.durationMs };
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      Deno.exit(2);
    }
    if (!(error instanceof ServersMissing)) throw error;
    console.error(error.message);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}
