/**
 * Connections that one client has to itself for a while: a transaction, a blocking command. Their number is
 * bounded; one that comes back clean is kept for the next client that wants the same, for a moment. While its server is
 * paused and nothing is in flight there is none but of those who wait in a blocking command.
 *
 * @module
 */
import type { Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import { MemberList, NOT_LISTED } from "../member_list.ts";
import type { Profile } from "../protocol/protocol.ts";
import type { Backend } from "./backend.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import { BackendConnection } from "./connection.ts";
import type { DedicatedUse } from "./dedicated_use.ts";
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
  readonly backend: Backend;
  readonly connection: BackendConnection;
  readonly sinceMs: number;
}

/** The dedicated connections of one cluster in one worker. */
export class DedicatedConnections implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #options: DedicatedOptions;
  readonly #taken = new MemberList<DedicatedUse>();
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
      const use = connection.use!;
      use.limits.readTimeoutMs = readTimeoutMs;
      this.#taken.add(use);
      backend.dedicatedTaken += 1;
    }
    this.#count();
    return connection;
  }

  /** Whoever has `connection` hears that its socket is lost, or could not be had, until the connection is given up. */
  listen(connection: BackendConnection, listener: EndListener): void {
    const use = takenUse(connection);
    if (use === null) return;
    connection.addEndListener(listener);
    use.listener = listener;
  }

  /** Those to a server, or to all, over which something is in flight. */
  *busy(server: string | null): Generator<BackendConnection> {
    for (const { backend, connection } of this.#taken) {
      if (connection!.inflight.size > 0 && isOf(backend, server)) yield connection!;
    }
  }

  /** Closes those to a server, or to all, over which nothing is in flight; whoever has one hears that it is lost. */
  park(server: string | null): void {
    const isUnused = ({ connection, backend }: Pick<DedicatedUse, "connection" | "backend">) =>
      connection!.inflight.size === 0 && isOf(backend, server);
    for (const { connection } of [...this.#taken].filter(isUnused)) {
      connection!.close(failures.backendClosed);
    }
    const closed = this.#idle.filter(isUnused);
    if (closed.length === 0) return;
    this.#idle = this.#idle.filter((one) => !isUnused(one));
    for (const one of closed) closeIdle(one, failures.backendClosed);
    this.#count();
  }

  /**
   * The client is done, and has left nothing behind that the next one could notice. A connection with replies
   * due, without a socket, or whose server is paused, is closed.
   */
  giveBack(connection: BackendConnection): void {
    const { clock, orders } = this.#context;
    const use = takenUse(connection);
    if (use === null) return;
    const { backend } = use;
    this.#release(use);
    this.#count();
    const isClean = connection.isConnected && connection.inflight.size === 0;
    const isOver = this.#isStopped || (orders.isPausing && orders.holds(backend.name, false));
    if (!isClean || isOver || this.#idle.length >= IDLE_CONNECTIONS_MAX) {
      return connection.close(failures.backendClosed);
    }
    this.#idle.push({ backend, connection, sinceMs: clock.nowMs });
    backend.dedicatedIdle += 1;
    this.#count();
    clock.watch(this);
  }

  /** Closes a connection that must not serve anybody else; what is in flight on it fails. */
  discard(connection: BackendConnection, failure: Failure = failures.backendClosed): void {
    const use = takenUse(connection);
    if (use === null) return;
    this.#release(use);
    this.#count();
    connection.close(failure);
  }

  /** Closes all, and whatever is given back from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const one of this.#idle) closeIdle(one, failures.shuttingDown);
    this.#idle = [];
    this.#count();
    for (const { connection } of [...this.#taken]) {
      this.discard(connection!, failures.shuttingDown);
    }
  }

  onTick(nowMs: number): boolean {
    const kept = this.#idle.filter((one) => {
      const isKept = one.connection.isConnected && nowMs - one.sinceMs < IDLE_MAX_MS;
      if (!isKept) closeIdle(one, failures.backendClosed);
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
      backend.dedicatedIdle -= 1;
      if (connection.isConnected) return connection;
      connection.close(failures.backendClosed);
    }
    return null;
  }

  #release(use: DedicatedUse): void {
    this.#taken.delete(use);
    use.backend.dedicatedTaken -= 1;
    if (use.listener !== null) use.connection!.removeEndListener(use.listener);
    use.listener = null;
  }

  #create(backend: Backend, profile: Profile): BackendConnection | null {
    if (this.#isStopped) return null;
    if (this.#taken.size + this.#idle.length >= this.#options.connectionsMax) {
      const oldest = this.#idle.shift();
      if (oldest === undefined) return null;
      closeIdle(oldest, failures.backendClosed);
    }
    const limits = { ...this.#options.limits };
    const use: DedicatedUse = {
      listedAt: NOT_LISTED,
      backend,
      limits,
      connection: null,
      listener: null,
    };
    const options = { limits, keepsBackoff: false, isDedicated: true, use };
    use.connection = new BackendConnection(backend, profile, this.#context, options);
    return use.connection;
  }

  #count(): void {
    const { metrics } = this.#context;
    metrics.dedicatedTaken = this.#taken.size;
    metrics.dedicatedIdle = this.#idle.length;
  }
}

/** What is known of a connection that a client has; null where none has it any more. */
function takenUse({ use }: BackendConnection): DedicatedUse | null {
  return use === null || use.listedAt === NOT_LISTED ? null : use;
}

/** One that nobody has is kept no more. */
function closeIdle({ backend, connection }: IdleConnection, failure: Failure): void {
  backend.dedicatedIdle -= 1;
  connection.close(failure);
}

function isOf(backend: Backend, server: string | null): boolean {
  return server === null || backend.name === server;
}
