/**
 * The engine on Deno's own sockets: every platform, bound by Deno's permissions.
 *
 * @module
 */
import { READ_SMALL_BYTES } from "../../bytes/receive_buffer.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import type { Clock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import { FlushQueue } from "../flush_queue.ts";
import type {
  Acceptor,
  Connection,
  Dial,
  DialListener,
  DialTarget,
  IoEngine,
  Listener,
  ListenOptions,
  Socket,
} from "../io_engine.ts";
import type { TlsClient, TlsClientMaterial, TlsServer, TlsServerMaterial } from "../tls.ts";
import { backendTlsFailure, clientTlsFailure } from "../tls_failures.ts";
import { type DenoConn, localEnd, peerEnd } from "./deno_connection.ts";
import { DenoDial } from "./deno_dial.ts";
import { DenoListener } from "./deno_listener.ts";
import { DenoSocket } from "./deno_socket.ts";
import { DenoTlsClient, DenoTlsServer } from "./node_tls.ts";
import { DenoTlsDial } from "./tls_dial.ts";
import { DenoTlsListener } from "./tls_listener.ts";
import type { TlsSocketContext } from "./tls_socket.ts";
import { WriteDelay } from "./write_delay.ts";

/** Deno's sockets. What is open ends with the thread, so there is nothing to end but work under way. */
export class DenoEngine implements IoEngine {
  readonly flushQueue: FlushQueue;
  /** A read that waits has its array all the while, and thousands of clients wait. */
  readonly readBytesMin: number = READ_SMALL_BYTES;
  readonly #clock: Clock;
  readonly #writeDelay = new WriteDelay();
  readonly #tlsListeners: Set<DenoTlsListener> = new Set();
  #opening: Promise<unknown> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.flushQueue = new FlushQueue(clock);
  }

  writeDelayMs(nowMs: number): number {
    return this.#writeDelay.longestMs(nowMs);
  }

  get opening(): Promise<unknown> | null {
    return this.#opening;
  }

  listen(options: ListenOptions, acceptor: Acceptor): Listener {
    if (options.tls) return this.#listenTls(options, acceptor);
    return new DenoListener(options, {
      get lack() {
        return acceptor.lack;
      },
      accepted: (connection) => {
        this.#clock.readNow();
        acceptor.accepted(this.adopt(connection));
      },
      acceptFailed: (failure) => acceptor.acceptFailed(failure),
    });
  }

  dial(target: DialTarget, listener: DialListener): Dial {
    if (target.tls && target.endpoint.kind === "tcp") {
      return new DenoTlsDial(target, listener, this.#tlsContext(backendTlsFailure));
    }
    return new DenoDial(target, this.#clock, {
      connected: (connection) => listener.connected(this.adopt(connection)),
      dialFailed: (failure) => listener.dialFailed(failure),
    });
  }

  /** Makes one of Deno's connections one of this engine's. */
  adopt(connection: DenoConn): Connection {
    return new DenoConnection(connection, this.#clock, this.#writeDelay);
  }

  tlsServer(material: TlsServerMaterial): TlsServer {
    return new DenoTlsServer(material);
  }

  tlsClient(material: TlsClientMaterial): TlsClient {
    return new DenoTlsClient(material);
  }

  #listenTls(options: ListenOptions, acceptor: Acceptor): Listener {
    const listener = new DenoTlsListener(options, acceptor, this.#tlsContext(clientTlsFailure));
    this.#tlsListeners.add(listener);
    listener.ended.then(() => this.#tlsListeners.delete(listener));
    const former = this.#opening;
    const opening = Promise.all([former, listener.opened]).finally(() => {
      if (this.#opening === opening) this.#opening = null;
    });
    opening.catch(() => {});
    this.#opening = opening;
    return listener;
  }

  #tlsContext(failureOf: TlsSocketContext["failureOf"]): TlsSocketContext {
    return { clock: this.#clock, writeDelay: this.#writeDelay, failureOf };
  }

  close(): Promise<void> {
    this.flushQueue.stop();
    for (const listener of this.#tlsListeners) listener.cancel();
    return Promise.resolve();
  }
}

/** One of Deno's connections that nobody reads yet. */
class DenoConnection implements Connection {
  readonly #connection: DenoConn;
  readonly #clock: Clock;
  readonly #writeDelay: WriteDelay;

  constructor(connection: DenoConn, clock: Clock, writeDelay: WriteDelay) {
    this.#connection = connection;
    this.#clock = clock;
    this.#writeDelay = writeDelay;
  }

  get local(): Endpoint | null {
    return localEnd(this.#connection);
  }

  get peer(): Endpoint | null {
    return peerEnd(this.#connection);
  }

  open(receiver: ByteReceiver, log: SendLog): Socket {
    return new DenoSocket(this.#connection, receiver, log, this.#clock, this.#writeDelay);
  }

  discard(): void {
    this.#connection.close();
  }
}
