/**
 * Clients of one listener between their being accepted and the end of their handshake of TLS: bounded in number and
 * in time, so that those who never finish keep nobody out.
 *
 * @module
 */
import { Deadline } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import { Crowds } from "../crowds.ts";
import type { Acceptor, Connection, Listener } from "../io_engine.ts";
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_MAX } from "../tls.ts";
import { clientTlsFailure } from "../tls_failures.ts";
import { HELLO_BYTES_MAX, helloName } from "./client_hello.ts";
import type { EpollLoop } from "./epoll_loop.ts";
import type { EpollConnection } from "./epoll_socket.ts";
import { EAGAIN } from "./libc.ts";
import type { Handle } from "./libssl.ts";
import type { EpollTlsServer } from "./tls_contexts.ts";
import { type HandshakeList, peek, TlsHandshake } from "./tls_handshake.ts";
import { EpollTlsConnection, type TlsSide } from "./tls_socket.ts";

/** A handshake and when it is too late for it. */
interface Pending {
  readonly handshake: TlsHandshake;
  /** Asked at once: of one that is gone nobody can tell. */
  readonly peer: Endpoint | null;
  readonly deadline: Deadline;
}

/** Where first messages are looked at; there is one array for all, read at once. */
let helloBytes: Uint8Array<ArrayBuffer> | null = null;

/** The handshakes of one listener: what it accepts begins one, and who has finished it is accepted. */
export class TlsAccepts implements Acceptor {
  readonly #loop: EpollLoop;
  readonly #list: HandshakeList;
  readonly #server: EpollTlsServer;
  readonly #acceptor: Acceptor;
  readonly #side: TlsSide;
  readonly #pending: Map<number, Pending> = new Map();
  /** Of their descriptors. */
  readonly #crowds: Crowds<number> = new Crowds();
  #settled: PromiseWithResolvers<void> | null = null;

  constructor(
    loop: EpollLoop,
    list: HandshakeList,
    server: EpollTlsServer,
    acceptor: Acceptor,
  ) {
    this.#loop = loop;
    this.#list = list;
    this.#server = server;
    this.#acceptor = acceptor;
    const { openssl } = server;
    this.#side = { openssl, failureOf: clientTlsFailure, ending: () => {} };
  }

  get lack(): Failure | null {
    return this.#acceptor.lack;
  }

  acceptFailed(failure: Failure): void {
    this.#acceptor.acceptFailed(failure);
  }

  accepted(connection: Connection): void {
    const { peer } = connection;
    const descriptor = (connection as EpollConnection).take();
    if (this.#pending.size >= HANDSHAKES_MAX) {
      this.#giveUp(this.#crowds.mostExpendable()!, "others came");
    }
    const { openssl } = this.#server;
    const handshake = new TlsHandshake(
      this.#loop,
      openssl,
      descriptor,
      this.#list,
      () => this.#connection(descriptor),
      {
        done: (ssl) => this.#done(descriptor, ssl),
        failed: (reason) => this.#failed(descriptor, clientTlsFailure(reason), reason),
      },
    );
    const deadline = new Deadline(
      this.#loop.clock,
      HANDSHAKE_TIMEOUT_MS,
      () => this.#giveUp(descriptor, `${HANDSHAKE_TIMEOUT_MS} ms are over`),
    );
    this.#pending.set(descriptor, { handshake, peer, deadline });
    handshake.isOfCrowd = this.#crowds.add(descriptor, peer);
    handshake.start();
  }

  /** Settles when no handshake is under way any more. */
  finished(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    this.#settled ??= Promise.withResolvers();
    return this.#settled.promise;
  }

  /** Gives all up, without a word. */
  cancel(): void {
    for (const descriptor of [...this.#pending.keys()]) this.#take(descriptor)!.handshake.cancel();
  }

  #connection(descriptor: number): Handle | undefined {
    const { lib } = this.#server.openssl;
    let name: string | null = null;
    if (this.#server.hasNames) {
      helloBytes ??= new Uint8Array(HELLO_BYTES_MAX);
      const byteCount = peek(this.#loop, descriptor, helloBytes);
      const hello = helloName(helloBytes, Math.max(0, byteCount));
      // At the end, or with an error, nothing more comes: the handshake meets it, too.
      const mayGrow = byteCount > 0 || byteCount === -EAGAIN;
      if (!hello.isWhole && mayGrow) return undefined;
      name = hello.isWhole ? hello.name : null;
    }
    const ssl = lib.SSL_new(this.#server.contextFor(name));
    if (ssl !== null) lib.SSL_set_accept_state(ssl);
    return ssl;
  }

  #done(descriptor: number, ssl: Handle): void {
    this.#take(descriptor);
    this.#acceptor.accepted(new EpollTlsConnection(this.#loop, descriptor, ssl, this.#side));
  }

  #giveUp(descriptor: number, detail: string): void {
    const { handshake } = this.#pending.get(descriptor)!;
    this.#failed(descriptor, failures.tlsClientTimeout, detail);
    handshake.cancel();
  }

  /** The descriptor is still open. */
  #failed(descriptor: number, failure: Failure, detail: string): void {
    const { peer } = this.#take(descriptor)!;
    this.#acceptor.handshakeFailed?.(failure, peer, detail);
  }

  #take(descriptor: number): Pending | undefined {
    const pending = this.#pending.get(descriptor);
    this.#pending.delete(descriptor);
    if (pending !== undefined) this.#crowds.delete(descriptor, pending.peer);
    pending?.deadline.cancel();
    if (this.#pending.size === 0) {
      this.#settled?.resolve();
      this.#settled = null;
    }
    return pending;
  }
}

/** A listener whose clients go through a handshake first. */
export class EpollTlsListener implements Listener {
  readonly #listener: Listener;
  readonly #accepts: TlsAccepts;
  readonly #ended: () => void;

  /** @param ended Called when it is closed and no handshake is under way. */
  constructor(listener: Listener, accepts: TlsAccepts, ended: () => void) {
    this.#listener = listener;
    this.#accepts = accepts;
    this.#ended = ended;
  }

  get port(): number {
    return this.#listener.port;
  }

  share(): number[] {
    return this.#listener.share();
  }

  /** Settles when the address is free, and those that were accepted have finished their handshakes or failed. */
  async close(leavesWaiting = false): Promise<void> {
    await this.#listener.close(leavesWaiting);
    await this.#accepts.finished();
    this.#ended();
  }
}
