/**
 * One front-end port whose clients speak TLS, on the servers that Deno has for Node's programs. Handshakes are bounded
 * in number and in time.
 *
 * @module
 */
import { Deadline } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import { Crowds } from "../crowds.ts";
import {
  type Acceptor,
  BACKLOG_CONNECTIONS,
  type Listener,
  type ListenOptions,
} from "../io_engine.ts";
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_MAX, portEndpoint } from "../tls.ts";
import { clientTlsFailure } from "../tls_failures.ts";
import { acceptWaiting } from "./last_accepts.ts";
import type { DenoTlsServer, NodeSocket, NodeTlsServer, NodeTlsSocket } from "./node_tls.ts";
import { DenoTlsConnection, peerOf, type TlsSocketContext } from "./tls_socket.ts";

const UNVERIFIED = "the certificate of a resumed session was not verified here";

/** A client in the midst of its handshake: where it comes from, what it is verified by, and when it is too late. */
interface Pending {
  readonly peer: Endpoint | null;
  readonly caGeneration: number;
  readonly deadline: Deadline;
}

/** A {@link Listener} whose connections speak TLS by Node's module. */
export class DenoTlsListener implements Listener {
  readonly port: number;
  /** Settles when clients can connect; rejects where the address could not be bound after all. */
  readonly opened: Promise<void>;
  readonly #server: NodeTlsServer;
  readonly #tls: DenoTlsServer;
  readonly #acceptor: Acceptor;
  readonly #context: TlsSocketContext;
  /** Clients in the midst of their handshakes, the oldest first. */
  readonly #pending: Map<NodeSocket, Pending> = new Map();
  readonly #crowds: Crowds<NodeSocket> = new Crowds();
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  #isOpen = false;
  #connectedCount = 0;
  /** Settles when it is closed; null until that is asked for. */
  #closing: Promise<void> | null = null;
  #isClosed = false;
  /** All handshakes are given up, those of who connects from now on, too. */
  #isCancelled = false;

  /** @throws {Error} If the address cannot be bound. */
  constructor(options: ListenOptions, acceptor: Acceptor, context: TlsSocketContext) {
    const { hostname, port } = portEndpoint(options.endpoint);
    const { sharesPort } = options;
    this.#acceptor = acceptor;
    this.#context = context;
    // Node's way to listen says later what does not work.
    this.port = port === 0 || !sharesPort ? portOfTrial(hostname, port) : port;
    this.#tls = options.tls as DenoTlsServer;
    const server = this.#server = this.#tls.createServer();
    server.on("connection", (socket) => this.#connected(socket));
    server.on("secureConnection", (socket) => this.#secured(socket));
    server.on("tlsClientError", (error, socket) => this.#failed(error, socket));
    this.opened = new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({
        host: hostname,
        port: this.port,
        backlog: BACKLOG_CONNECTIONS,
        ...sharesPort ? { reusePort: true } : {},
      }, () => {
        this.#isOpen = true;
        server.off("error", reject);
        // Of one connection, which is gone before it was accepted; or it is closed.
        server.on("error", () => this.#acceptor.acceptFailed(failures.clientReset));
        resolve();
      });
    });
    // Whoever waits for it hears of it all the same.
    this.opened.catch(() => {});
  }

  /** Settles when it is closed, and no handshake is under way. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Deno's sockets cannot be given away. */
  share(): number[] {
    return [];
  }

  close(leavesWaiting = false): Promise<void> {
    if (leavesWaiting && this.#isOpen) this.#closeServer();
    return this.#closing ??= this.#closeBehindWaiting(leavesWaiting);
  }

  async #closeBehindWaiting(leavesWaiting: boolean): Promise<void> {
    if (!this.#isOpen) await this.opened.catch(() => {});
    if (!leavesWaiting && !this.#isCancelled) await acceptWaiting(() => this.#connectedCount);
    this.#closeServer();
    await this.ended;
  }

  #closeServer(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.close();
    this.#settle();
  }

  /** Gives all handshakes up, without a word. */
  cancel(): void {
    this.#isCancelled = true;
    if (this.#isOpen) this.#closeServer();
    else this.close();
    for (const socket of [...this.#pending.keys()]) this.#end(socket);
  }

  #connected(socket: NodeSocket): void {
    if (this.#isCancelled) {
      socket.destroy();
      return;
    }
    this.#connectedCount += 1;
    this.#context.clock.readNow();
    const { lack } = this.#acceptor;
    if (lack !== null) {
      socket.destroy();
      return this.#acceptor.acceptFailed(lack);
    }
    if (this.#pending.size >= HANDSHAKES_MAX) {
      this.#giveUp(this.#crowds.mostExpendable()!, "others came");
    }
    const deadline = new Deadline(
      this.#context.clock,
      HANDSHAKE_TIMEOUT_MS,
      () => this.#giveUp(socket, `${HANDSHAKE_TIMEOUT_MS} ms are over`),
    );
    const peer = peerOf(socket);
    this.#pending.set(socket, { peer, caGeneration: this.#tls.caGeneration, deadline });
    this.#crowds.add(socket, peer);
    socket.once("close", () => this.#forget(socket));
  }

  #secured(socket: NodeTlsSocket): void {
    this.#context.clock.readNow();
    const carrier = carrierOf(socket);
    const pending = carrier === null ? undefined : this.#pending.get(carrier);
    const isVerified = this.#tls.isVerified(socket, pending?.caGeneration ?? -1);
    if (!isVerified) this.#tell(failures.tlsClientCertificate, carrier ?? socket, UNVERIFIED);
    if (carrier !== null) this.#forget(carrier);
    if (!isVerified) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#acceptor.accepted(new DenoTlsConnection(socket, this.#context));
  }

  #failed(error: Error, socket: NodeTlsSocket): void {
    const carrier = carrierOf(socket);
    this.#context.clock.readNow();
    // One that was given up was told of already.
    if (carrier === null || this.#pending.has(carrier)) {
      this.#tell(clientTlsFailure(error.message), carrier ?? socket, error.message);
    }
    socket.destroy();
    if (carrier !== null) this.#end(carrier);
  }

  #tell(failure: Failure, socket: NodeSocket, detail: string): void {
    const peer = this.#pending.get(socket)?.peer ?? peerOf(socket);
    this.#acceptor.handshakeFailed?.(failure, peer, detail);
  }

  #giveUp(socket: NodeSocket, detail: string): void {
    this.#tell(failures.tlsClientTimeout, socket, detail);
    this.#end(socket);
  }

  #end(socket: NodeSocket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: NodeSocket): void {
    const pending = this.#pending.get(socket);
    if (pending !== undefined) {
      pending.deadline.cancel();
      this.#crowds.delete(socket, pending.peer);
      this.#pending.delete(socket);
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#isClosed && this.#pending.size === 0) this.#ended.resolve();
  }
}

/** The connection that carries TLS, as far as it can be told. */
function carrierOf(socket: NodeTlsSocket): NodeSocket | null {
  return (socket as unknown as { _parent?: NodeSocket | null })._parent ?? null;
}

/** @throws {Error} If the address cannot be bound. */
function portOfTrial(hostname: string, port: number): number {
  const trial = Deno.listen({ hostname, port });
  const { port: bound } = trial.addr;
  trial.close();
  return bound;
}
