/**
 * Where the proxy answers otherwise than a server, and why; all else is a bug.
 *
 * @module
 */
import type { Mode } from "./run.ts";

/** One difference: a command, a field of its reply, and the reason. */
interface Exception {
  readonly command: string;
  /** What differs, as the pair of replies shows it. */
  readonly field: string;
  readonly reason: string;
  readonly modes: readonly Mode[];
  /** A request that shows it. */
  readonly sample: string;
  matches(words: readonly string[], expected: string, got: string): boolean;
}

/** See above. */
export const EXCEPTIONS: readonly Exception[] = [
  ...["readonly", "readwrite"].map((command): Exception => ({
    command,
    field: "the error",
    reason: "cluster-aware clients say it, and the proxy is the whole cluster to them",
    modes: ["cluster"],
    sample: command,
    matches: (_words, expected, got) =>
      expected.startsWith("-ERR This instance") && got === "+OK\r\n",
  })),
  ...["move", "swapdb"].map((command): Exception => ({
    command,
    field: "the error",
    reason: "a Redis Cluster has one database, and says so",
    modes: ["cluster"],
    sample: command === "move" ? "MOVE none 1" : "SWAPDB 1 1",
    matches: (_words, _expected, got) =>
      got === `-ERR ${command.toUpperCase()} is not allowed in cluster mode\r\n`,
  })),
  {
    command: "sort",
    field: "the error",
    reason: "a Redis Cluster refuses BY and GET, whose keys may be anywhere",
    modes: ["cluster"],
    sample: "SORT {d}l1 GET # ALPHA",
    matches: (words, _expected, got) =>
      /^(BY|GET)$/.test(words[2] ?? "") && got.endsWith("denied in Cluster mode.\r\n"),
  },
];

/** The reason for a difference, or null: there is none. */
export function exceptionFor(
  words: readonly string[],
  expected: string,
  got: string,
  mode: Mode,
): string | null {
  const command = words[0]!.toLowerCase();
  const found = EXCEPTIONS.find((exception) =>
    exception.command === command && exception.modes.includes(mode) &&
    exception.matches(words, expected, got)
  );
  return found === undefined ? null : `${command}: ${found.field}: ${found.reason}`;
}
