/**
 * Where the proxy answers otherwise than a server, and why; all else is a bug.
 *
 * @module
 */
import { testedServer } from "../support/servers/redis_server.ts";
import type { Mode } from "./run.ts";

/** One difference: a command, a field of its reply, and the reason. */
interface Exception {
  /** Null: any. */
  readonly command: string | null;
  /** The servers at which it differs, as `redis 6.2`; all if left out. */
  readonly servers?: readonly string[];
  /** What differs, as the pair of replies shows it. */
  readonly field: string;
  readonly reason: string;
  readonly modes: readonly Mode[];
  /** A request that shows it. */
  readonly sample: string;
  matches(words: readonly string[], expected: string, got: string): boolean;
}

/** They are said only by Redis 6.2, and by the proxy in the words of 7.0. */
const BEFORE_7: Pick<Exception, "command" | "servers" | "modes"> = {
  command: null,
  servers: ["redis 6.2"],
  modes: ["one", "three", "cluster"],
};

const ALL_EXCEPTIONS: readonly Exception[] = [
  ...["readonly", "readwrite"].map((command): Exception => ({
    command,
    field: "the error",
    reason: "cluster-aware clients say it, and the proxy is the whole cluster to them",
    modes: ["cluster"],
    servers: [...(command === "readonly" ? ["redis 6.2"] : []), "redis 7.0", "redis 8.2"],
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
      got === `-ERR ${command.toUpperCase()} is not allowed in cluster mode\r\n` ||
      // Valkey's clusters may have several, if they are told to.
      (command === "move" && got === "-ERR DB index is out of range\r\n"),
  })),
  {
    ...BEFORE_7,
    field: "that there is no such command",
    reason: "the proxy has it itself, or says first what is wrong with its keys",
    sample: "SINTERCARD 3 a",
    matches: (_words, expected, got) => expected.startsWith("-ERR unknown command `") && got !== "",
  },
  {
    ...BEFORE_7,
    field: "that there is no such subcommand",
    reason: "the proxy answers it itself, and has it",
    sample: "COMMAND LIST FILTERBY PATTERN getd*",
    matches: (_words, expected, got) =>
      expected.startsWith("-ERR Unknown subcommand or wrong number of arguments") && got !== "",
  },
  {
    ...BEFORE_7,
    field: "the error",
    reason: "the words of 7.0, which quotes the command",
    sample: "ZUNION 0 a",
    matches: (_words, expected, got) =>
      /^-ERR at least 1 input key is needed for \w+\r\n$/.test(expected) &&
      got.replaceAll("'", "").replace(" command", "") === expected,
  },
  {
    command: "sort",
    field: "the error",
    reason: "a Redis Cluster refuses BY and GET, whose keys may be anywhere",
    modes: ["cluster"],
    sample: "SORT {d}l1 BY w* ALPHA",
    matches: (words, _expected, got) =>
      /^(BY|GET)$/.test(words[2] ?? "") && / denied in [Cc]luster mode/.test(got),
  },
];

/** What is to be met at the servers under test. */
export const EXCEPTIONS: readonly Exception[] = ALL_EXCEPTIONS.filter(({ servers }) =>
  servers === undefined || servers.includes(testedServer().series)
);

/** The reason for a difference, or null: there is none. */
export function exceptionFor(
  words: readonly string[],
  expected: string,
  got: string,
  mode: Mode,
): string | null {
  const command = words[0]!.toLowerCase();
  const found = EXCEPTIONS.find((exception) =>
    (exception.command === null || exception.command === command) &&
    exception.modes.includes(mode) &&
    exception.matches(words, expected, got)
  );
  return found === undefined
    ? null
    : `${found.command ?? "any command"}: ${found.field}: ${found.reason}`;
}
