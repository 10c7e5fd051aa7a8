/**
 * A real memcached for one test.
 *
 * @module
 */
import { withFreePorts } from "../tools/free_port.ts";
import { withDeadline } from "../tools/poll.ts";
import { makeServerDirectory, removeServerDirectory, ServerProcess } from "./server_process.ts";

/** Options of {@link startMemcachedServer}. */
export interface MemcachedServerOptions {
  /** A free port if left out. */
  port?: number;
  /** Address to listen on; 127.0.0.1 if left out. */
  hostname?: string;
  /** Further arguments, such as `["-I", "8m"]`. */
  arguments?: string[];
  /** A file of `user:password` lines: clients must log in. */
  authFile?: string;
  /** It speaks in packets alone. */
  isBinary?: boolean;
}

/** A running memcached. */
export class MemcachedServer implements AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly #directory: string;
  readonly #arguments: string[];
  readonly #options: MemcachedServerOptions;
  #process: ServerProcess | null = null;

  /** Not started yet; {@link startMemcachedServer} does both. */
  constructor(options: MemcachedServerOptions & { port: number }, directory: string) {
    this.hostname = options.hostname ?? "127.0.0.1";
    this.port = options.port;
    this.#directory = directory;
    const { authFile, isBinary } = options;
    this.#options = options;
    this.#arguments = [
      ...options.arguments ?? [],
      ...authFile ? ["-Y", authFile] : [],
      ...isBinary ? ["-B", "binary"] : [],
    ];
  }

  /** `host:port`. */
  get address(): string {
    return `${this.hostname}:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Starts the server, again after {@link MemcachedServer.kill} on the same port. */
  async start(): Promise<void> {
    this.#process = await ServerProcess.start({
      name: `memcached ${this.address}`,
      command: "memcached",
      arguments: [
        ...["-l", this.hostname, "-p", String(this.port), "-U", "0", "-m", "64"],
        ...(Deno.uid() === 0 ? ["-u", "root"] : []),
        ...this.#arguments,
      ],
      isServing: (process) => this.#isServing(process.pid),
    }, this.#directory);
  }

  /** One that wants a login, or packets, is known by what it says to a line. */
  async #isServing(pid: number): Promise<boolean> {
    const { authFile, isBinary } = this.#options;
    if (isBinary) {
      using connection = await Deno.connect({ hostname: this.hostname, port: this.port });
      await connection.write(new Uint8Array(24));
      return await withDeadline(connection.read(new Uint8Array(1)), "it hangs up") === null;
    }
    if (authFile !== undefined) return (await this.ask("version\r\n")).includes("unauthenticated");
    return (await this.ask("stats\r\n", "END\r\n")).includes(`STAT pid ${pid}\r\n`);
  }

  /**
   * Sends `request` on a new connection and returns what comes back, up to and with `end`.
   *
   * @example For instance
   * ```ts ignore
   * await server.ask("get key\r\n", "END\r\n");
   * ```
   */
  async ask(request: string, end = "\r\n"): Promise<string> {
    using connection = await Deno.connect({ hostname: this.hostname, port: this.port });
    const bytes = new TextEncoder().encode(request);
    let written = 0;
    while (written < bytes.length) written += await connection.write(bytes.subarray(written));
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(64 * 1024);
    let answer = "";
    while (!answer.endsWith(end)) {
      const count = await withDeadline(connection.read(buffer), `memcached answers ${request}`);
      if (count === null) throw new Error(`memcached closed the connection after "${answer}"`);
      answer += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    return answer;
  }

  /** Ends the server at once. {@link MemcachedServer.start} brings it back, without its items. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** Kills and starts it again. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Stops the process by SIGSTOP: connections stay open and nothing is answered. */
  pause(): Promise<void> {
    return this.#running().pause();
  }

  /** Lets a paused server go on. */
  resume(): void {
    this.#running().resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await removeServerDirectory(this.#directory);
  }

  #running(): ServerProcess {
    if (this.#process === null) throw new Error(`memcached ${this.address} was not started`);
    return this.#process;
  }
}

/** Starts a memcached and waits until it answers. */
export function startMemcachedServer(
  options: MemcachedServerOptions = {},
): Promise<MemcachedServer> {
  if (options.port !== undefined) return startOn({ ...options, port: options.port });
  return withFreePorts(1, ([port]) => startOn({ ...options, port: port! }));
}

async function startOn(
  options: MemcachedServerOptions & { port: number },
): Promise<MemcachedServer> {
  const server = new MemcachedServer(options, await makeServerDirectory());
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
