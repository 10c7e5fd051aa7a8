/**
 * Connecting without blocking: each address of a name in turn, all within one deadline. A unix socket has one
 * address.
 *
 * @module
 */
import { Deadline } from "../../clock.ts";
import type { Endpoint, TcpEndpoint } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import { type Listed, type MemberList, NOT_LISTED } from "../../member_list.ts";
import type { TurnTask } from "../flush_queue.ts";
import type { Dial, DialListener, DialTarget } from "../io_engine.ts";
import { connectFailure } from "../system_failures.ts";
import type { EpollLoop, EventHandler } from "./epoll_loop.ts";
import { EpollConnection } from "./epoll_socket.ts";
import { AF_UNIX, ECONNREFUSED, EINPROGRESS, EPOLLOUT, errorNames } from "./libc.ts";
import { familyOf, type NameLookup, type SocketAddressBytes } from "./name_lookup.ts";
import { unixAddress } from "./socket_endpoint.ts";

/** A {@link Dial} whose socket epoll waits for. */
export class EpollDial implements Dial, EventHandler, Listed, TurnTask {
  listedAt: number = NOT_LISTED;
  readonly #loop: EpollLoop;
  readonly #underWay: MemberList<Dial & Listed>;
  readonly #listener: DialListener;
  readonly #deadline: Deadline;
  /** Addresses that were not tried yet, the next one last. */
  #addresses: SocketAddressBytes[] = [];
  /** The socket that connects, or -1. */
  #descriptor = -1;
  #lastFailure: Failure = failures.nameUnresolved;
  #isSettled = false;

  /** @param underWay Has this attempt until it is settled. */
  constructor(
    loop: EpollLoop,
    names: NameLookup,
    underWay: MemberList<Dial & Listed>,
    target: DialTarget,
    listener: DialListener,
  ) {
    this.#loop = loop;
    this.#underWay = underWay;
    this.#listener = listener;
    underWay.add(this);
    const { endpoint, timeoutMs } = target;
    this.#deadline = new Deadline(
      loop.clock,
      timeoutMs,
      () => this.#fail(failures.connectTimeout),
    );
    const address = addressOf(endpoint, names);
    if (address === null) {
      const { hostname, port } = endpoint as TcpEndpoint;
      names.toConnect(hostname, port).then((found) => this.#begin(found));
    } else {
      this.#addresses.push(address);
      // Who dials must not hear of a failure before it has this object.
      loop.flushQueue.defer(this);
    }
  }

  cancel(): void {
    if (this.#settle()) this.#closeSocket();
  }

  runAtTurnEnd(): void {
    this.#connectNext();
  }

  onEvents(_events: number): void {
    const errno = this.#loop.system.socketError(this.#descriptor);
    if (errno !== 0 || this.#isConnectedToItself()) {
      this.#lastFailure = failureOf(errno === 0 ? ECONNREFUSED : errno);
      this.#closeSocket();
      return this.#connectNext();
    }
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#loop.unregister(descriptor);
    this.#settle();
    this.#listener.connected(new EpollConnection(this.#loop, descriptor));
  }

  abandon(): void {
    this.#settle();
    this.#loop.system.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #begin(found: readonly SocketAddressBytes[] | Failure): void {
    if ("name" in found) return this.#fail(found);
    this.#addresses = [...found].reverse();
    this.#connectNext();
  }

  #connectNext(): void {
    while (!this.#isSettled) {
      const address = this.#addresses.pop();
      if (address === undefined) return this.#fail(this.#lastFailure);
      const errno = this.#connect(address);
      if (errno === 0) return;
      this.#lastFailure = failureOf(errno);
      this.#closeSocket();
    }
  }

  /** Begins to connect; returns a positive error number, or 0 where the outcome will be an event. */
  #connect(address: SocketAddressBytes): number {
    const { system } = this.#loop;
    const opened = system.openSocket(familyOf(address));
    if (opened < 0) return -opened;
    this.#descriptor = opened;
    if (familyOf(address) !== AF_UNIX) system.setConnectionOptions(opened);
    const result = system.result(system.libc.connect(opened, address, address.length));
    if (result < 0 && result !== -EINPROGRESS) return -result;
    return -this.#loop.register(opened, this, EPOLLOUT);
  }

  /**
   * A port among those that Linux gives to outgoing connections may be given to this very one: then it is
   * connected to itself, though nobody listens, and would take its own requests for replies.
   */
  #isConnectedToItself(): boolean {
    const { system } = this.#loop;
    const own = system.address(this.#descriptor, false);
    const peer = system.address(this.#descriptor, true);
    return own.length === peer.length && own.every((byte, index) => byte === peer[index]);
  }

  #fail(failure: Failure): void {
    if (!this.#settle()) return;
    this.#closeSocket();
    this.#listener.dialFailed(failure);
  }

  #closeSocket(): void {
    if (this.#descriptor >= 0) this.#loop.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#underWay.delete(this);
    this.#deadline.cancel();
    return true;
  }
}

/** The one address of an endpoint that is no name; null for a name. */
function addressOf(endpoint: Endpoint, names: NameLookup): SocketAddressBytes | null {
  return endpoint.kind === "unix"
    ? unixAddress(endpoint.path)
    : names.numeric(endpoint.hostname, endpoint.port);
}

function failureOf(errno: number): Failure {
  return connectFailure(errorNames.get(errno));
}
