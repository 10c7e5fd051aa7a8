/**
 * Starts the proxies under test from the templates in `configs/`, so that what was measured can be
 * read there.
 *
 * @module
 */
import { withFreePorts } from "../tests/support/tools/free_port.ts";
import {
  makeServerDirectory,
  removeServerDirectory,
  ServerProcess,
  type ServerProcessOptions,
} from "../tests/support/servers/server_process.ts";
import type { BackendGroup } from "./backends.ts";
import { NUTCRACKER_MBUF_BYTES, raisingOpenFiles } from "./machine_limits.ts";
import type { Engine, Suite } from "./rows.ts";

/** Longest wait for a backend's reply; aster's default. */
const TIMEOUT_MS = 1_000;

/** aster may have to be type checked and compiled first. */
const START_DEADLINE_MS = 60_000;

const ASTER_TEMPLATE = new URL("./configs/aster.toml", import.meta.url);
const NUTCRACKER_TEMPLATE = new URL("./configs/nutcracker.yml", import.meta.url);

/** The checkout that this file belongs to. */
export const WORKING_TREE = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  /** Name in the table. */
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Port of `/metrics`, or null for a proxy that has none. */
  readonly metricsPort: number | null;
  /** Whether the process still runs. */
  isRunning(): boolean;
  /** What it printed. */
  output(): string;
}

/** What to start a proxy for. */
export interface ProxyOptions {
  /** Name in the table. */
  name: string;
  suite: Suite;
  /** How aster does its I/O; another proxy has one way only. */
  engine: Engine;
  backends: BackendGroup;
  /** Longest wait for a backend's reply, in milliseconds; {@link TIMEOUT_MS} if left out. */
  timeoutMs?: number;
}

/** Starts nutcracker in front of the backends. */
export function startNutcracker(options: ProxyOptions): Promise<Proxy> {
  return withFreePorts(2, async ([port, statsPort]) => {
    const process = await startProcess(async (directory) => {
      const configFile = `${directory}/nutcracker.yml`;
      await fillTemplate(NUTCRACKER_TEMPLATE, configFile, {
        port: String(port),
        timeout_ms: String(options.timeoutMs ?? TIMEOUT_MS),
        is_redis: String(options.suite !== "memcache"),
        servers: ringServers(options.backends).join('"\n    - "'),
      });
      // It takes as many clients as it may have files open, less a few.
      const [command, args] = raisingOpenFiles("nutcracker", [
        `--conf-file=${configFile}`,
        `--mbuf-size=${NUTCRACKER_MBUF_BYTES}`,
        `--stats-port=${statsPort}`,
        "--stats-addr=127.0.0.1",
        `--pid-file=${directory}/nutcracker.pid`,
      ]);
      return {
        name: options.name,
        command,
        arguments: args,
        isServing: () => isAnswered(port!, options.suite),
      };
    });
    return proxyOf(options.name, process, port!, null);
  });
}

/**
 * Starts aster in front of the backends.
 *
 * @param checkout Directory of the program, {@link WORKING_TREE} or another; ends in `/`.
 */
export function startAster(options: ProxyOptions, checkout: string): Promise<Proxy> {
  return withFreePorts(2, async ([port, metricsPort]) => {
    const process = await startProcess(async (directory) => {
      const configFile = `${directory}/aster.toml`;
      const servers = options.suite === "redis_cluster"
        ? options.backends.addresses
        : ringServers(options.backends);
      await fillTemplate(ASTER_TEMPLATE, configFile, {
        port: String(port),
        metrics_port: String(metricsPort),
        cache_type: options.suite,
        timeout_ms: String(options.timeoutMs ?? TIMEOUT_MS),
        servers: servers.join('", "'),
      });
      const [command, args] = raisingOpenFiles(Deno.execPath(), [
        ...["run", "-A", "--config", `${checkout}deno.json`],
        ...[`${checkout}mod.ts`, configFile, ...engineFlags(options.engine, checkout)],
      ]);
      return {
        name: options.name,
        command,
        arguments: args,
        workingDirectory: checkout,
        environment: { NO_COLOR: "1" },
        isServing: () => isAnswered(port!, options.suite),
        startDeadlineMs: START_DEADLINE_MS,
      };
    });
    return proxyOf(options.name, process, port!, metricsPort!);
  });
}

/** An older revision knows no engine but Deno's sockets, and no flag to choose one. */
function engineFlags(engine: Engine, checkout: string): string[] {
  return engine === "deno" && checkout !== WORKING_TREE ? [] : ["--io", engine];
}

/** Starts a process in a directory of its own, which goes with it, also where the start fails. */
async function startProcess(
  describe: (directory: string) => Promise<ServerProcessOptions>,
): Promise<ServerProcess> {
  const directory = await makeServerDirectory();
  try {
    return await ServerProcess.start(await describe(directory), directory);
  } catch (error) {
    await removeServerDirectory(directory);
    throw error;
  }
}

/**
 * Servers of a ring, with names: ports differ from run to run, and keys shall lie where they did.
 */
function ringServers(backends: BackendGroup): string[] {
  return backends.addresses.map((address, index) => `${address}:1 backend${index + 1}`);
}

async function fillTemplate(
  template: URL,
  path: string,
  words: Record<string, string>,
): Promise<void> {
  const text = await Deno.readTextFile(template);
  const filled = text.replaceAll(/<(\w+)>/g, (brackets, word: string) => words[word] ?? brackets);
  await Deno.writeTextFile(path, filled);
}

/**
 * Whether a request on `port` is answered, by a backend: a proxy may accept before it can reach
 * any.
 */
async function isAnswered(port: number, suite: Suite): Promise<boolean> {
  const isMemcache = suite === "memcache";
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = isMemcache ? "get probe\r\n" : "*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n";
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(256);
  const count = await connection.read(buffer);
  const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  return answer === (isMemcache ? "END\r\n" : "$-1\r\n");
}

function proxyOf(
  name: string,
  process: ServerProcess,
  port: number,
  metricsPort: number | null,
): Proxy {
  return {
    name,
    pid: process.pid,
    port,
    metricsPort,
    isRunning: () => process.status === null,
    output: () => process.output(),
    [Symbol.asyncDispose]: async () => {
      await process.stop();
      await process[Symbol.asyncDispose]();
    },
  };
}
