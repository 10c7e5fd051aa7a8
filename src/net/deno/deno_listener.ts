/**
 * The accept loop of one front-end port or unix socket, on `Deno.listen`.
 *
 * @module
 */
import type { TcpEndpoint } from "../../endpoint.ts";
import type { Failure } from "../../failure.ts";
import {
  ACCEPT_RETRY_MS,
  ACCEPTS_PER_TURN_MAX,
  BACKLOG_CONNECTIONS,
  type Listener,
  type ListenOptions,
  UNIX_MODE_DEFAULT,
} from "../io_engine.ts";
import { acceptFailure, lackOf } from "../system_failures.ts";
import type { DenoConn } from "./deno_connection.ts";
import { errorName } from "./error_name.ts";
import { acceptWaiting } from "./last_accepts.ts";
import { listenAtFile } from "./unix_listen.ts";

/** Turns of promises within which an accept is settled that found somebody at once; somewhat more than it takes. */
const PROMISES_PER_ACCEPT = 20;

/** Takes what is accepted; see `Acceptor`. */
export interface DenoAcceptor {
  readonly lack: Failure | null;
  accepted(connection: DenoConn): void;
  acceptFailed(failure: Failure): void;
}

/** A {@link Listener} on one of Deno's. */
export class DenoListener implements Listener {
  readonly #listener: Deno.TcpListener | Deno.UnixListener;
  /** Closes it, and what leads to it. */
  readonly #closeListener: () => void;
  readonly #acceptor: DenoAcceptor;
  readonly #ended: Promise<void>;
  /** Settles when it is closed; null until that is asked for. */
  #closing: Promise<void> | null = null;
  #isClosed = false;
  #acceptedCount = 0;
  /** It accepts nothing for a while. */
  #isPaused = false;
  /** Ends the wait for what is lacking. */
  #stopWaiting: () => void = () => {};

  /**
   * Binds and begins to accept.
   *
   * @throws {Error} If the address cannot be bound.
   */
  constructor(options: ListenOptions, acceptor: DenoAcceptor) {
    const { endpoint, isAside, mode = UNIX_MODE_DEFAULT, sharesPort } = options;
    if (endpoint.kind === "unix") {
      const { listener, close } = listenAtFile(endpoint.path, mode, isAside);
      this.#listener = listener;
      this.#closeListener = close;
    } else {
      const listener = listenAtPort(endpoint, sharesPort);
      this.#listener = listener;
      this.#closeListener = () => listener.close();
    }
    this.#acceptor = acceptor;
    this.#ended = this.#acceptAll();
  }

  get port(): number {
    const { addr } = this.#listener;
    return "port" in addr ? addr.port : 0;
  }

  close(leavesWaiting = false): Promise<void> {
    if (leavesWaiting) this.#closeNow();
    return this.#closing ??= this.#closeBehindWaiting();
  }

  async #closeBehindWaiting(): Promise<void> {
    if (!this.#isClosed && !this.#isPaused) await acceptWaiting(() => this.#acceptedCount);
    this.#closeNow();
    // The accept under way holds the address until Deno has cancelled it.
    await this.#ended;
  }

  #closeNow(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeListener();
    this.#stopWaiting();
  }

  /** Deno does not tell them. */
  share(): number[] {
    return [];
  }

  async #acceptAll(): Promise<void> {
    for (let count = 1; !this.#isClosed; count++) {
      const accepting = this.#accept();
      // Nobody waits now. Later somebody might again, whom closing would reset.
      if (this.#closing !== null && await isPending(accepting)) this.#closeNow();
      const connection = await accepting;
      if (connection !== null) {
        this.#acceptedCount += 1;
        this.#acceptor.accepted(connection);
      }
      // Those that wait already are accepted without a turn of Deno's loop in between.
      if (count % ACCEPTS_PER_TURN_MAX === 0) await turnOfDeno();
    }
  }

  /** The next connection, or null where it was lost, or could not be had for now. */
  async #accept(): Promise<DenoConn | null> {
    const { lack } = this.#acceptor;
    if (lack !== null) return await this.#pause(lack);
    try {
      return await this.#listener.accept();
    } catch (error) {
      if (this.#isClosed) return null;
      const name = errorName(error);
      const lacking = lackOf(name);
      if (lacking !== null) return await this.#pause(lacking);
      // Deno asks who has connected; of a client that is gone by then nobody can tell.
      this.#acceptor.acceptFailed(acceptFailure(name));
      return null;
    }
  }

  async #pause(failure: Failure): Promise<null> {
    this.#acceptor.acceptFailed(failure);
    this.#isPaused = true;
    await this.#waitToRetry();
    this.#isPaused = false;
    return null;
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

function listenAtPort({ hostname, port }: TcpEndpoint, sharesPort: boolean): Deno.TcpListener {
  const address = { hostname, port, tcpBacklog: BACKLOG_CONNECTIONS };
  return Deno.listen(sharesPort ? { ...address, reusePort: true } : address);
}

/** Lets Deno's own loop go round once. */
function turnOfDeno(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether an accept has to wait for somebody: Deno looks at once, and tells of who is there by promises alone. */
async function isPending(accepting: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  accepting.then(() => isSettled = true, () => isSettled = true);
  for (let turn = 0; turn < PROMISES_PER_ACCEPT && !isSettled; turn++) await null;
  return !isSettled;
}
