/**
 * The benchmark of the core: CPU time per request of a whole worker on fake sockets, beside that of another revision.
 * The system's share is left out, so small differences show, also on a machine that others use: both sides run in
 * turns, many short times. What counts is the middle of the ratios of neighbouring runs.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { WORKING_TREE } from "../proxies.ts";
import { checkOut } from "../revision.ts";
import { type Engine, ENGINES, MGET_KEYS, type Operation, type Suite } from "../rows.ts";
import type { WorkerTask } from "./worker.ts";

const USAGE = `Usage: deno task bench:core [options]

Measures the CPU time per request of one worker, all of it but the system calls: sockets are fakes
in the same process. The working tree is measured beside another revision.

  --beside REVISION   the other revision (HEAD)
  --with LINES        lines of the cluster's configuration for the working tree only, such as
                      'hotkeys = true'; beside HEAD they show what that costs
  --only PATTERN      rows whose id matches, such as '^epoll:' or 'get/32/p32'
  --processes N       processes of each side (5): each is optimized in its own way
  --runs N            runs of each process (50)
  -h, --help          this text`;

/** Clients, each with one pipeline in flight. */
const CLIENTS = 8;
/** Requests of one run: some ten milliseconds. */
const REQUESTS = 20_000;
/** Runs after which everything is optimized; they do not count. */
const WARMING_RUNS = 25;
const SUITES: readonly (readonly [Suite, Operation])[] = [
  ["redis", "get"],
  ["redis", "set"],
  ["redis", "mget"],
  ["memcache", "get"],
  ["redis_cluster", "get"],
];
const PIPELINES = [1, 8, 32];

/** One worker process. */
class Worker {
  readonly #process: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  constructor(task: WorkerTask) {
    const program = new URL("./worker.ts", import.meta.url).pathname;
    const config = `${task.directory}deno.json`;
    const args = ["run", "-A", "--no-check", "--no-lock", "--config", config, program];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...args, JSON.stringify(task)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#orders = this.#process.stdin.getWriter();
    this.#answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Returns how long it took, nanoseconds per request. */
  async run(): Promise<number> {
    await this.#orders.write(Uint8Array.of(1));
    const { value } = await this.#answers.read();
    const cpuNs = Number.parseFloat(value ?? "");
    if (Number.isNaN(cpuNs)) throw new Error("A worker has ended");
    return cpuNs;
  }

  async end(): Promise<void> {
    await this.#orders.close();
    await this.#process.status;
  }
}

interface CoreRow {
  id: string;
  engine: Engine;
  suite: Suite;
  operation: Operation;
  pipeline: number;
}

function rows(only: RegExp): CoreRow[] {
  const all = ENGINES.flatMap((engine) =>
    SUITES.flatMap(([suite, operation]) =>
      PIPELINES.map((pipeline) => ({
        id: `${engine}:${suite}/${operation}/32/p${pipeline}`,
        engine,
        suite,
        operation,
        pipeline,
      }))
    )
  );
  return all.filter(({ id }) => only.test(id));
}

/** What came of a row. */
interface Result {
  /** Least time of either side, nanoseconds per request. */
  leastNs: [before: number, now: number];
  /** The middle ratio of neighbouring runs for each pair of processes, least first. */
  ratios: number[];
}

async function measure(
  row: CoreRow,
  directories: readonly [string, string],
  settings: string,
  processes: number,
  runs: number,
): Promise<Result> {
  const result: Result = { leastNs: [Infinity, Infinity], ratios: [] };
  const { engine, suite, operation, pipeline } = row;
  const requests = operation === "mget" ? REQUESTS / MGET_KEYS : REQUESTS;
  const task = { engine, suite, operation, pipeline, clients: CLIENTS, requests };
  for (let process = 0; process < processes; process++) {
    const before = new Worker({ ...task, directory: directories[0] });
    const now = new Worker({ ...task, directory: directories[1], settings });
    const ratios: number[] = [];
    for (let run = 0; run < WARMING_RUNS + runs; run++) {
      const times = [await before.run(), await now.run()] as const;
      if (run < WARMING_RUNS) continue;
      ratios.push(times[1] / times[0]);
      for (const side of [0, 1] as const) {
        result.leastNs[side] = Math.min(result.leastNs[side], times[side]);
      }
    }
    result.ratios.push(middle(ratios));
    await before.end();
    await now.end();
  }
  result.ratios.sort((one, other) => one - other);
  return result;
}

function middle(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      beside: { type: "string", default: "HEAD" },
      with: { type: "string", default: "" },
      only: { type: "string", default: "" },
      processes: { type: "string", default: "5" },
      runs: { type: "string", default: "50" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  await using other = await checkOut(values.beside);
  console.log(`| row | ns/request | at ${other.commit} | ratio | range over processes |`);
  console.log("| --- | --- | --- | --- | --- |");
  for (const row of rows(new RegExp(values.only))) {
    const { leastNs, ratios } = await measure(
      row,
      [other.directory, WORKING_TREE],
      values.with,
      Number(values.processes),
      Number(values.runs),
    );
    const cells = [
      row.id,
      leastNs[1].toFixed(0),
      leastNs[0].toFixed(0),
      middle(ratios).toFixed(3),
      `${ratios[0]!.toFixed(3)}–${ratios.at(-1)!.toFixed(3)}`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

if (import.meta.main) await main();
