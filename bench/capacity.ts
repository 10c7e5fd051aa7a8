/**
 * `deno run -A bench/capacity.ts`: how many requests a second one core of the proxy takes, and what memory, by
 * number of clients, requests in flight and engine. Prints the table of docs/operating.md.
 *
 * What is measured is the proxy's CPU time for each request, of one thread: a second of it is a core. So the figure
 * does not depend on how many cores the load and the servers have, nor on who else uses the machine, as long as the
 * caches are not fought for.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";
import { residentBytes } from "../tests/support/servers/server_process.ts";
import { startRedisBackends } from "./backends.ts";
import { machineLimits, whyImpossible } from "./machine_limits.ts";
import { measureAlone } from "./measure.ts";
import { startAster, WORKING_TREE } from "./proxies.ts";
import { type Engine, ENGINES, type Operation, type Row } from "./rows.ts";

const CLIENTS: Record<Engine, readonly number[]> = {
  // Whoever has more is better off on epoll.
  deno: [50, 500, 2_000],
  epoll: [50, 500, 2_000, 10_000],
};
const PIPELINES = [1, 8, 32];
/** Enough clients for their memory to stand out of what the engine's heap does by itself. */
const MEMORY_CLIENTS_MIN = 2_000;
/** Longest wait for a backend's reply: what ten thousand clients have in flight takes seconds. */
const TIMEOUT_MS = 60_000;

const USAGE = `Usage: deno run -A bench/capacity.ts [options]

  --operation get|set  get
  --bytes N            length of a value; 100
  --io ENGINE          deno or epoll; both
  --rounds N           rounds of which the median is taken; 3
  --seconds S          length of a round; 2
  -h, --help           this text`;

/** A line of the table. */
interface Line {
  engine: Engine;
  clients: number;
  /** By requests in flight; null: not measured. */
  cpuUs: (number | null)[];
  /** Added by all clients, at the most. */
  addedBytes: number;
}

async function main(words: string[]): Promise<number> {
  const flags = parseArgs(words, {
    string: ["operation", "bytes", "io", "rounds", "seconds"],
    boolean: ["help"],
    alias: { h: "help" },
  });
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const operation = (flags.operation ?? "get") as Operation;
  const valueBytes = Number(flags.bytes ?? 100);
  const effort = { rounds: Number(flags.rounds ?? 3), seconds: Number(flags.seconds ?? 2) };
  const engines = flags.io === undefined ? ENGINES : [flags.io as Engine];
  const lines: Line[] = [];
  for (const engine of engines) {
    for (const clients of CLIENTS[engine]) {
      const line = await measureLine({ engine, clients, operation, valueBytes }, effort);
      lines.push(line);
      console.log(JSON.stringify(line));
    }
  }
  console.log(`\n${table(lines)}`);
  return 0;
}

/** All pipelines of one number of clients, the shortest first, at a proxy of their own. */
async function measureLine(
  what: Pick<Row, "engine" | "clients" | "operation" | "valueBytes">,
  effort: { rounds: number; seconds: number },
): Promise<Line> {
  await using backends = await startRedisBackends();
  await using proxy = await startAster({
    ...{ name: "aster", suite: "redis", engine: what.engine, backends, timeoutMs: TIMEOUT_MS },
  }, WORKING_TREE);
  const base = residentBytes(proxy.pid);
  const line: Line = { engine: what.engine, clients: what.clients, cpuUs: [], addedBytes: 0 };
  for (const pipeline of PIPELINES) {
    const id = `capacity/p${pipeline}/c${what.clients}`;
    const row: Row = { ...what, id, suite: "redis", pipeline, isQuick: false };
    const reason = whyImpossible(row, machineLimits());
    if (reason !== null) {
      console.log(`${id} on ${what.engine} skipped: ${reason}`);
      line.cpuUs.push(null);
      continue;
    }
    try {
      const { runs, peakBytes } = await measureAlone(row, { proxy, backends }, effort);
      const problems = runs.flatMap((run) => run.problems);
      if (problems.length > 0) throw new Error(problems.join("; "));
      line.cpuUs.push(median(runs.map((run) => run.cpuUsPerRequest)));
      line.addedBytes = Math.max(line.addedBytes, peakBytes - base);
    } catch (error) {
      console.log(`${id} on ${what.engine} is no result: ${error}`);
      line.cpuUs.push(null);
    }
  }
  return line;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)]!;
}

function table(lines: readonly Line[]): string {
  const title = (pipeline: number) => pipeline === 1 ? "1 in flight" : `${pipeline} in flight`;
  const head = ["engine", "clients", ...PIPELINES.map(title), "memory added", "a further client"];
  const rows = lines.map(({ engine, clients, cpuUs, addedBytes }) => {
    // What few clients add is the heap that the engine grows to under load.
    const few = lines.find((line) => line.engine === engine)!;
    const each = (addedBytes - few.addedBytes) / (clients - few.clients) / 1000;
    return [
      `\`${engine}\``,
      clients.toLocaleString("en"),
      ...cpuUs.map((us) => us === null ? "–" : perSecond(us)),
      `${Math.round(addedBytes / 1e6)} MB`,
      clients < MEMORY_CLIENTS_MIN ? "" : `${each.toFixed(1)} KB`,
    ];
  });
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Requests a second for a core, as exact as they are. */
function perSecond(cpuUs: number): string {
  const requests = 1e6 / cpuUs;
  return (Math.round(requests / 1000) * 1000).toLocaleString("en");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
