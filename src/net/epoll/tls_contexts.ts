/**
 * What a cluster shows and wants in TLS, as OpenSSL's contexts: one for each certificate, replaced by others when it
 * changes. Connections keep the one that they began with.
 *
 * @module
 */
import {
  pairForName,
  type TlsClient,
  type TlsClientMaterial,
  type TlsServer,
  type TlsServerMaterial,
} from "../tls.ts";
import { type Handle, SSL_SENT_AND_RECEIVED_SHUTDOWN } from "./libssl.ts";
import type { Openssl } from "./openssl.ts";

/** Servers whose last session is kept, for each cluster. */
const SESSIONS_MAX = 1024;

/** A {@link TlsServer} by OpenSSL. */
export class EpollTlsServer implements TlsServer {
  readonly openssl: Openssl;
  #common: Handle = null;
  #named: ReadonlyMap<string, Handle> = new Map();

  /** @throws {Error} If something of the material cannot be used. */
  constructor(openssl: Openssl, material: TlsServerMaterial) {
    this.openssl = openssl;
    this.replace(material);
  }

  /** Whether the certificate depends on the name that a client asks for. */
  get hasNames(): boolean {
    return this.#named.size > 0;
  }

  /** The context for a client that asks for `name`. */
  contextFor(name: string | null): Handle {
    return pairForName(this.#named, name) ?? this.#common;
  }

  replace(material: TlsServerMaterial): void {
    const { openssl } = this;
    const made: Handle[] = [];
    const make = (pair: TlsServerMaterial["pair"]) => {
      const context = openssl.serverContext(material, pair);
      made.push(context);
      return context;
    };
    try {
      const common = make(material.pair);
      const named = new Map(material.named.map(({ name, pair }) => [name, make(pair)]));
      this.close();
      this.#common = common;
      this.#named = named;
    } catch (error) {
      for (const context of made) openssl.lib.SSL_CTX_free(context);
      throw error;
    }
  }

  close(): void {
    const { lib } = this.openssl;
    for (const context of this.#named.values()) lib.SSL_CTX_free(context);
    if (this.#common !== null) lib.SSL_CTX_free(this.#common);
    this.#common = null;
    this.#named = new Map();
  }
}

/** A {@link TlsClient} by OpenSSL. */
export class EpollTlsClient implements TlsClient {
  readonly openssl: Openssl;
  /** Raised by each other material; only this object writes it. */
  generation = 0;
  #context: Handle = null;
  #material: TlsClientMaterial;
  /** The session of the last connection to each server, by its address. */
  readonly #sessions: Map<string, Handle> = new Map();

  /** @throws {Error} If something of the material cannot be used. */
  constructor(openssl: Openssl, material: TlsClientMaterial) {
    this.openssl = openssl;
    this.#material = material;
    this.replace(material);
  }

  /** Whether any certificate is taken. */
  get isInsecure(): boolean {
    return this.#material.isInsecure;
  }

  /** Whether it can be used: not behind its end. */
  get isOpen(): boolean {
    return this.#context !== null;
  }

  /**
   * A new connection.
   *
   * @param hostname Where it goes to.
   * @param address The same and its port.
   */
  connection(hostname: string, address: string): Handle {
    const { lib } = this.openssl;
    const { serverName, isInsecure } = this.#material;
    const ssl = lib.SSL_new(this.#context);
    if (ssl === null) return null;
    lib.SSL_set_connect_state(ssl);
    this.openssl.expectName(ssl, serverName ?? hostname, !isInsecure);
    const session = this.#sessions.get(address);
    if (session !== undefined) lib.SSL_set_session(ssl, session);
    return ssl;
  }

  /**
   * Keeps the session of a connection that ends, for the next one to the same server.
   *
   * @param generation Of the material that it began with: under another one it would not be resumed, but trusted anew.
   */
  keepSession(ssl: Handle, address: string, generation: number): void {
    if (!this.isOpen || generation !== this.generation) return;
    const { lib } = this.openssl;
    lib.SSL_set_shutdown(ssl, SSL_SENT_AND_RECEIVED_SHUTDOWN);
    const session = lib.SSL_get1_session(ssl);
    if (session === null) return;
    if (lib.SSL_SESSION_is_resumable(session) !== 1) return lib.SSL_SESSION_free(session);
    this.#forget(address);
    if (this.#sessions.size >= SESSIONS_MAX) this.#forget(this.#sessions.keys().next().value!);
    this.#sessions.set(address, session);
  }

  replace(material: TlsClientMaterial): void {
    const context = this.openssl.clientContext(material);
    this.close();
    this.generation += 1;
    this.#material = material;
    this.#context = context;
  }

  close(): void {
    for (const address of [...this.#sessions.keys()]) this.#forget(address);
    if (this.#context !== null) this.openssl.lib.SSL_CTX_free(this.#context);
    this.#context = null;
  }

  #forget(address: string): void {
    const session = this.#sessions.get(address);
    if (session === undefined) return;
    this.#sessions.delete(address);
    this.openssl.lib.SSL_SESSION_free(session);
  }
}
