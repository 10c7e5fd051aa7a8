/**
 * The accept loop of one front-end port.
 *
 * @module
 */

/** Connections the kernel queues while none is accepted. */
const BACKLOG_CONNECTIONS = 4096;
/** Wait after an accept that failed (out of descriptors, say), milliseconds: no spinning. */
const ACCEPT_RETRY_MS = 100;

/** Where and how to listen. */
export interface ListenOptions {
  hostname: string;
  port: number;
  /** Lets several listeners have the port; the kernel spreads connections over them (Linux). */
  sharesPort: boolean;
}

/** An open listener. */
export class Listener {
  readonly #listener: Deno.TcpListener;
  readonly #onConnection: (connection: Deno.TcpConn) => void;
  readonly #onError: (error: unknown) => void;
  readonly #accepting: Promise<void>;
  #isClosed = false;

  /**
   * Binds and begins to accept.
   *
   * @throws {Error} If the address cannot be bound.
   */
  constructor(
    options: ListenOptions,
    onConnection: (connection: Deno.TcpConn) => void,
    onError: (error: unknown) => void,
  ) {
    const { hostname, port, sharesPort } = options;
    const address = { hostname, port, tcpBacklog: BACKLOG_CONNECTIONS };
    this.#listener = Deno.listen(sharesPort ? { ...address, reusePort: true } : address);
    this.#onConnection = onConnection;
    this.#onError = onError;
    this.#accepting = this.#acceptAll();
  }

  /** The bound port: differs from the wanted one when that was 0. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Stops accepting at once. Settles when the port is free: the accept under way holds it until it has ended. */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener.close();
    }
    return this.#accepting;
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#onConnection(await this.#listener.accept());
      } catch (error) {
        if (this.#isClosed) return;
        this.#onError(error);
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
      }
    }
  }
}
