/**
 * The engine on the kernel's own interface, through FFI: for thousands of clients. Linux only, and not bound by
 * Deno's permission for the network.
 *
 * @module
 */
import { READ_LARGE_BYTES } from "../../bytes/receive_buffer.ts";
import type { Clock } from "../../clock.ts";
import type { GivenSocket } from "../../endpoint.ts";
import { type Listed, MemberList } from "../../member_list.ts";
import { FlushQueue } from "../flush_queue.ts";
import type {
  Acceptor,
  Dial,
  DialListener,
  DialTarget,
  IoEngine,
  Listener,
  ListenOptions,
} from "../io_engine.ts";
import {
  portEndpoint,
  type TlsClient,
  type TlsClientMaterial,
  type TlsServer,
  type TlsServerMaterial,
} from "../tls.ts";
import { DescriptorBook } from "./descriptor_book.ts";
import { EpollDial } from "./epoll_dial.ts";
import { EpollListener } from "./epoll_listener.ts";
import { EpollLoop } from "./epoll_loop.ts";
import { JoinedListener } from "./joined_listener.ts";
import { openLibc } from "./libc.ts";
import { openLibssl } from "./libssl.ts";
import { NameLookup } from "./name_lookup.ts";
import { Openssl } from "./openssl.ts";
import { System } from "./system.ts";
import { EpollTlsListener, TlsAccepts } from "./tls_accepts.ts";
import { EpollTlsClient, EpollTlsServer } from "./tls_contexts.ts";
import { EpollTlsDial } from "./tls_dial.ts";
import { HandshakeList } from "./tls_handshake.ts";

/** Sockets of the kernel, waited for by one loop. */
export class EpollEngine implements IoEngine {
  readonly flushQueue: FlushQueue;
  /** Room is lent only while there are bytes: it may be large. */
  readonly readBytesMin: number = READ_LARGE_BYTES;
  readonly #loop: EpollLoop;
  readonly #names: NameLookup;
  readonly #dials: MemberList<Dial & Listed> = new MemberList();
  readonly #handshakes: HandshakeList;
  readonly #accepts: Set<TlsAccepts> = new Set();
  readonly #libsslPath: string | null;
  #openssl: Openssl | null = null;

  /**
   * @param libsslPath Where OpenSSL is; null: nobody asks for TLS.
   * @param descriptorMemory Where the thread's descriptors are noted for others; null: nowhere.
   * @throws {Error} If the C library cannot be loaded, or the kernel refuses.
   */
  constructor(
    libcPath: string,
    clock: Clock,
    libsslPath: string | null = null,
    descriptorMemory: SharedArrayBuffer | null = null,
  ) {
    this.#libsslPath = libsslPath;
    const book = descriptorMemory === null ? null : new DescriptorBook(descriptorMemory);
    const system = new System(openLibc(libcPath), book);
    this.flushQueue = new FlushQueue(clock);
    this.#loop = new EpollLoop(system, clock, this.flushQueue);
    this.#names = new NameLookup(system);
    this.#handshakes = new HandshakeList(this.#loop);
  }

  /** The kernel takes bytes at once, or says that it has no room. */
  writeDelayMs(): number {
    return 0;
  }

  listen(options: ListenOptions, acceptor: Acceptor): Listener {
    if (!options.tls) return this.#listen(options, acceptor);
    portEndpoint(options.endpoint);
    const server = options.tls as EpollTlsServer;
    const accepts = new TlsAccepts(this.#loop, this.#handshakes, server, acceptor);
    const listener = this.#listen(options, accepts);
    this.#accepts.add(accepts);
    return new EpollTlsListener(listener, accepts, () => this.#accepts.delete(accepts));
  }

  dial(target: DialTarget, listener: DialListener): Dial {
    if (!target.tls || target.endpoint.kind === "unix") return this.#dial(target, listener);
    return new EpollTlsDial(
      this.#loop,
      this.#dials,
      target,
      listener,
      (hearer) => this.#dial(target, hearer),
    );
  }

  tlsServer(material: TlsServerMaterial): TlsServer {
    return new EpollTlsServer(this.#library(), material);
  }

  tlsClient(material: TlsClientMaterial): TlsClient {
    return new EpollTlsClient(this.#library(), material);
  }

  close(): Promise<void> {
    this.flushQueue.stop();
    for (const dial of this.#dials) dial.cancel();
    for (const accepts of this.#accepts) accepts.cancel();
    return this.#loop.end();
  }

  #listen(options: ListenOptions, acceptor: Acceptor): Listener {
    const open = (given: GivenSocket | null) =>
      new EpollListener(this.#loop, this.#names, options, acceptor, given);
    const [first, ...others] = options.given ?? [];
    if (first === undefined) return open(null);
    const listeners = [open(first)];
    try {
      for (const given of others) listeners.push(open(given));
    } catch (error) {
      for (const listener of listeners) listener.close(true);
      throw error;
    }
    return others.length === 0 ? listeners[0]! : new JoinedListener(listeners);
  }

  #dial(target: DialTarget, listener: DialListener): Dial {
    return new EpollDial(this.#loop, this.#names, this.#dials, target, listener);
  }

  #library(): Openssl {
    if (this.#libsslPath === null) throw new Error("TLS needs OpenSSL, which was not found");
    return this.#openssl ??= new Openssl(openLibssl(this.#libsslPath));
  }
}
