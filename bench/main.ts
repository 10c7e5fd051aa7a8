/**
 * The end-to-end benchmark: CPU time per request and memory of aster, beside nutcracker in the same
 * run.
 *
 * @module
 */
import {
  type BackendGroup,
  startClusterBackends,
  startLoneNodeBackends,
  startMemcachedBackends,
  startRedisBackends,
} from "./backends.ts";
import { type Check, runChecks, selectChecks } from "./checks.ts";
import { endAllServers } from "../tests/support/servers/server_process.ts";
import { describeEnvironment, type Environment, environmentLine } from "./environment.ts";
import { machineLimits, whyImpossible } from "./machine_limits.ts";
import { measureRow, type RowRuns, type Side, type Sides } from "./measure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import {
  type Proxy,
  type ProxyOptions,
  startAster,
  startNutcracker,
  WORKING_TREE,
} from "./proxies.ts";
import { checksTable, closingLine, rowLine, rowsTable } from "./report.ts";
import { checkOut } from "./revision.ts";
import {
  CLIENTS,
  ENGINES,
  groupRows,
  type Row,
  type RowGroup,
  selectRows,
  type Suite,
} from "./rows.ts";
import { ROUNDS_MIN } from "./targets.ts";
import { type RowSummary, summarize } from "./verdict.ts";

type StartProxy = (options: ProxyOptions) => Promise<Proxy>;

/** Starts one side's proxy; the suites of one run share it. */
interface Contender {
  name: string;
  start: StartProxy;
}

/** A row and what came of it. */
interface Measured {
  runs: RowRuns;
  summary: RowSummary;
}

/** A row that was not measured, and why. */
interface Skipped {
  id: string;
  reason: string;
}

const SUITES: readonly Suite[] = ["redis", "memcache", "redis_cluster"];

/**
 * Longest wait for a backend's reply where many clients are connected, in milliseconds: what they
 * all have in flight takes seconds to answer.
 */
const MANY_CLIENTS_TIMEOUT_MS = 60_000;

const workingTree: Contender = {
  name: "aster",
  start: (options) => startAster(options, WORKING_TREE),
};

/** What is measured while everything ends fails: that is no result, and must not end the program first. */
let isInterrupted = false;

async function main(): Promise<number> {
  const options = parseOptions(Deno.args);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  await using running = new AsyncDisposableStack();
  endOnSignals(running);
  const environment = await describeEnvironment();
  console.log(environmentLine(environment));
  const lengths = options.engines.map((engine) => `${options.seconds[engine]} s (${engine})`);
  console.log(
    `${options.rounds} rounds of ${lengths.join(" and ")}, one thread each; ` +
      "ratios are subject : reference, of medians, with the range over rounds",
  );
  if (options.rounds < ROUNDS_MIN) console.log(`Fewer than ${ROUNDS_MIN} rounds: not a result.`);

  const [reference, subject] = await contenders(options, running);
  const measured: Measured[] = [];
  const skipped: Skipped[] = [];
  for (const group of groupRows(selectRows(options))) {
    if (group.suite === "redis_cluster" && options.mode === "calibrate") continue;
    const rows = withoutImpossible(group.rows, skipped);
    if (rows.length === 0) continue;
    await using stack = new AsyncDisposableStack();
    running.defer(() => stack.disposeAsync());
    const sides = await startSides(group, reference, subject, options, stack);
    measured.push(...await measureRows(rows, sides, options));
  }
  const checks = await makeChecks(options, subject);
  printReport(measured.map(({ summary }) => summary), checks, skipped);
  await writeJson(options, environment, measured, checks, skipped);
  return 0;
}

/** The rows that this machine can hold now; the others are said to be skipped. */
function withoutImpossible(rows: readonly Row[], skipped: Skipped[]): Row[] {
  const limits = machineLimits();
  return rows.filter((row) => {
    const reason = whyImpossible(row, limits);
    if (reason === null) return true;
    console.log(`\n${row.id}  skipped: ${reason}`);
    skipped.push({ id: row.id, reason });
    return false;
  });
}

/** Ends what was started also where the benchmark is interrupted. */
function endOnSignals(running: AsyncDisposableStack): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      isInterrupted = true;
      endAllServers();
      running.disposeAsync().finally(() => Deno.exit(130));
    });
  }
}

async function contenders(
  options: Options,
  running: AsyncDisposableStack,
): Promise<[Contender, Contender]> {
  const nutcracker: Contender = { name: "nutcracker", start: startNutcracker };
  if (options.mode === "compare") return [nutcracker, workingTree];
  if (options.mode === "calibrate") return [nutcracker, { ...nutcracker, name: "nutcracker too" }];
  const { reference, subject } = options.revisions!;
  return [
    await revisionContender(reference, running),
    subject === null ? workingTree : await revisionContender(subject, running),
  ];
}

