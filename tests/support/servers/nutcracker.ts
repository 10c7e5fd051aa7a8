/**
 * A real nutcracker (twemproxy), to compare placement and behaviour with.
 *
 * @module
 */
import { withFreePorts } from "../tools/free_port.ts";
import { makeServerDirectory, ServerProcess } from "./server_process.ts";

/** One pool of nutcracker's configuration. */
export interface NutcrackerPool {
  /** Whether the servers speak RESP; memcache otherwise. */
  redis: boolean;
  /** `host:port:weight`, with ` name` behind it where servers have names. */
  servers: string[];
  /** `fnv1a_64` if left out. */
  hash?: string;
  /** `ketama` if left out. */
  distribution?: string;
  /** Exactly two characters. */
  hashTag?: string;
  /** Milliseconds; nutcracker waits for ever if left out. */
  timeoutMs?: number;
  /** Connections to each server; nutcracker's default is 1. */
  serverConnections?: number;
}

/** A running nutcracker with one pool. */
export class Nutcracker implements AsyncDisposable {
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly #process: ServerProcess;

  constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.#process = process;
  }

  /** `host:port` of the pool. */
  get address(): string {
    return `${this.hostname}:${this.port}`;
  }

  get pid(): number {
    return this.#process.pid;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

/** The YAML text of a configuration with one pool that listens on `port`. */
export function nutcrackerConfig(pool: NutcrackerPool, port: number): string {
  const lines = [
    "pool:",
    `  listen: 127.0.0.1:${port}`,
    `  redis: ${pool.redis}`,
    `  hash: ${pool.hash ?? "fnv1a_64"}`,
    `  distribution: ${pool.distribution ?? "ketama"}`,
    "  auto_eject_hosts: false",
    "  preconnect: false",
  ];
  if (pool.hashTag !== undefined) lines.push(`  hash_tag: "${pool.hashTag}"`);
  if (pool.timeoutMs !== undefined) lines.push(`  timeout: ${pool.timeoutMs}`);
  if (pool.serverConnections !== undefined) {
    lines.push(`  server_connections: ${pool.serverConnections}`);
  }
  lines.push("  servers:", ...pool.servers.map((server) => `    - ${server}`));
  return `${lines.join("\n")}\n`;
}

/** Options of {@link startNutcracker}. */
export interface NutcrackerOptions {
  /** Further arguments, such as `["--mbuf-size=16384"]`. */
  arguments?: string[];
}

/** Starts nutcracker on a free port and waits until it accepts. */
export function startNutcracker(
  pool: NutcrackerPool,
  options: NutcrackerOptions = {},
): Promise<Nutcracker> {
  return withFreePorts(2, async ([port, statsPort]) => {
    const directory = await makeServerDirectory();
    try {
      const process = await ServerProcess.start({
        name: `nutcracker 127.0.0.1:${port}`,
        command: "nutcracker",
        arguments: [
          `--conf-file=${await writeConfig(directory, pool, port!)}`,
          `--stats-port=${statsPort}`,
          "--stats-addr=127.0.0.1",
          ...options.arguments ?? [],
        ],
        isServing: async () => {
          (await Deno.connect({ hostname: "127.0.0.1", port: port! })).close();
          return true;
        },
      }, directory);
      return new Nutcracker(port!, process);
    } catch (error) {
      await Deno.remove(directory, { recursive: true });
      throw error;
    }
  });
}

async function writeConfig(directory: string, pool: NutcrackerPool, port: number): Promise<string> {
  const path = `${directory}/nutcracker.yml`;
  await Deno.writeTextFile(path, nutcrackerConfig(pool, port));
  return path;
}
