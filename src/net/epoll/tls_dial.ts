/**
 * Connecting to a server that speaks TLS: the connection, then the handshake, within one deadline.
 *
 * @module
 */
import { Deadline } from "../../clock.ts";
import { formatEndpoint, hostOf } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import { type Listed, type MemberList, NOT_LISTED } from "../../member_list.ts";
import type { Connection, Dial, DialListener, DialTarget } from "../io_engine.ts";
import { connectFailure } from "../system_failures.ts";
import { backendCertificateFailure, backendTlsFailure } from "../tls_failures.ts";
import type { EpollLoop } from "./epoll_loop.ts";
import type { EpollConnection } from "./epoll_socket.ts";
import { type Handle, X509_V_OK } from "./libssl.ts";
import { certificateFault } from "./openssl.ts";
import type { EpollTlsClient } from "./tls_contexts.ts";
import { TlsHandshake } from "./tls_handshake.ts";
import { EpollTlsConnection, type TlsSide } from "./tls_socket.ts";

/** A {@link Dial} that ends with a handshake of TLS by OpenSSL. */
export class EpollTlsDial implements Dial, DialListener, Listed {
  listedAt: number = NOT_LISTED;
  readonly #loop: EpollLoop;
  readonly #underWay: MemberList<Dial & Listed>;
  readonly #target: DialTarget;
  readonly #client: EpollTlsClient;
  readonly #listener: DialListener;
  readonly #deadline: Deadline;
  #dial: Dial | null;
  #handshake: TlsHandshake | null = null;
  #isSettled = false;

  /**
   * @param underWay Has this attempt until it is settled.
   * @param connect Begins the connection itself.
   */
  constructor(
    loop: EpollLoop,
    underWay: MemberList<Dial & Listed>,
    target: DialTarget,
    listener: DialListener,
    connect: (listener: DialListener) => Dial,
  ) {
    this.#loop = loop;
    this.#underWay = underWay;
    this.#target = target;
    this.#client = target.tls as EpollTlsClient;
    this.#listener = listener;
    underWay.add(this);
    this.#deadline = new Deadline(
      loop.clock,
      target.timeoutMs,
      () => this.#fail(failures.connectTimeout),
    );
    this.#dial = connect(this);
  }

  cancel(): void {
    if (this.#settle()) this.#stop();
  }

  connected(connection: Connection): void {
    this.#dial = null;
    const descriptor = (connection as EpollConnection).take();
    const client = this.#client;
    const { endpoint } = this.#target;
    const address = formatEndpoint(endpoint);
    const { generation, openssl } = client;
    const side: TlsSide = {
      openssl,
      failureOf: backendTlsFailure,
      ending: (ssl) => client.keepSession(ssl, address, generation),
    };
    this.#handshake = new TlsHandshake(
      this.#loop,
      openssl,
      descriptor,
      null,
      () => client.connection(hostOf(endpoint), address),
      {
        done: (ssl) => {
          this.#handshake = null;
          this.#settle();
          this.#listener.connected(new EpollTlsConnection(this.#loop, descriptor, ssl, side));
        },
        failed: (reason, ssl) => {
          this.#handshake = null;
          this.#fail(this.#failureOf(reason, ssl));
        },
      },
    );
    this.#handshake.start();
  }

  dialFailed(failure: Failure): void {
    this.#dial = null;
    this.#fail(failure);
  }

  #failureOf(reason: string, ssl: Handle): Failure {
    const { openssl: { lib }, isInsecure } = this.#client;
    const result = ssl === null || isInsecure ? X509_V_OK : lib.SSL_get_verify_result(ssl);
    if (result !== X509_V_OK) return backendCertificateFailure(certificateFault(result));
    if (reason === "closed") return failures.backendClosed;
    const failure = connectFailure(reason);
    return failure === failures.connectFailed ? backendTlsFailure(reason) : failure;
  }

  #fail(failure: Failure): void {
    if (!this.#settle()) return;
    this.#stop();
    this.#listener.dialFailed(failure);
  }

  #stop(): void {
    this.#dial?.cancel();
    this.#dial = null;
    this.#handshake?.cancel();
    this.#handshake = null;
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#underWay.delete(this);
    this.#deadline.cancel();
    return true;
  }
}
