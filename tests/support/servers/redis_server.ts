/**
 * A real redis-server for one test.
 *
 * @module
 */
import { withFreePorts } from "../tools/free_port.ts";
import { RespClient, RespError, type RespValue, type RespWord } from "../clients/resp_client.ts";
import { makeServerDirectory, removeServerDirectory, ServerProcess } from "./server_process.ts";

/** Options of {@link startRedisServer}. */
export interface RedisServerOptions {
  /** A free port if left out. */
  port?: number;
  /** Address to listen on; 127.0.0.1 if left out. */
  hostname?: string;
  /** Further arguments, such as `["--maxmemory", "1mb"]`. */
  arguments?: string[];
}

/** Name of the environment variable with the path of another server to test with, such as valkey-server. */
export const SERVER_VARIABLE = "ASTER_TEST_REDIS_SERVER";

/** The program that tests start as a Redis server. */
export function redisServerCommand(): string {
  return Deno.env.get(SERVER_VARIABLE) || "redis-server";
}

/**
 * Has tests of this program, and of those it starts, run against another server.
 *
 * @param program A name on the path, or a path, which is from where the task was called.
 */
export function useServer(program: string): void {
  const isRelative = program.includes("/") && !program.startsWith("/");
  const folder = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  Deno.env.set(SERVER_VARIABLE, isRelative ? `${folder}/${program}` : program);
}

/** The server that tests run against, as it names itself: `Redis server v=7.0.15 …`, `Valkey server v=9.1.2 …`. */
export interface TestedServer {
  readonly product: "redis" | "valkey";
  readonly version: string;
  /** Such as `Valkey 9.1.2`. */
  readonly title: string;
  /** What tests list exceptions under, such as `valkey 9.1`. */
  readonly series: string;
}

let tested: TestedServer | null = null;

/** Asks the program that tests start which one it is. */
export function testedServer(): TestedServer {
  if (tested !== null) return tested;
  const { stdout } = new Deno.Command(redisServerCommand(), { args: ["--version"] }).outputSync();
  const found = /(\w+) server v=((\d+\.\d+)\.\d+)/.exec(new TextDecoder().decode(stdout));
  if (found === null) throw new Error(`${redisServerCommand()} does not say what it is`);
  const [, name, version, series] = found;
  const product = name === "Valkey" ? "valkey" : "redis";
  return tested = {
    product,
    version: version!,
    title: `${name} ${version}`,
    series: `${product} ${series}`,
  };
}

/** Lets DEBUG be used; it always can be before Redis 7.0, which takes no such argument. */
function debugArguments(): string[] {
  return testedServer().series === "redis 6.2" ? [] : ["--enable-debug-command", "yes"];
}

/** A running redis-server without persistence. */
export class RedisServer implements AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly #directory: string;
  readonly #arguments: string[];
  #process: ServerProcess | null = null;
  #client: RespClient | null = null;

  /** Not started yet; {@link startRedisServer} does both. */
  constructor(options: RedisServerOptions & { port: number }, directory: string) {
    this.hostname = options.hostname ?? "127.0.0.1";
    this.port = options.port;
    this.#directory = directory;
    this.#arguments = options.arguments ?? [];
  }

  /** `host:port`. */
  get address(): string {
    return `${this.hostname}:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Whether the process lives (it may be paused). */
  get isRunning(): boolean {
    return this.#process !== null && this.#process.status === null;
  }

  /** What the server printed so far. */
  output(): string {
    return this.#running().output();
  }

  /** Starts the server, again after {@link RedisServer.kill} on the same port and with the same files. */
  async start(): Promise<void> {
    this.#process = await ServerProcess.start({
      name: `redis-server ${this.address}`,
      command: redisServerCommand(),
      arguments: [
        ...["--port", String(this.port), "--bind", this.hostname, "--dir", this.#directory],
        ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
        ...debugArguments(),
        ...this.#arguments,
      ],
      isServing: (process) => this.#isServing(process.pid),
    }, this.#directory);
  }

  /** Whether it is our process, and not somebody else's on this port, that answers. */
  async #isServing(pid: number): Promise<boolean> {
    using client = await this.connect();
    const answer = await client.call("INFO", "server");
    return String(answer).includes(`process_id:${pid}\r\n`);
  }

  /** A new connection. */
  connect(options: { bytes?: boolean } = {}): Promise<RespClient> {
    return RespClient.connect({ hostname: this.hostname, port: this.port, ...options });
  }

  /**
   * Sends one command on a connection kept for this purpose.
   *
   * @throws {RespError} If the reply is an error.
   */
  async call(...words: RespWord[]): Promise<RespValue> {
    this.#client ??= await this.connect();
    try {
      return await this.#client.call(...words);
    } catch (error) {
      if (!(error instanceof RespError)) this.#closeClient();
      throw error;
    }
  }

  /** Ends the server at once. {@link RedisServer.start} brings it back, without its keys. */
  async kill(): Promise<void> {
    this.#closeClient();
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
    if (this.#process === null) throw new Error(`redis-server ${this.address} was not started`);
    return this.#process;
  }

  #closeClient(): void {
    this.#client?.close();
    this.#client = null;
  }
}

/** Starts a redis-server and waits until it answers. */
export function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  if (options.port !== undefined) return startOn({ ...options, port: options.port });
  return withFreePorts(1, ([port]) => startOn({ ...options, port: port! }));
}

async function startOn(options: RedisServerOptions & { port: number }): Promise<RedisServer> {
  const server = new RedisServer(options, await makeServerDirectory());
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
