/**
 * `deno task test`: formatter, linter, type check, then every test file in a process of its own, a few at a
 * time; those that drive the proxy once under each I/O engine. What takes longest is left to `deno task ci`.
 * `--help` says what can be chosen.
 *
 * @module
 */
import { testedServer, useServer } from "../tests/support/servers/redis_server.ts";
import { ensureServers, ServersMissing, TEST_SERVERS } from "./servers.ts";
import { findTestJobs, leftToCi } from "./test_files.ts";
import { parseTestOptions, USAGE, UsageError } from "./test_options.ts";
import { reportLines, type TestRun } from "./test_report.ts";
import {
  CHECKS,
  endRunsWithThis,
  enginesHere,
  runCommentExamples,
  runJobs,
  runSteps,
} from "./test_runs.ts";

const REPOSITORY = new URL("../", import.meta.url);

async function main(words: string[]): Promise<number> {
  const options = parseTestOptions(words);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const { prefixes, server, isInstallAllowed } = options;
  if (server !== null) useServer(server);
  Deno.chdir(REPOSITORY);
  endRunsWithThis();
  await ensureServers(TEST_SERVERS, {
    purpose: "The test suite",
    isAllowed: isInstallAllowed,
  });
  console.log(`Redis servers of the tests: ${testedServer().title}`);
  const startedAtMs = performance.now();
  const runs: TestRun[] = [];
  if (prefixes.length > 0) {
    runs.push(...await runJobs(findTestJobs(prefixes, enginesHere())));
  } else {
    const jobs = findTestJobs([], enginesHere());
    const long = jobs.filter(leftToCi);
    runs.push(...await runSteps(CHECKS), await runCommentExamples());
    runs.push(...await runJobs(jobs.filter((job) => !leftToCi(job))));
    console.log(`\nLeft to deno task ci: ${long.map(({ name }) => name).join(", ")}`);
  }
  console.log(["", ...reportLines(runs, performance.now() - startedAtMs)].join("\n"));
  return runs.every((run) => run.failed === 0) ? 0 : 1;
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
