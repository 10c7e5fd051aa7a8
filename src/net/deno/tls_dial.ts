/**
 * Connecting to a server that speaks TLS, on the sockets that Deno has for Node's programs.
 *
 * @module
 */
import { Deadline } from "../../clock.ts";
import type { TcpEndpoint } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import type { Dial, DialListener, DialTarget } from "../io_engine.ts";
import { connectFailure } from "../system_failures.ts";
import { backendCertificateFailure, backendTlsFailure } from "../tls_failures.ts";
import { isGranted } from "./deno_dial.ts";
import { errorName } from "./error_name.ts";
import { certificateFaultOf, type DenoTlsClient, type NodeTlsSocket } from "./node_tls.ts";
import { DenoTlsConnection, type TlsSocketContext } from "./tls_socket.ts";

/** One attempt to connect. */
export class DenoTlsDial implements Dial {
  readonly #listener: DialListener;
  readonly #context: TlsSocketContext;
  readonly #deadline: Deadline;
  #socket: NodeTlsSocket | null = null;
  #isSettled = false;

  constructor(target: DialTarget, listener: DialListener, context: TlsSocketContext) {
    const { endpoint, timeoutMs } = target;
    this.#listener = listener;
    this.#context = context;
    this.#deadline = new Deadline(
      context.clock,
      timeoutMs,
      () => this.#fail(failures.connectTimeout),
    );
    // Deno itself would ask on a terminal; and who dials must not hear of a failure before it has this object.
    if (isGranted(endpoint)) this.#connect(target);
    else queueMicrotask(() => this.#fail(failures.connectDenied));
  }

  cancel(): void {
    if (this.#settle()) this.#socket?.destroy();
  }

  #connect(target: DialTarget): void {
    const { hostname, port } = target.endpoint as TcpEndpoint;
    const client = target.tls as DenoTlsClient;
    const socket = this.#socket = client.connect({ host: hostname, port }, hostname);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.once("secureConnect", () => this.#connected(socket));
    socket.on("error", (error) => this.#fail(tlsDialFailure(error)));
    socket.once("close", () => this.#fail(failures.backendClosed));
  }

  #connected(socket: NodeTlsSocket): void {
    if (!this.#settle()) return;
    this.#listener.connected(new DenoTlsConnection(socket, this.#context));
  }

  #fail(failure: Failure): void {
    if (!this.#settle()) return;
    this.#socket?.destroy();
    this.#listener.dialFailed(failure);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#deadline.cancel();
    return true;
  }
}

/** The reason behind an error of a connection that did not come about. */
export function tlsDialFailure(error: Error): Failure {
  const name = errorName(error);
  const fault = certificateFaultOf(name);
  if (fault !== null) return backendCertificateFailure(fault);
  if (name === "ENOTFOUND") return failures.nameUnresolved;
  if (name === "EAI_AGAIN") return failures.nameLookupFailed;
  const failure = connectFailure(name);
  return failure === failures.connectFailed ? backendTlsFailure(error.message) : failure;
}
