/**
 * Connecting by `Deno.connect`, to a port with a deadline, and what a failed attempt is called.
 *
 * @module
 */
import { type Clock, Deadline } from "../../clock.ts";
import { type Endpoint, formatEndpoint, type UnixEndpoint } from "../../endpoint.ts";
import { type Failure, failures } from "../../failure.ts";
import type { Dial, DialTarget } from "../io_engine.ts";
import { connectFailure } from "../system_failures.ts";
import type { DenoConn } from "./deno_connection.ts";
import { errorName } from "./error_name.ts";

/** Hears how an attempt ended; exactly one call, once, unless the attempt was cancelled. */
export interface DenoDialListener {
  connected(connection: DenoConn): void;
  dialFailed(failure: Failure): void;
}

/** One attempt to connect. */
export class DenoDial implements Dial {
  readonly #listener: DenoDialListener;
  readonly #abort = new AbortController();
  readonly #deadline: Deadline;
  #isSettled = false;

  constructor(target: DialTarget, clock: Clock, listener: DenoDialListener) {
    const { endpoint, timeoutMs } = target;
    this.#listener = listener;
    // Deno asks the signal once more when the connection is there, and throws it away, still open, if the
    // signal was aborted in that moment. So it must not mind: what comes too late is closed below.
    this.#abort.signal.throwIfAborted = () => {};
    this.#deadline = new Deadline(clock, timeoutMs, () => {
      this.#fail(failures.connectTimeout);
      this.#abort.abort();
    });
    this.#connect(endpoint);
  }

  cancel(): void {
    this.#settle();
    this.#abort.abort();
  }

  async #connect(endpoint: Endpoint): Promise<void> {
    let connection: DenoConn;
    try {
      connection = await connectIfGranted(endpoint, this.#abort.signal);
    } catch (error) {
      return this.#fail(dialFailure(error));
    }
    if (this.#settle()) this.#listener.connected(connection);
    else closeUnused(connection);
  }

  #fail(failure: Failure): void {
    if (this.#settle()) this.#listener.dialFailed(failure);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#deadline.cancel();
    return true;
  }
}

/**
 * Connects, or fails where that is not granted. Deno itself would ask on a terminal, and this thread with all
 * its clients would stand still until somebody answers.
 */
async function connectIfGranted(endpoint: Endpoint, signal: AbortSignal): Promise<DenoConn> {
  if (!isGranted(endpoint)) throw new Deno.errors.NotCapable("connecting is not granted");
  // Connecting to a file succeeds or fails at once.
  if (endpoint.kind === "unix") {
    return await Deno.connect({ transport: "unix", path: endpoint.path });
  }
  const { hostname, port } = endpoint;
  return await Deno.connect({ hostname, port, signal });
}

/** Whether this thread may connect there. */
export function isGranted(endpoint: Endpoint): boolean {
  if (endpoint.kind === "unix" && !(mayUse("read", endpoint) && mayUse("write", endpoint))) {
    return false;
  }
  if (Deno.permissions.querySync({ name: "net" }).state === "granted") return true;
  const host = formatEndpoint(endpoint);
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}

/** Deno wants both of whoever connects to a file. */
function mayUse(name: "read" | "write", { path }: UnixEndpoint): boolean {
  return Deno.permissions.querySync({ name, path }).state === "granted";
}

function closeUnused(connection: DenoConn): void {
  try {
    connection.close();
  } catch {
    // Nobody has it, so it does not matter who closed it first.
  }
}

/** The reason behind an error of `Deno.connect`. */
export function dialFailure(error: unknown): Failure {
  if (error instanceof Deno.errors.NotCapable) return failures.connectDenied;
  const failure = connectFailure(errorName(error));
  if (failure !== failures.connectFailed || !(error instanceof Error)) return failure;
  // Deno gives the errors of lookups no name.
  if (!/lookup|resolve|name or service/i.test(error.message)) return failure;
  return /temporary|try again|non-recoverable/i.test(error.message)
    ? failures.nameLookupFailed
    : failures.nameUnresolved;
}
