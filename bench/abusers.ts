/**
 * What other clients of the same worker notice while one misbehaves: the latency of their GETs, and the memory of
 * the proxy. `deno task bench:abusers --help`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { delay } from "../tests/support/tools/poll.ts";
import { endAllServers } from "../tests/support/servers/server_process.ts";
import { type Abuser, ABUSERS } from "./abuser_list.ts";
import { type BackendGroup, startClusterBackends, startRedisBackends } from "./backends.ts";
import { Bystanders, type Observation } from "./bystanders.ts";
import { describeEnvironment, environmentLine } from "./environment.ts";
import { peakResidentBytes, resetPeakResident, residentBytes } from "./process_usage.ts";
import { startAster, WORKING_TREE } from "./proxies.ts";
import { checkOut } from "./revision.ts";
import { type Engine, ENGINES } from "./rows.ts";

/** What other clients' GETs may take at the 99th percentile, milliseconds. */
const P99_MS_MAX = 50;
/** How long an abuser is at work before anybody looks, milliseconds. */
const WARM_UP_MS = 1_500;
const MEBIBYTE = 1024 * 1024;

const USAGE = `Usage: deno task bench:abusers [options]

Lets one client (or several) misbehave, and measures what ten others on the same worker notice that
read one key each: the 99th percentile of their latency, which should stay below ${P99_MS_MAX} ms. Memory is the
proxy's resident set before, and its peak meanwhile.

  --io ENGINE       deno or epoll (both)
  --only PATTERN    abusers whose id matches: ${ABUSERS.map(({ id }) => id).join(", ")}
  --seconds S       how long each is watched (5)
  --revision R      the proxy at git revision R instead of the working tree
  -h, --help        this text`;

interface Line {
  abuser: Abuser;
  engine: Engine;
  seen: Observation;
  beforeBytes: number;
  peakBytes: number;
  isRunning: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      io: { type: "string" },
      only: { type: "string", default: "" },
      seconds: { type: "string", default: "5" },
      revision: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const engines = ENGINES.filter((engine) => (values.io ?? engine) === engine);
  const only = new RegExp(values.only);
  await using running = new AsyncDisposableStack();
  Deno.addSignalListener("SIGINT", () => {
    endAllServers();
    Deno.exit(130);
  });
  const { revision } = values;
  const checkout = revision === undefined ? null : running.use(await checkOut(revision));
  console.log(environmentLine(await describeEnvironment()));
  if (checkout !== null) console.log(`The proxy is that of ${checkout.commit}.`);
  console.log("\n| abuser | engine | p99, ms | longest, ms | GETs | errors | RSS, MiB |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const abuser of ABUSERS.filter(({ id }) => only.test(id))) {
    for (const engine of engines) {
      const directory = checkout?.directory ?? WORKING_TREE;
      console.log(rowOf(await watch(abuser, engine, directory, Number(values.seconds) * 1_000)));
    }
  }
}

/** Lets it misbehave in front of servers of its own. */
async function watch(
  abuser: Abuser,
  engine: Engine,
  directory: string,
  watchMs: number,
): Promise<Line> {
  await using backends = await startBackends(abuser);
  await using proxy = await startAster(
    { name: "aster", suite: abuser.suite, engine, backends },
    directory,
  );
  await using bystanders = abuser.meetsNewClients
    ? Bystanders.startAnew(proxy.port, "bystander")
    : await Bystanders.start(proxy.port, "bystander");
  const beforeBytes = residentBytes(proxy.pid);
  resetPeakResident(proxy.pid);
  const thread = new Worker(new URL("./abuser_thread.ts", import.meta.url), { type: "module" });
  thread.postMessage({ id: abuser.id, port: proxy.port });
  try {
    await delay(WARM_UP_MS);
    const seen = await bystanders.watch(delay(watchMs));
    const isRunning = proxy.isRunning();
    const peakBytes = isRunning ? peakResidentBytes(proxy.pid) : 0;
    return { abuser, engine, seen, beforeBytes, peakBytes, isRunning };
  } finally {
    thread.terminate();
  }
}

function startBackends({ suite }: Abuser): Promise<BackendGroup> {
  return suite === "redis_cluster" ? startClusterBackends() : startRedisBackends();
}

function rowOf({ abuser, engine, seen, beforeBytes, peakBytes, isRunning }: Line): string {
  const { p99Ms, longestMs, requests, errors } = seen;
  const mark = p99Ms <= P99_MS_MAX && errors === 0 && isRunning ? "" : " **";
  const memory = `${Math.round(beforeBytes / MEBIBYTE)} → ${Math.round(peakBytes / MEBIBYTE)}`;
  return `| ${abuser.what} | ${engine} | ${p99Ms.toFixed(1)}${mark} | ${longestMs.toFixed(1)} | ` +
    `${requests} | ${errors} | ${isRunning ? memory : "ended"} |`;
}

if (import.meta.main) {
  await main();
  Deno.exit(0);
}
