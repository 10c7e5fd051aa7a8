/**
 * Which test files there are.
 *
 * @module
 */

/** Folders whose tests take longest: they begin first, so that no long file is left at the end. */
const SLOW_FIRST = [/^tests\/proxy\//, /^tests\/(model|fuzz|contract)\//, /\/(support|tasks)\//];

/** Folders whose tests drive the proxy over real sockets. */
const BY_ENGINE = /^tests\/(proxy|servers|model|fuzz)\//;

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

/** Paths of the code below `folder`. */
export function findCodeFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) return findCodeFiles(`${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}
