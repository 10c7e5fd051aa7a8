/**
 * The command line of the benchmark.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Engine, ENGINES } from "./rows.ts";
import { type Mode, ROUNDS_MIN } from "./targets.ts";

/** What to measure and how long. */
export interface Options {
  mode: Mode;
  engines: readonly Engine[];
  /** Pattern of the rows' and checks' ids, or null for all. */
  only: RegExp | null;
  isQuick: boolean;
  rounds: number;
  /** Length of one measured run, by the engine of the row. */
  seconds: Record<Engine, number>;
  /** Revisions of {@link Options.mode} `self`; null stands for the working tree. */
  revisions: { reference: string; subject: string | null } | null;
  /** Where the JSON goes, or null for the usual place. */
  jsonFile: string | null;
}

/** The text of `--help`. */
export const USAGE = `Usage: deno run -A bench/main.ts [options]

Measures the CPU time of aster per request beside nutcracker (and of a Redis Cluster beside a plain
ring), in turns, each row in several rounds, then what memory aster takes and what it does when
idle. Needs Linux, nutcracker, redis-server, redis-benchmark and memcached.

An id is ENGINE:SUITE/COMMAND/BYTES/pPIPELINE/cCLIENTS, such as 'epoll:redis/get/32/p1/c500';
'deno:' and '/c50' are left out, as in 'redis/get/32/p1'. Checks are 'memory/idle',
'epoll:memory/idle', 'epoll:idle/cpu' and so on. Rows that the machine cannot hold are skipped.

  --io ENGINE             aster's engine: deno or epoll (both; deno only where aster is not beside
                          nutcracker)
  --only PATTERN          rows and checks whose id matches, such as '^redis/get/32/', '/c2000$' or
                          memory
  --quick                 few rows, few and short rounds, no checks: for orientation, not a result
  --rounds N              rounds per row (${ROUNDS_MIN}; with --quick 3)
  --seconds S             length of one measured run (3 for deno, 2 for epoll; with --quick 1.5)
  --calibrate             nutcracker beside nutcracker: proves that the harness itself is fair
  --self-compare A[..B]   aster at git revision A beside aster at B, or beside the working tree
  --json FILE             where the JSON goes; without it, a whole run's goes to
                          bench/results/DATE-COMMIT.json and any other's nowhere
  -h, --help              this text`;

/**
 * Reads the command line; null if help was asked for.
 *
 * @throws {Error} If it cannot be understood.
 */
export function parseOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      io: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      calibrate: { type: "boolean", default: false },
      "self-compare": { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const isQuick = values.quick;
  const revisions = values["self-compare"];
  if (values.calibrate && revisions !== undefined) {
    throw new Error("--calibrate and --self-compare exclude each other");
  }
  const [reference = "", subject] = revisions?.split("..") ?? [];
  const mode = values.calibrate ? "calibrate" : revisions === undefined ? "compare" : "self";
  const seconds = (otherwise: number) =>
    positive("seconds", values.seconds, isQuick ? 1.5 : otherwise, Number.isFinite);
  return {
    mode,
    engines: enginesOf(values.io, mode),
    only: values.only === undefined ? null : new RegExp(values.only),
    isQuick,
    rounds: positive("rounds", values.rounds, isQuick ? 3 : ROUNDS_MIN, Number.isInteger),
    seconds: { deno: seconds(3), epoll: seconds(2) },
    revisions: revisions === undefined ? null : { reference, subject: subject ?? null },
    jsonFile: values.json ?? null,
  };
}

/** An old revision has no other engine than Deno's, and nutcracker none to choose. */
function enginesOf(text: string | undefined, mode: Mode): readonly Engine[] {
  if (text === undefined) return mode === "compare" ? ENGINES : ["deno"];
  const engine = ENGINES.find((one) => one === text);
  if (engine === undefined) throw new Error(`--io ${text}: not ${ENGINES.join(" or ")}`);
  return [engine];
}

function positive(
  name: string,
  text: string | undefined,
  otherwise: number,
  isFit: (value: number) => boolean,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!isFit(value) || value <= 0) throw new Error(`--${name} ${text}: not a positive number`);
  return value;
}
