/**
 * Stands in for `Deno.connect`: attempts wait until the test accepts or refuses them. Put back on disposal.
 *
 * @module
 */
import { FakeTcpConn, turn } from "./fake_tcp_conn.ts";

/** One call of `Deno.connect`. */
export class ConnectAttempt {
  readonly hostname: string;
  readonly port: number;
  readonly signal: AbortSignal | undefined;
  isSettled = false;
  readonly #resolve: (connection: Deno.TcpConn) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    options: Deno.ConnectOptions,
    resolve: (connection: Deno.TcpConn) => void,
    reject: (error: unknown) => void,
  ) {
    this.hostname = options.hostname!;
    this.port = options.port;
    this.signal = options.signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isAborted(): boolean {
    return this.signal?.aborted === true;
  }

  /** Succeeds with a new connection. */
  async succeeds(connection: FakeTcpConn = new FakeTcpConn()): Promise<FakeTcpConn> {
    this.isSettled = true;
    this.#resolve(connection.asTcpConn);
    await turn();
    return connection;
  }

  async fails(error: unknown = new Deno.errors.ConnectionRefused("refused")): Promise<void> {
    this.isSettled = true;
    this.#reject(error);
    await turn();
  }
}

/** While it lives nothing is really connected. */
export class FakeNetwork implements Disposable {
  /** Every attempt so far. */
  readonly attempts: ConnectAttempt[] = [];
  readonly #connect = Deno.connect;

  constructor() {
    const fake = (options: Deno.ConnectOptions) =>
      new Promise<Deno.TcpConn>((resolve, reject) => {
        this.attempts.push(new ConnectAttempt(options, resolve, reject));
      });
    Deno.connect = fake as typeof Deno.connect;
  }

  /** The oldest attempt to this port that waits for an answer. */
  attempt(port: number): ConnectAttempt {
    const found = this.attempts.find((attempt) => attempt.port === port && !attempt.isSettled);
    if (found === undefined) throw new Error(`Nobody connects to port ${port}`);
    return found;
  }

  /** How many attempts to this port there were. */
  countTo(port: number): number {
    return this.attempts.filter((attempt) => attempt.port === port).length;
  }

  [Symbol.dispose](): void {
    Deno.connect = this.#connect;
  }
}
