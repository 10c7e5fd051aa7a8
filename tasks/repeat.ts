/**
 * `deno task fuzz` and `deno task soak`: random tests again and again, each time with new seeds and with
 * larger counts than in the test suite, until the time is over or one fails. A failure's seed is printed.
 *
 * @module
 */
import { TEST_LOCK } from "./test_lock.ts";
import { parseArgs } from "../deps.ts";
import { SCALE_VARIABLE, SEED_VARIABLE } from "../tests/support/tools/seed.ts";
import { watchAncestors } from "./ancestors.ts";
import { endAllGroups, runGroup } from "./process_group.ts";
import { ensureServers, TEST_SERVERS } from "./servers.ts";
import { findTestFiles } from "./test_files.ts";
import { formatSeconds, readCounts } from "./test_report.ts";

/** How long one run of a file may take, in milliseconds. */
const RUN_DEADLINE_MS = 60 * 60_000;

async function main(words: string[]): Promise<number> {
  Deno.chdir(new URL("../", import.meta.url));
  const flags = parseArgs(words, { string: ["minutes", "scale"], boolean: ["yes"] });
  const paths = findTestFiles(flags._.map(String));
  if (paths.length === 0) {
    console.error(`No tests in ${flags._.join(", ")}`);
    return 1;
  }
  const end = () => {
    endAllGroups();
    Deno.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, end);
  }
  watchAncestors(end);
  await ensureServers(TEST_SERVERS, {
    purpose: "The test",
    isAllowed: flags.yes,
  });
  return await repeat(paths, Number(flags.minutes ?? 10) * 60_000, flags.scale ?? "10");
}

async function repeat(
  paths: readonly string[],
  durationMs: number,
  scale: string,
): Promise<number> {
  const endsAtMs = performance.now() + durationMs;
  let passed = 0;
  for (let round = 1; performance.now() < endsAtMs; round++) {
    for (const path of paths) {
      const result = await runGroup(Deno.execPath(), ["test", "-A", TEST_LOCK, path], {
        environment: { NO_COLOR: "1", [SCALE_VARIABLE]: scale, [SEED_VARIABLE]: "" },
        deadlineMs: RUN_DEADLINE_MS,
      });
      passed += readCounts(result.output)?.passed ?? 0;
      const isFine = result.code === 0 && result.leftBehind.length === 0;
      if (!isFine) console.log([result.output, ...result.leftBehind].join("\n"));
      console.log(
        `round ${round}: ${isFine ? "ok" : "FAILED"} ${path} (${formatSeconds(result.durationMs)})`,
      );
      if (!isFine) return 1;
    }
  }
  console.log(`${passed} passed, 0 failed, counts multiplied by ${scale}`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