async function revisionContender(
  revision: string,
  running: AsyncDisposableStack,
): Promise<Contender> {
  const { directory, commit } = running.use(await checkOut(revision));
  return { name: `aster ${commit}`, start: (options) => startAster(options, directory) };
}

async function startSides(
  { engine, suite, clients }: RowGroup,
  reference: Contender,
  subject: Contender,
  options: Options,
  stack: AsyncDisposableStack,
): Promise<Sides> {
  const timeout = clients > CLIENTS ? { timeoutMs: MANY_CLIENTS_TIMEOUT_MS } : {};
  const start = async (contender: Contender, as: Suite, backends: BackendGroup): Promise<Side> => {
    const named = { name: contender.name, suite: as, engine };
    return {
      proxy: stack.use(await contender.start({ ...named, backends, ...timeout })),
      backends,
    };
  };
  const what = `\n${suite}, ${engine}, ${clients} clients`;
  const backends = stack.use(await startBackends(suite));
  if (suite === "redis_cluster" && options.mode === "compare") {
    const ring = stack.use(await startLoneNodeBackends());
    console.log(
      `${what}: ${subject.name} beside ${subject.name} in redis mode; ` +
        `throughput and p99 beside ${reference.name}`,
    );
    return {
      reference: await start(subject, "redis", ring),
      subject: await start(subject, suite, backends),
      yardstick: await start(reference, "redis", ring),
    };
  }
  console.log(`${what}: ${subject.name} beside ${reference.name}`);
  return {
    reference: await start(reference, suite, backends),
    subject: await start(subject, suite, backends),
    yardstick: null,
  };
}

function startBackends(suite: Suite): Promise<BackendGroup> {
  if (suite === "memcache") return startMemcachedBackends();
  return suite === "redis" ? startRedisBackends() : startClusterBackends();
}

async function measureRows(
  rows: readonly Row[],
  sides: Sides,
  options: Options,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const row of rows) {
    const { rounds, seconds } = options;
    const runs = await measureRow(row, sides, { rounds, seconds: seconds[row.engine] });
    const summary = summarize(runs, options.mode);
    console.log(rowLine(summary));
    measured.push({ runs, summary });
  }
  return measured;
}

/** Whether all rows and checks of the engines are measured, beside nutcracker. */
function isComplete(options: Options): boolean {
  return options.only === null && !options.isQuick && options.mode === "compare";
}

/** Whether the run makes a result to be kept. */
function isWhole(options: Options): boolean {
  return isComplete(options) && options.engines.length === ENGINES.length;
}

/** The checks are part of a complete run, or asked for by name. */
async function makeChecks(options: Options, subject: Contender): Promise<Check[]> {
  if (options.only === null && !isComplete(options)) return [];
  return await runChecks(
    selectChecks(options.engines, options.only),
    (engine, backends, timeoutMs) =>
      subject.start({ name: subject.name, suite: "redis", engine, backends, timeoutMs }),
  );
}

function printReport(
  summaries: readonly RowSummary[],
  checks: readonly Check[],
  skipped: readonly Skipped[],
): void {
  for (const engine of ENGINES) {
    for (const suite of SUITES) {
      const rows = summaries.filter(({ row }) => row.engine === engine && row.suite === suite);
      if (rows.length > 0) console.log(`\n${rowsTable(rows)}`);
    }
  }
  if (checks.length > 0) console.log(`\n${checksTable(checks)}`);
  if (skipped.length > 0) console.log("");
  for (const { id, reason } of skipped) console.log(`${id} skipped: ${reason}`);
  console.log(`\n${closingLine(summaries, checks, skipped.length)}`);
}

async function writeJson(
  options: Options,
  environment: Environment,
  measured: readonly Measured[],
  checks: readonly Check[],
  skipped: readonly Skipped[],
): Promise<void> {
  if (options.jsonFile === null && !isWhole(options)) return;
  const day = environment.date.slice(0, 10);
  const usual = new URL(`./results/${day}-${environment.commit}.json`, import.meta.url);
  if (options.jsonFile === null) await Deno.mkdir(new URL("./", usual), { recursive: true });
  const { mode, engines, rounds, seconds, revisions } = options;
  const rows = measured.map(({ runs, summary }) => ({
    ...summary,
    runs: { reference: runs.reference, subject: runs.subject, yardstick: runs.yardstick },
  }));
  const run = { environment, mode, engines, rounds, seconds, revisions };
  const text = `${JSON.stringify({ ...run, rows, skipped, checks }, null, 2)}\n`;
  await Deno.writeTextFile(options.jsonFile ?? usual, text);
  console.log(`Written to ${options.jsonFile ?? decodeURIComponent(usual.pathname)}`);
}

if (import.meta.main) {
  let code = 1;
  try {
    code = await main();
  } catch (error) {
    if (!isInterrupted) console.error(error instanceof Error ? error.message : error);
  }
  if (!isInterrupted) Deno.exit(code);
}
