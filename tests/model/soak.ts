/**
 * `deno task soak`: the model test through all scenarios, with all their faults, and a line of figures a minute. Ends
 * with code 1 at the first violation.
 *
 * @module
 */
import { parseArgs } from "../../deps.ts";
import { ensureServers } from "../../tasks/servers.ts";
import { endAllServers } from "../support/servers/server_process.ts";
import { Random, SEED_VARIABLE } from "../support/tools/seed.ts";
import { TEST_IO_VARIABLE, testIo } from "../support/tools/test_engine.ts";
import { runModel } from "./model_run.ts";
import { RunReport } from "./run_report.ts";
import { type Scenario, scenarios } from "./scenario.ts";

const USAGE = `deno task soak: clients that know every reply that is possible, under faults

  --minutes N       how long in all; 60 if left out. A turmoil of less than 2 minutes judges no memory
  --scenario TEXT   only scenarios with this in their name; all if left out:
                    ${scenarios.map(({ name }) => name).join("\n                    ")}
  --seed N          the seed of every run; random if left out
  --io ENGINE       deno or epoll; in turns if left out
  --yes             servers that are missing may be installed
  --help            print this
`;
const LINE_INTERVAL_MS = 60_000;
/** Shortest run of one scenario, in milliseconds. */
const RUN_LEAST_MS = 10_000;

async function main(words: string[]): Promise<number> {
  const flags = parseArgs(words, {
    string: ["io", "minutes", "scenario", "seed"],
    boolean: ["help", "yes"],
  });
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const durationMs = Number(flags.minutes ?? 60) * 60_000;
  const chosen = scenarios.filter(({ name }) => name.includes(flags.scenario ?? ""));
  if (!(durationMs > 0) || chosen.length === 0) {
    console.error("Cannot run: a number of minutes and the name of a scenario are expected");
    return 2;
  }
  await ensureServers(["redis-server", "memcached"], {
    purpose: "The test",
    isAllowed: flags.yes,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      endAllServers();
      Deno.exit(130);
    });
  }
  const endsAtMs = performance.now() + durationMs;
  const engines = flags.io === undefined ? ["deno", "epoll"] : [flags.io];
  const runMs = Math.max(RUN_LEAST_MS, durationMs / chosen.length / engines.length);
  const totals = { runs: 0, requests: 0, errors: 0, faults: 0 };
  const order = new Random(drawSeed()).shuffled(chosen);
  for (let run = 0; performance.now() < endsAtMs; run++) {
    const seed = flags.seed === undefined ? drawSeed() : Number(flags.seed);
    // Each scenario is run under each engine before the next one.
    const scenario = order[Math.floor(run / engines.length) % order.length]!;
    Deno.env.set(TEST_IO_VARIABLE, engines[run % engines.length]!);
    const report = await runOne(scenario, seed, runMs);
    if (report === null) return 1;
    totals.runs += 1;
    totals.requests += report.clients.requests;
    totals.errors += report.failedCount;
    totals.faults += report.faults.sum;
  }
  console.log(`no violation: ${JSON.stringify(totals)}`);
  return 0;
}

/** One run; null if it found a violation. */
async function runOne(
  scenario: Scenario,
  seed: number,
  durationMs: number,
): Promise<RunReport | null> {
  const report = new RunReport();
  const title = `${scenario.name} ${TEST_IO_VARIABLE}=${testIo()} ${SEED_VARIABLE}=${seed}`;
  const show = () => console.log(`${new Date().toISOString()} ${title}: ${report}`);
  const timer = setInterval(show, LINE_INTERVAL_MS);
  try {
    await runModel(scenario, seed, durationMs, report);
    show();
    return report;
  } catch (error) {
    // What the proxy says of itself as it ends, and what its clients saw, are two errors.
    const found = error instanceof SuppressedError ? [error.suppressed, error.error] : [error];
    console.log(`VIOLATION ${title}:`, ...found);
    return null;
  } finally {
    clearInterval(timer);
  }
}

function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
