/**
 * The proxy itself as a process of its own, started the way a user starts it.
 *
 * @module
 */
import { withFreePorts } from "../tools/free_port.ts";
import { until } from "../tools/poll.ts";
import { testIo } from "../tools/test_engine.ts";
import { BROKEN_CODE, BROKEN_TEXT } from "../programs/checked_workers.ts";
import { makeServerDirectory, removeServerDirectory, ServerProcess } from "./server_process.ts";

/** Logged once when every listener is open, at level info: the configuration must not ask for less. */
const READY_TEXT = /aster is ready.*\n/i;

const REPOSITORY = new URL("../../../", import.meta.url);

/** The proxy as users run it. */
export const PLAIN_PROGRAM = "mod.ts";
/** The same, and invariants are checked behind each turn: a broken one ends the process. */
export const CHECKED_PROGRAM = "tests/support/programs/checked_aster.ts";

/** Options of {@link startAster}. */
export interface AsterOptions {
  /** Number of free ports the configuration wants; 1 if left out. */
  portCount?: number;
  /** Whether to serve metrics, on {@link Aster.metricsPort}; off if left out. */
  metrics?: boolean;
  /** Whether the configuration says where metrics are served; false if left out. */
  metricsFromFile?: boolean;
  /** The I/O engine; the one that tests use if left out. */
  io?: "deno" | "epoll";
  /** Further arguments of the program, behind the configuration's path. */
  arguments?: string[];
  /** Arguments of `deno run` in place of `-A`. */
  denoArguments?: string[];
  /**
   * The module that is run, seen from the repository. If left out, {@link CHECKED_PROGRAM}; with `denoArguments` it is
   * {@link PLAIN_PROGRAM}, as theirs are the rights that this one needs.
   */
  program?: string;
  /** How many descriptors the process may have open; what the test's own may if left out. */
  descriptorsMax?: number;
  /** Added to the environment. */
  environment?: Record<string, string>;
}

/** A running proxy. */
export class Aster implements AsyncDisposable {
  /** The free ports that its configuration was made with. */
  readonly ports: readonly number[];
  /** Port of `/metrics` and `/health`; 0 where they are off. */
  readonly metricsPort: number;
  /** Path of its configuration file. */
  readonly configFile: string;
  readonly process: ServerProcess;

  constructor(
    ports: readonly number[],
    metricsPort: number,
    configFile: string,
    process: ServerProcess,
  ) {
    this.ports = ports;
    this.metricsPort = metricsPort;
    this.configFile = configFile;
    this.process = process;
  }

  /** The first of {@link Aster.ports}. */
  get port(): number {
    return this.ports[0]!;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** The lines that it logged and printed so far, without one that is still being written. */
  logs(): string {
    const output = this.process.output();
    return output.slice(0, output.lastIndexOf("\n") + 1);
  }

  /** Waits until the log holds `pattern`, and returns the match. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    await until(() => (match = pattern.exec(this.logs())) !== null, {
      what: `the log shows ${pattern}`,
    });
    return match!;
  }

  /** Asks it to end by SIGTERM, forces it after a while, and says how it ended. */
  stop(): Promise<Deno.CommandStatus> {
    return this.process.stop();
  }

  /** What it said when it ended as an invariant was broken; null where none was. */
  brokenReport(): string | null {
    if (this.process.status?.code !== BROKEN_CODE) return null;
    const logs = this.logs();
    return logs.slice(logs.indexOf(BROKEN_TEXT));
  }

  /** @throws {Error} If an invariant was broken. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const report = this.brokenReport();
    await this.process[Symbol.asyncDispose]();
    if (report === null) return;
    // What the test itself throws by then would hide it, or be hidden by it.
    console.error(report);
    throw new Error(report);
  }
}

/**
 * Starts the proxy on free ports and waits until its log says that it is ready.
 *
 * @param config Makes the TOML text from the ports it is given.
 */
export function startAster(
  config: (...ports: number[]) => string,
  options: AsterOptions = {},
): Promise<Aster> {
  const portCount = options.portCount ?? 1;
  return withFreePorts(portCount + 1, async (found) => {
    const ports = found.slice(0, portCount);
    const metricsPort = options.metrics ? found[portCount]! : 0;
    const directory = await makeServerDirectory();
    const configFile = `${directory}/aster.toml`;
    try {
      await Deno.writeTextFile(configFile, config(...ports));
      const process = await ServerProcess.start({
        name: "aster",
        command: options.descriptorsMax === undefined ? Deno.execPath() : "/bin/sh",
        arguments: [
          ...limitDescriptors(options.descriptorsMax),
          ...["run", ...options.denoArguments ?? ["-A"], programOf(options), configFile],
          ...options.metricsFromFile
            ? []
            : ["--metrics", metricsPort === 0 ? "off" : `127.0.0.1:${metricsPort}`],
          ...["--io", options.io ?? testIo()],
          ...options.arguments ?? [],
        ],
        workingDirectory: decodeURIComponent(REPOSITORY.pathname),
        environment: { NO_COLOR: "1", ...options.environment },
        isServing: (process) => Promise.resolve(READY_TEXT.test(process.output())),
      }, directory);
      return new Aster(ports, metricsPort, configFile, process);
    } catch (error) {
      await removeServerDirectory(directory);
      throw error;
    }
  });
}

function programOf({ program, denoArguments }: AsterOptions): string {
  return program ?? (denoArguments === undefined ? CHECKED_PROGRAM : PLAIN_PROGRAM);
}

/** Words in front of the program's, by which a shell limits its descriptors and then becomes the program. */
function limitDescriptors(count: number | undefined): string[] {
  if (count === undefined) return [];
  return ["-c", `ulimit -n ${count}; exec "$@"`, "sh", Deno.execPath()];
}
