/**
 * The command line of `deno task test`.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";

/** What to test. */
export interface TestOptions {
  /** Only test files that begin with one of these; all, and the checks, if there is none. */
  readonly prefixes: readonly string[];
  /** Missing servers may be installed. */
  readonly isInstallAllowed: boolean;
  /** Path of the program that stands in redis-server's place; null: none does. */
  readonly server: string | null;
}

/** The text of `--help`. */
export const USAGE = `Usage: deno task test [options] [PATH...]

Checks format, lint and types, and runs the test files, each in a process of its own; those that
drive the proxy once under each I/O engine. What takes longest is left to deno task ci. With PATHs
only the test files that begin with them, be they long, without the checks:
deno task test tests/unit/hash

  --server PATH  run the tests against this server program instead of redis-server, such as
                 valkey-server; meant for tests/servers/redis and tests/differential
  --yes          install missing servers by the system's package manager, without asking
  -h, --help     this text

ASTER_TEST_IO names the only engine to run, ASTER_TEST_JOBS the number of files at a time.`;

/** The command line cannot be understood. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Reads the command line; null if help was asked for.
 *
 * @throws {UsageError} If it cannot be understood.
 */
export function parseTestOptions(words: string[]): TestOptions | null {
  const { _: prefixes, help, server, yes } = parseArgs(words, {
    boolean: ["help", "yes"],
    string: ["server", "_"],
    alias: { h: "help" },
    unknown: (word: string, key?: string) => {
      if (key !== undefined) throw new UsageError(`Unknown option "${word}"\n\n${USAGE}`);
    },
  });
  if (help) return null;
  if (server === "") throw new UsageError("--server needs the path of a server program");
  return {
    prefixes: prefixes.map(String),
    isInstallAllowed: yes === true,
    server: server ?? null,
  };
}
