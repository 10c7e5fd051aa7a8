/**
 * Which test files there are.
 *
 * @module
 */

/** Folders whose tests take longest: they begin first, so that no long file is left at the end. */
const SLOW_FIRST = [/^tests\/proxy\//, /^tests\/(model|fuzz|contract)\//, /\/(support|tasks)\//];

/** Folders whose tests drive the proxy over real sockets. */
const BY_ENGINE = /^tests\/(proxy|servers|model|fuzz)\//;

/**
 * What `deno task test` leaves to `deno task ci`, so that it ends within 15 minutes on two cores, and well below where
 * nothing else runs there. The rule: what needs a program beside the servers, or what takes a file longer than 15 s
 * under one engine because it has to last, or to be repeated, to show anything. Files that are named on the command
 * line are always run.
 */
export const LONG_TESTS: readonly { readonly begins: string; readonly why: string }[] = [
  { begins: "tests/browser/", why: "needs a browser" },
  { begins: "tests/differential/", why: "thousands of random commands, compared one by one" },
  { begins: "tests/model/model_test", why: "random faults, for seconds in each scenario" },
  { begins: "tests/proxy/silent_worker_test", why: "workers stand still beyond their deadline" },
  { begins: "tests/servers/failover_wait_test", why: "waits for servers that come back late" },
  { begins: "tests/servers/half_close_test", why: "each script ended at each of its points" },
  {
    begins: "tests/servers/half_close_elements_test",
    why: "consumers end at any moment, many times",
  },
  { begins: "tests/servers/limits_reload_test", why: "each limit is waited for, twice" },
  { begins: "tests/servers/memory_limit_test", why: "floods until memory is short" },
  { begins: "tests/servers/redis_cluster_backup_test", why: "rare pauses, and what they cost" },
  { begins: "tests/servers/redis_cluster_counted_failover_test", why: "failovers under load" },
  { begins: "tests/servers/redis_cluster_failover_test", why: "failovers under load" },
  { begins: "tests/servers/redis_cluster_order_test", why: "slots move to and fro under load" },
  {
    begins: "tests/servers/redis_cluster_resharding_test",
    why: "slots move to and fro under load",
  },
  { begins: "tests/servers/redis_pauses_test", why: "the whole process stands still for seconds" },
  { begins: "tests/servers/redis_takeover_test", why: "two restarts under load" },
  { begins: "tests/unit/tasks/compile_test", why: "embeds the whole program in a binary" },
];

/** Whether a run is one of {@link LONG_TESTS}. */
export function leftToCi({ path }: TestJob): boolean {
  return LONG_TESTS.some(({ begins }) => path.startsWith(begins));
}

/** One run of one file of tests. */
export interface TestJob {
  /** As reports name it. */
  name: string;
  path: string;
  /** The I/O engine that the proxy under test runs, or null where that makes no difference. */
  io: string | null;
}

/** The runs of test files: those that drive the proxy run under each of `engines`. */
export function findTestJobs(prefixes: readonly string[], engines: readonly string[]): TestJob[] {
  return findTestFiles(prefixes).flatMap((path): TestJob[] =>
    BY_ENGINE.test(path)
      ? engines.map((io) => ({ name: `${path} (${io})`, path, io }))
      : [{ name: path, path, io: null }]
  );
}

/**
 * The test files that begin with one of `prefixes`, or all if there is none, those first that take longest.
 * Paths are from the repository's root, which must be the working directory.
 */
export function findTestFiles(prefixes: readonly string[]): string[] {
  const chosen = findCodeFiles("tests/").filter((path) =>
    path.endsWith("_test.ts") &&
    (prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix)))
  );
  return chosen.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}

function rank(path: string): number {
  const found = SLOW_FIRST.findIndex((pattern) => pattern.test(path));
  return found < 0 ? SLOW_FIRST.length : found;
}

/** The code with examples in its comments. Deno would start each of the others, too, to find that it has none. */
export function findExamples(): string[] {
  return findCodeFiles("src/").filter((path) => /^ *\* ```ts$/m.test(Deno.readTextFileSync(path)));
}

/** Paths of the code below `folder`. */
export function findCodeFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) return findCodeFiles(`${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}
