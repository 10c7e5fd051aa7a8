/**
 * One front-end port or unix socket waited for by epoll.
 *
 * @module
 */
import type { GivenSocket, TcpEndpoint } from "../../endpoint.ts";
import type { Failure } from "../../failure.ts";
import {
  ACCEPT_RETRY_MS,
  type Acceptor,
  ACCEPTS_PER_TURN_MAX,
  BACKLOG_CONNECTIONS,
  type Listener,
  type ListenOptions,
  UNIX_MODE_DEFAULT,
} from "../io_engine.ts";
import { acceptFailure, lackOf } from "../system_failures.ts";
import type { EpollLoop, EventHandler } from "./epoll_loop.ts";
import { EpollConnection } from "./epoll_socket.ts";
import { EAGAIN, EPOLLIN, errorNames, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET } from "./libc.ts";
import { clearAside, listenAside, placeSocket, removeSocketFile } from "./unix_listen.ts";
import { familyOf, type NameLookup, portOf, type SocketAddressBytes } from "./name_lookup.ts";

/** A {@link Listener} that epoll waits for. */
export class EpollListener implements EventHandler, Listener {
  readonly port: number;
  readonly #loop: EpollLoop;
  readonly #acceptor: Acceptor;
  readonly #descriptor: number;
  /** Of a unix socket; else null. */
  readonly #path: string | null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  /** It accepts nothing for a while. */
  #isPaused = false;
  #isAccepting = false;

  /** Whether its socket stays open elsewhere. */
  readonly #isHeld: boolean;

  /**
   * @param given The socket that it listens by; null: a new one.
   * @throws {Error} If the address cannot be bound.
   */
  constructor(
    loop: EpollLoop,
    names: NameLookup,
    options: ListenOptions,
    acceptor: Acceptor,
    given: GivenSocket | null = null,
  ) {
    this.#loop = loop;
    this.#acceptor = acceptor;
    const { endpoint } = options;
    // The file of a given one is its giver's.
    this.#path = endpoint.kind === "unix" && given === null ? endpoint.path : null;
    this.#isHeld = given?.isHeld ?? false;
    this.#descriptor = given === null
      ? this.#open(names, options)
      : this.#require(loop.system.opened(loop.system.duplicate(given.descriptor)));
    try {
      if (given !== null) this.#require(loop.system.stopBlocking(this.#descriptor));
      // Linux gives accepted sockets the options of the one that listens.
      if (endpoint.kind !== "unix") loop.system.setConnectionOptions(this.#descriptor);
      const { libc } = loop.system;
      this.#require(loop.system.result(libc.listen(this.#descriptor, BACKLOG_CONNECTIONS)));
      this.#require(loop.register(this.#descriptor, this, EPOLLIN));
    } catch (error) {
      loop.system.close(this.#descriptor);
      throw error;
    }
    this.port = endpoint.kind === "unix" ? 0 : portOf(loop.system.address(this.#descriptor, false));
  }

  share(): number[] {
    if (this.#isClosed || this.#isHeld) return [];
    const shared = this.#loop.system.duplicate(this.#descriptor);
    return shared < 0 ? [] : [shared];
  }

  /** A bound socket. */
  #open(names: NameLookup, options: ListenOptions): number {
    const { endpoint, isAside = false, mode = UNIX_MODE_DEFAULT, sharesPort } = options;
    return endpoint.kind === "unix"
      ? this.#openFile(endpoint.path, mode, isAside)
      : this.#openPort(names, endpoint, sharesPort);
  }

  #openFile(path: string, mode: number, isAside: boolean): number {
    const { system } = this.#loop;
    const descriptor = listenAside(system, path, mode);
    if (isAside) return descriptor;
    try {
      placeSocket(system, path);
    } catch (error) {
      system.close(descriptor);
      clearAside(system, path);
      throw error;
    }
    return descriptor;
  }

  #openPort(names: NameLookup, { hostname, port }: TcpEndpoint, sharesPort: boolean): number {
    const { system } = this.#loop;
    const address = names.toListen(hostname, port)[0];
    if (address === undefined) throw new Error(`Name is not known: "${hostname}"`);
    const descriptor = this.#require(system.openSocket(familyOf(address)));
    try {
      this.#bind(descriptor, address, sharesPort);
    } catch (error) {
      system.close(descriptor);
      throw error;
    }
    return descriptor;
  }

  close(leavesWaiting = false): Promise<void> {
    // With the last descriptor of its socket the kernel resets those that wait to be accepted.
    const isLast = !leavesWaiting && !this.#isHeld;
    const mayAccept = isLast && !this.#isClosed && !this.#isPaused && !this.#isAccepting;
    if (mayAccept) this.#acceptWaiting(BACKLOG_CONNECTIONS);
    // Who was accepted may have closed it.
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearTimeout(this.#retryTimer);
      // As long as somebody has the socket open it would be waited for here.
      this.#loop.unregister(this.#descriptor);
      this.#loop.close(this.#descriptor);
      if (this.#path !== null) removeSocketFile(this.#loop.system, this.#path);
    }
    return Promise.resolve();
  }

  abandon(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#loop.system.close(this.#descriptor);
  }

  onEvents(_events: number): void {
    this.#acceptWaiting(ACCEPTS_PER_TURN_MAX);
  }

  #acceptWaiting(countMax: number): void {
    this.#isAccepting = true;
    this.#acceptAll(countMax);
    this.#isAccepting = false;
  }

  #acceptAll(countMax: number): void {
    const { system } = this.#loop;
    for (let count = 0; count < countMax && !this.#isClosed; count++) {
      const { lack } = this.#acceptor;
      if (lack !== null) return this.#pause(lack);
      const accepted = system.accept(this.#descriptor);
      if (accepted >= 0) {
        this.#acceptor.accepted(new EpollConnection(this.#loop, accepted));
      } else if (accepted === -EAGAIN) {
        return;
      } else {
        const name = errorNames.get(-accepted);
        const lacking = lackOf(name);
        if (lacking !== null) return this.#pause(lacking);
        // Anything else is of one connection, which is gone before it was accepted.
        this.#acceptor.acceptFailed(acceptFailure(name));
      }
    }
  }

  #bind(descriptor: number, address: SocketAddressBytes, sharesPort: boolean): void {
    const { system } = this.#loop;
    this.#require(system.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1));
    if (sharesPort) this.#require(system.setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1));
    this.#require(system.result(system.libc.bind(descriptor, address, address.length)));
  }

  /** Accepts nothing for a while: a connection that cannot be accepted keeps the listener readable. */
  #pause(failure: Failure): void {
    this.#loop.change(this.#descriptor, 0);
    this.#isPaused = true;
    this.#retryTimer = setTimeout(() => {
      this.#isPaused = false;
      this.#loop.change(this.#descriptor, EPOLLIN);
    }, ACCEPT_RETRY_MS);
    this.#acceptor.acceptFailed(failure);
  }

  #require(result: number): number {
    if (result < 0) throw this.#loop.system.error(result);
    return result;
  }
}
