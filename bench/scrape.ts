/**
 * What a scrape of `/metrics` costs with a thousand servers: the supervisor's time and a worker's, apart, and for how
 * long a worker stands still for it.
 *
 * ```text
 *   deno run -A bench/scrape.ts [servers]
 * ```
 *
 * @module
 */
import { type Aster, PLAIN_PROGRAM, startAster } from "../tests/support/servers/aster.ts";
import { delay } from "../tests/support/tools/poll.ts";
import { RespClient } from "../tests/support/clients/resp_client.ts";
import { sampleCpu } from "./process_usage.ts";
import { ENGINES } from "./rows.ts";
import { measureStops } from "./scrape_stops.ts";
import { median } from "./verdict.ts";

const SERVERS = Number(Deno.args[0] ?? 1_000);
const WORKERS = 2;
/** Clients, of which each worker has some, and keys: enough that every server has some. */
const CLIENTS = 6;
const KEYS = 4_000;
/** Commands of the load: each is a series of every server it reaches. */
const COMMANDS = ["GET", "INCR", "TTL", "STRLEN"];
/** Scrapes that compile what is hot and do not count, and those that do. */
const WARM_SCRAPES = 10;
const SCRAPES = 40;
/** Pause between two, milliseconds: a scrape must be over before the next one begins. */
const PAUSE_MS = 100;
/** Pause between two requests of the bystander, milliseconds. */
const BYSTANDER_PAUSE_MS = 1;
/** No worker may stand still for longer, milliseconds. */
const STOP_MAX_MS = 20;

/** All servers, on one port and as many loopback addresses; each answers everything by OK. */
function startServers(): { port: number; close(): void } {
  const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const serve = async (connection: Deno.TcpConn) => {
    const room = new Uint8Array(65_536);
    const decoder = new TextDecoder();
    for (;;) {
      const count = await connection.read(room);
      if (count === null) return;
      const requests = decoder.decode(room.subarray(0, count)).split("*").length - 1;
      await connection.write(new TextEncoder().encode("+OK\r\n".repeat(requests)));
    }
  };
  (async () => {
    for await (const connection of listener) serve(connection).catch(() => {});
  })();
  return { port: listener.addr.port, close: () => listener.close() };
}

function configText(serverPort: number, port: number): string {
  const servers = Array.from(
    { length: SERVERS },
    (_, index) => `"127.1.${index >> 8}.${index & 255}:${serverPort}:1"`,
  );
  return `[[clusters]]
name = "many"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = ${WORKERS}
servers = [${servers.join(", ")}]
`;
}

/** Has every worker ask every server by every command. */
async function touchAll(port: number): Promise<void> {
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    using client = await RespClient.connect({ port });
    for (let key = 0; key < KEYS; key += 100) {
      const commands = COMMANDS.flatMap((command) =>
        Array.from({ length: 100 }, (_, index) => [command, `key:${key + index}`])
      );
      await client.pipeline(commands);
    }
  }));
}

/** CPU time of one scrape, milliseconds. */
interface ScrapeTime {
  readonly main: number;
  /** Of the worker that took longest. */
  readonly worker: number;
}

/** What the threads did since `before`: the process's first is the supervisor, and the workers are the next two. */
function timeSince(pid: number, before: ReturnType<typeof sampleCpu>): ScrapeTime {
  const { runNsByThread } = sampleCpu(pid);
  const took = (thread: string) =>
    (runNsByThread.get(thread)! - (before.runNsByThread.get(thread) ?? 0)) / 1e6;
  const others = [...runNsByThread.keys()].filter((thread) => thread !== String(pid)).map(took);
  return { main: took(String(pid)), worker: Math.max(...others) };
}

async function scrape(aster: Aster): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`);
  return (await response.arrayBuffer()).byteLength;
}

/** Asks each worker what it answers by itself, again and again; returns the longest waits, milliseconds. */
function startBystander(port: number): { stop(): Promise<number[]> } {
  const worker = new Worker(new URL("./scrape_bystander.ts", import.meta.url), { type: "module" });
  worker.postMessage({ port, pauseMs: BYSTANDER_PAUSE_MS });
  return {
    stop: () => {
      const { promise, resolve } = Promise.withResolvers<number[]>();
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage("stop");
      return promise.finally(() => worker.terminate());
    },
  };
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

/** The least, the middle and the most. */
function spread(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((one, other) => one - other);
  return [sorted[0]!, median(sorted), sorted.at(-1)!].map((one) => one.toFixed(1)).join(" / ");
}

async function measure(io: "deno" | "epoll"): Promise<void> {
  const servers = startServers();
  await using aster = await startAster((port) => configText(servers.port, port), {
    metrics: true,
    program: PLAIN_PROGRAM,
    io,
  });
  await touchAll(aster.port);
  for (let count = 0; count < WARM_SCRAPES; count++) await scrape(aster);
  const quiet = startBystander(aster.port);
  await delay(SCRAPES * PAUSE_MS);
  const without = (await quiet.stop()).sort((one, other) => one - other);

  // Without anybody who asks: all that the threads do is the scrape's.
  const wallMs: number[] = [];
  const times: ScrapeTime[] = [];
  let bytes = 0;
  await delay(1_000);
  for (let count = 0; count < SCRAPES; count++) {
    const before = sampleCpu(aster.pid);
    const startMs = performance.now();
    bytes = await scrape(aster);
    wallMs.push(performance.now() - startMs);
    times.push(timeSince(aster.pid, before));
    await delay(PAUSE_MS);
  }

  const bystander = startBystander(aster.port);
  for (let count = 0; count < SCRAPES; count++) {
    await scrape(aster);
    await delay(PAUSE_MS);
  }
  const during = (await bystander.stop()).sort((one, other) => one - other);
  console.log(
    `| ${io} | ${(bytes / 1e6).toFixed(1)} MB | ${median(wallMs).toFixed(0)} ms ` +
      `| ${spread(times.map(({ main }) => main))} ms ` +
      `| ${spread(times.map(({ worker }) => worker))} ms ` +
      `| ${percentile(without, 0.99)} / ${percentile(without, 0.999)} ms ` +
      `| ${percentile(during, 0.99)} / ${percentile(during, 0.999)} ms |`,
  );
  servers.close();
}

console.log(
  `${SERVERS} servers, ${WORKERS} workers, ${SCRAPES} scrapes; least / middle / most\n\n` +
    "| engine | text | a scrape takes | CPU: supervisor | the slower worker " +
    "| PING, without scrapes (99 / 99.9 %) | with them |\n| --- | --- | --- | --- | --- | --- | --- |",
);
for (const engine of ENGINES) await measure(engine);
const { first, later, whole } = measureStops(SERVERS, SCRAPES);
console.log(
  `\nA worker's part alone, CPU time: ${whole.toFixed(1)} ms in all; at one go at most ` +
    `${later.toFixed(1)} ms, the first time ${first.toFixed(1)} ms`,
);
if (Math.max(first, later) > STOP_MAX_MS) {
  console.log(`A worker stands still for more than ${STOP_MAX_MS} ms`);
}
Deno.exit(0);
