/**
 * The end-to-end benchmark: CPU time per request and memory of aster, beside nutcracker in the same
 * run.
 *
 * @module
 */
import {
  type BackendGroup,
  CLUSTER_MASTERS,
  startClusterBackends,
  startMemcachedBackends,
  startRedisBackends,
} from "./backends.ts";
import { describeEnvironment, type Environment, environmentLine } from "./environment.ts";
import { measureRow, type RowRuns, type Side, type Sides } from "./measure.ts";
import { type MemoryCheck, runMemoryChecks } from "./memory.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import {
  type Proxy,
  type ProxyOptions,
  startAster,
  startNutcracker,
  WORKING_TREE,
} from "./proxies.ts";
import { closingLine, memoryTable, rowLine, rowsTable } from "./report.ts";
import { checkOut } from "./revision.ts";
import { type Row, selectRows, type Suite } from "./rows.ts";
import { CLIENTS, ROUNDS_MIN } from "./targets.ts";
import { type RowSummary, summarize } from "./verdict.ts";

type StartProxy = (options: ProxyOptions) => Promise<Proxy>;

/** Starts one side's proxy; the suites of one run share it. */
interface Contender {
  name: string;
  start: StartProxy;
}

const SUITES: readonly Suite[] = ["redis", "memcache", "redis_cluster"];

const workingTree: Contender = {
  name: "aster",
  start: (options) => startAster(options, WORKING_TREE),
};

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
  console.log(
    `${options.rounds} rounds of ${options.seconds} s, ${CLIENTS} clients, one thread each; ` +
      "ratios are subject : reference, of medians, with the range over rounds",
  );
  if (options.rounds < ROUNDS_MIN) console.log(`Fewer than ${ROUNDS_MIN} rounds: not a result.`);

  const [reference, subject] = await contenders(options, running);
  const measured: { runs: RowRuns; summary: RowSummary }[] = [];
  for (const suite of SUITES) {
    const rows = selectRows(options.only, options.isQuick).filter((row) => row.suite === suite);
    if (rows.length === 0 || (suite === "redis_cluster" && options.mode === "calibrate")) continue;
    await using stack = new AsyncDisposableStack();
    running.defer(() => stack.disposeAsync());
    const sides = await startSides(suite, reference, subject, options, stack);
    measured.push(...await measureRows(rows, sides, options));
  }
  const checks = await memoryChecks(options, subject);
  printReport(measured.map(({ summary }) => summary), checks);
  await writeJson(options, environment, measured, checks);
  return 0;
}

/** Ends what was started also where the benchmark is interrupted. */
function endOnSignals(running: AsyncDisposableStack): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
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
  suite: Suite,
  reference: Contender,
  subject: Contender,
  options: Options,
  stack: AsyncDisposableStack,
): Promise<Sides> {
  const start = async (contender: Contender, as: Suite, backends: BackendGroup): Promise<Side> => ({
    proxy: stack.use(await contender.start({ name: contender.name, suite: as, backends })),
    backends,
  });
  const backends = stack.use(await startBackends(suite));
  if (suite === "redis_cluster" && options.mode === "compare") {
    const ring = stack.use(await startRedisBackends(CLUSTER_MASTERS));
    console.log(
      `\n${suite}: ${subject.name} beside ${subject.name} in redis mode; ` +
        `throughput and p99 beside ${reference.name}`,
    );
    return {
      reference: await start(subject, "redis", ring),
      subject: await start(subject, suite, backends),
      yardstick: await start(reference, "redis", ring),
    };
  }
  console.log(`\n${suite}: ${subject.name} beside ${reference.name}`);
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
): Promise<{ runs: RowRuns; summary: RowSummary }[]> {
  const measured: { runs: RowRuns; summary: RowSummary }[] = [];
  for (const row of rows) {
    const runs = await measureRow(row, sides, options);
    const summary = summarize(runs, options.mode);
    console.log(rowLine(summary));
    measured.push({ runs, summary });
  }
  return measured;
}

/** Whether the run makes a result to be kept: all rows and checks, beside nutcracker. */
function isWhole(options: Options): boolean {
  return options.only === null && !options.isQuick && options.mode === "compare";
}

/** Memory is part of a whole run, or asked for by name. */
async function memoryChecks(options: Options, subject: Contender): Promise<MemoryCheck[]> {
  if (options.only === null && !isWhole(options)) return [];
  return await runMemoryChecks(
    (backends, timeoutMs) =>
      subject.start({ name: subject.name, suite: "redis", backends, timeoutMs }),
    (id) => options.only === null || options.only.test(id),
  );
}

function printReport(summaries: readonly RowSummary[], checks: readonly MemoryCheck[]): void {
  for (const suite of SUITES) {
    const ofSuite = summaries.filter(({ row }) => row.suite === suite);
    if (ofSuite.length > 0) console.log(`\n${rowsTable(ofSuite)}`);
  }
  if (checks.length > 0) console.log(`\n${memoryTable(checks)}`);
  console.log(`\n${closingLine(summaries, checks)}`);
}

async function writeJson(
  options: Options,
  environment: Environment,
  measured: readonly { runs: RowRuns; summary: RowSummary }[],
  checks: readonly MemoryCheck[],
): Promise<void> {
  if (options.jsonFile === null && !isWhole(options)) return;
  const day = environment.date.slice(0, 10);
  const usual = new URL(`./results/${day}-${environment.commit}.json`, import.meta.url);
  if (options.jsonFile === null) await Deno.mkdir(new URL("./", usual), { recursive: true });
  const { mode, rounds, seconds, revisions } = options;
  const rows = measured.map(({ runs, summary }) => ({
    ...summary,
    runs: { reference: runs.reference, subject: runs.subject, yardstick: runs.yardstick },
  }));
  const result = { environment, mode, rounds, seconds, revisions, clients: CLIENTS, rows, checks };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await Deno.writeTextFile(options.jsonFile ?? usual, text);
  console.log(`Written to ${options.jsonFile ?? decodeURIComponent(usual.pathname)}`);
}

if (import.meta.main) {
  let code = 1;
  try {
    code = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  Deno.exit(code);
}
