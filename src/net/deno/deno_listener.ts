/**
 * The accept loop of one front-end port, on `Deno.listen`.
 *
 * @module
 */
import {
  ACCEPT_RETRY_MS,
  BACKLOG_CONNECTIONS,
  type Listener,
  type ListenOptions,
} from "../io_engine.ts";

/** Takes what is accepted. */
export interface DenoAcceptor {
  accepted(connection: Deno.TcpConn): void;
  acceptFailed(error: unknown): void;
}

/** See {@link Listener}. */
export class DenoListener implements Listener {
  readonly #listener: Deno.TcpListener;
  readonly #acceptor: DenoAcceptor;
  readonly #ended: Promise<void>;
  #isClosed = false;
  /** Ends the wait after a failed accept. */
  #stopWaiting: () => void = () => {};

  /**
   * Binds and begins to accept.
   *
   * @throws {Error} If the address cannot be bound.
   */
  constructor(options: ListenOptions, acceptor: DenoAcceptor) {
    const { hostname, port, sharesPort } = options;
    const address = { hostname, port, tcpBacklog: BACKLOG_CONNECTIONS };
    this.#listener = Deno.listen(sharesPort ? { ...address, reusePort: true } : address);
    this.#acceptor = acceptor;
    this.#ended = this.#acceptAll();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener.close();
      this.#stopWaiting();
    }
    // The accept under way holds the address until Deno has cancelled it.
    return this.#ended;
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#acceptor.accepted(await this.#listener.accept());
      } catch (error) {
        if (this.#isClosed) return;
        this.#acceptor.acceptFailed(error);
        await this.#waitToRetry();
      }
    }
  }

  #waitToRetry(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ACCEPT_RETRY_MS);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
