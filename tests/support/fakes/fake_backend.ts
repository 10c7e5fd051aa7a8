/**
 * A backend that a test script drives byte by byte: it answers nothing by itself.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { isFree, PortTaken, withFreePorts } from "../tools/free_port.ts";
import { until } from "../tools/poll.ts";
import { Wire, type WireContent } from "../clients/wire.ts";

/** Options of {@link startFakeBackend}. */
export interface FakeBackendOptions {
  /** A free port if left out. */
  port?: number;
  /** For error messages; `backend` if left out. */
  name?: string;
}

/**
 * A scripted server. Its own steps (`receives`, `sends` …) are for the connection accepted last, and accept
 * the first one by themselves; a test with several connections keeps what {@link FakeBackend.accepts} returns.
 */
export class FakeBackend implements AsyncDisposable {
  readonly name: string;
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly #waiting: Wire[] = [];
  readonly #connections: Wire[] = [];
  #server: Server | null = null;
  #current: Wire | null = null;

  /** Not listening yet; {@link startFakeBackend} does both. */
  constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.hostname}:${this.port}`;
  }

  /** Connections that came so far, those not yet accepted by the script included. */
  get connectionCount(): number {
    return this.#connections.length;
  }

  /** Begins to listen, again after {@link FakeBackend.refuses}. */
  listens(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.on("connection", (socket: Socket) => {
      const wire = new Wire(`${this.name} connection ${this.#connections.length + 1}`, socket);
      this.#connections.push(wire);
      this.#waiting.push(wire);
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", (error: Error & { code?: string }) => {
        reject(error.code === "EADDRINUSE" ? new PortTaken(this.address) : error);
      });
      server.listen(this.port, this.hostname, () => resolve());
    });
  }

  /** Stops to listen: new connections are refused, old ones stay. */
  async refuses(): Promise<void> {
    this.#server?.close();
    this.#server = null;
    await until(() => isFree(this.port), { what: `${this.name} refuses connections` });
  }

  /** Takes the next connection. */
  async accepts(): Promise<Wire> {
    await until(() => this.#waiting.length > 0, { what: `${this.name} gets a connection` });
    this.#current = this.#waiting.shift()!;
    return this.#current;
  }

  /** The connection accepted last; accepts one if none was. */
  async connection(): Promise<Wire> {
    return this.#current ?? await this.accepts();
  }

  /** See {@link Wire.receives}. */
  async receives(...contents: WireContent[]): Promise<void> {
    await (await this.connection()).receives(...contents);
  }

  /** See {@link Wire.receivesEnd}. */
  async receivesEnd(): Promise<void> {
    await (await this.connection()).receivesEnd();
  }

  /** See {@link Wire.sends}. */
  async sends(...contents: WireContent[]): Promise<void> {
    await (await this.connection()).sends(...contents);
  }

  /** See {@link Wire.sendsInPieces}. */
  async sendsInPieces(content: WireContent, pieceBytes = 1): Promise<void> {
    await (await this.connection()).sendsInPieces(content, pieceBytes);
  }

  /** See {@link Wire.halfCloses}. */
  async halfCloses(): Promise<void> {
    (await this.connection()).halfCloses();
  }

  /** See {@link Wire.closes}; the next step accepts a new connection. */
  async closes(): Promise<void> {
    (await this.connection()).closes();
    this.#current = null;
  }

  /** See {@link Wire.resets}; the next step accepts a new connection. */
  async resets(): Promise<void> {
    (await this.connection()).resets();
    this.#current = null;
  }

  /** Fails if a connection waits to be accepted, or bytes of an accepted one wait to be read. */
  async isSilent(): Promise<void> {
    if (this.#waiting.length > 0) throw new Error(`${this.name}: unexpected connection`);
    if (this.#current !== null) await this.#current.isSilent();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.close();
    for (const connection of this.#connections) await connection[Symbol.asyncDispose]();
  }
}

/** Starts a scripted backend on a free port. */
export function startFakeBackend(options: FakeBackendOptions = {}): Promise<FakeBackend> {
  const name = options.name ?? "backend";
  if (options.port !== undefined) return startOn(name, options.port);
  return withFreePorts(1, ([port]) => startOn(name, port!));
}

async function startOn(name: string, port: number): Promise<FakeBackend> {
  const backend = new FakeBackend(name, port);
  await backend.listens();
  return backend;
}
