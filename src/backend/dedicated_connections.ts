/**
 * Connections that one client has to itself for a while: a transaction, a blocking command. Their number is
 * bounded; one that comes back clean is kept for the next client that wants the same, for a moment.
 *
 * @module
 */
import type { Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { Profile } from "../protocol/protocol.ts";
import type { Backend } from "./backend.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import { BackendConnection } from "./connection.ts";
import type { EndListener } from "./link.ts";

/** How long a connection that nobody has is kept, milliseconds. */
export const IDLE_MAX_MS = 10_000;
/** Connections that nobody has, per cluster and worker. */
export const IDLE_CONNECTIONS_MAX = 64;

/** What these connections keep to. */
export interface DedicatedOptions {
  /** Connections at once, those kept idle included. */
  readonly connectionsMax: number;
  readonly limits: BackendLimits;
}

interface IdleConnection {
  readonly connection: BackendConnection;
  readonly sinceMs: number;
}

/** The dedicated connections of one cluster in one worker. */
export class DedicatedConnections implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #options: DedicatedOptions;
  /** With whoever hears that it is lost. */
  readonly #taken = new Map<BackendConnection, EndListener | null>();
  /** What each keeps to: its read timeout is that of its user. */
  readonly #limits = new WeakMap<BackendConnection, BackendLimits>();
  /** Oldest first. */
  #idle: IdleConnection[] = [];
  #isStopped = false;

  constructor(context: BackendContext, options: DedicatedOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Connections that clients have. */
  get takenCount(): number {
    return this.#taken.size;
  }

  /** Connections kept for the next client. */
  get idleCount(): number {
    return this.#idle.length;
  }

  /**
   * A connection to `backend` for one client alone, or null: all that may be are taken.
   *
   * @param readTimeoutMs Longest wait for one reply; `Infinity` where a reply may take any time.
   */
  take(
    backend: Backend,
    profile: Profile,
    readTimeoutMs: number = this.#options.limits.readTimeoutMs,
  ): BackendConnection | null {
    const { barredBy } = backend;
    // Where requests fail at once, those on a connection that is open already do too.
    const idle = barredBy === null ? this.#takeIdle(backend, profile) : null;
    const connection = idle ?? this.#create(backend, profile);
    if (connection !== null) {
      if (barredBy !== null) connection.bar(barredBy);
      this.#limits.get(connection)!.readTimeoutMs = readTimeoutMs;
      this.#taken.set(connection, null);
    }
    this.#count();
    return connection;
  }

  /** Whoever has `connection` hears that its socket is lost, or could not be had, until the connection is given up. */
  listen(connection: BackendConnection, listener: EndListener): void {
    if (!this.#taken.has(connection)) return;
    connection.addEndListener(listener);
    this.#taken.set(connection, listener);
  }

  /**
   * The client is done, and has left nothing behind that the next one could notice. A connection with replies
   * due, or without a socket, is closed.
   */
  giveBack(connection: BackendConnection): void {
    if (!this.#release(connection)) return;
    this.#count();
    const isClean = connection.isConnected && connection.inflight.size === 0;
    if (!isClean || this.#isStopped || this.#idle.length >= IDLE_CONNECTIONS_MAX) {
      return connection.close(failures.backendClosed);
    }
    const { clock } = this.#context;
    this.#idle.push({ connection, sinceMs: clock.nowMs });
    this.#count();
    clock.watch(this);
  }

  /** Closes a connection that must not serve anybody else; what is in flight on it fails. */
  discard(connection: BackendConnection, failure: Failure = failures.backendClosed): void {
    if (!this.#release(connection)) return;
    this.#count();
    connection.close(failure);
  }

  /** Closes all, and whatever is given back from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const { connection } of this.#idle) connection.close(failures.shuttingDown);
    this.#idle = [];
    this.#count();
    for (const connection of [...this.#taken.keys()]) {
      this.discard(connection, failures.shuttingDown);
    }
  }

  onTick(nowMs: number): boolean {
    const kept = this.#idle.filter(({ connection, sinceMs }) => {
      const isKept = connection.isConnected && nowMs - sinceMs < IDLE_MAX_MS;
      if (!isKept) connection.close(failures.backendClosed);
      return isKept;
    });
    this.#idle = kept;
    this.#count();
    return kept.length > 0;
  }

  /** The one used last, so that those not needed grow old. */
  #takeIdle(backend: Backend, profile: Profile): BackendConnection | null {
    for (let index = this.#idle.length - 1; index >= 0; index--) {
      const { connection } = this.#idle[index]!;
      if (connection.backend !== backend || connection.profile !== profile) continue;
      this.#idle.splice(index, 1);
      if (connection.isConnected) return connection;
      connection.close(failures.backendClosed);
    }
    return null;
  }

  /** False where nobody has it any more. */
  #release(connection: BackendConnection): boolean {
    const listener = this.#taken.get(connection);
    if (listener === undefined) return false;
    this.#taken.delete(connection);
    if (listener !== null) connection.removeEndListener(listener);
    return true;
  }

  #create(backend: Backend, profile: Profile): BackendConnection | null {
    if (this.#isStopped) return null;
    if (this.#taken.size + this.#idle.length >= this.#options.connectionsMax) {
      const oldest = this.#idle.shift();
      if (oldest === undefined) return null;
      oldest.connection.close(failures.backendClosed);
    }
    const limits = { ...this.#options.limits };
    const options = { limits, keepsBackoff: false, isDedicated: true };
    const connection = new BackendConnection(backend, profile, this.#context, options);
    this.#limits.set(connection, limits);
    return connection;
  }

  #count(): void {
    const { metrics } = this.#context;
    metrics.dedicatedTaken = this.#taken.size;
    metrics.dedicatedIdle = this.#idle.length;
  }
}
