/**
 * One backend address and its connections. A client always uses the same connection of a backend, so its own
 * requests keep their order there without any lock.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import type { BackendMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { BackendDurations } from "../observe/durations.ts";
import { type Profile, PROFILES } from "../protocol/protocol.ts";
import type { BackendContext } from "./backend_context.ts";
import { BackendConnection } from "./connection.ts";
import type { BackendAddress, ConnectionOwner } from "./connection_owner.ts";
import { Flaps } from "./flaps.ts";
import { HealthProbe } from "./health.ts";
import type { InflightQueue } from "./inflight_queue.ts";
import { PauseMode, type PauseModeCode } from "./server_orders.ts";

/** Time between the pings to a backend that gets no requests because of timeouts, milliseconds. */
export const CIRCUIT_PROBE_INTERVAL_MS = 500;
/** Longest time that one which times out again and again gets no requests although it answers: nobody else has its keys. */
export const CIRCUIT_HOLD_LONGEST_MS = 2_000;

const NO_CONNECTIONS: readonly BackendConnection[] = [];

/** One backend. */
export class Backend implements ConnectionOwner {
  readonly endpoint: Endpoint;
  readonly address: string;
  /** What operators call it: its alias, else its address. */
  readonly name: string;
  /** Exchanges appended to its connections. */
  requests = 0;
  /** Exchanges that failed. */
  failures = 0;
  /** Requests of clients that were answered by an error, redirections included. */
  errorReplies = 0;
  /** The same by reason. */
  readonly failuresByReason = new Map<Failure, number>();
  /** Connections that were made and have answered, and attempts that failed. */
  connects = 0;
  connectFailures = 0;
  /** Pings that were answered, and that were not. */
  pings = 0;
  pingFailures = 0;
  /** Connections that one client has to itself now, and those kept for the next one; their owner counts them. */
  dedicatedTaken = 0;
  dedicatedIdle = 0;
  readonly durations: BackendDurations;
  recoveredAtMs = -Infinity;
  /** Whether it serves: false while ejected. */
  isServing = true;
  /** Whether the last attempt to connect failed. */
  #isDown = false;
  /** Why the last attempt failed, where that was the proxy's own doing. */
  #ownFailure: Failure | null = null;
  /** It sent a push that nobody asked for, and that was logged. */
  #hasDroppedPush = false;
  readonly #context: BackendContext;
  /** Connections by profile index; a profile's are made when first needed. */
  readonly #pools: (BackendConnection[] | null)[] = [];
  /** What requests get: those, or while it is barred such as refuse everything, so that sending asks for nothing more. */
  #offered: (BackendConnection[] | null)[] = this.#pools;
  #isEjected = false;
  /** Whether connections that are made for further kinds of clients are parked, too. */
  #isParked = false;
  /** Timeouts of requests since the last that was answered in time. */
  #timeoutsInRow = 0;
  /** Pings it while it gets no requests because of timeouts; else null. */
  #probe: HealthProbe | null = null;
  readonly #circuitFlaps: Flaps = new Flaps(CIRCUIT_HOLD_LONGEST_MS);
  /** How it left the ring and came back, as the leader's pings have seen it. */
  readonly ejections: Flaps = new Flaps();

  constructor(address: BackendAddress, context: BackendContext) {
    this.endpoint = address.endpoint;
    this.address = formatEndpoint(address.endpoint);
    this.name = address.alias ?? this.address;
    this.#context = context;
    this.durations = new BackendDurations(
      this.address,
      context.seriesBudget,
      context.metrics.remoteTimer,
    );
  }

  get shownAddress(): string {
    return this.#context.limits.hidesAddresses ? "" : this.address;
  }

  /** The connection that serves the client with this number. */
  connectionFor(clientNumber: number, profile: Profile): BackendConnection {
    const pool = this.#offered[profile.index] ?? this.#openPool(profile);
    return pool.length === 1 ? pool[0]! : pool[clientNumber % pool.length]!;
  }

  /** Why requests for it fail at once; null: they are sent. */
  get barredBy(): Failure | null {
    if (this.#isEjected) return failures.backendEjected;
    return this.#probe === null ? null : failures.circuitOpen;
  }

  /** Whether it fails requests at once because its pings fail, instead of leaving the ring. */
  setEjected(isEjected: boolean): void {
    if (this.#isEjected === isEjected) return;
    this.#isEjected = isEjected;
    if (!isEjected) this.recovered();
    this.#barOrNot();
  }

  /** So many requests of clients got no reply in time: too many in a row, and it gets no more until a ping is answered. */
  timedOut(count: number): void {
    const { circuitTimeouts } = this.#context.limits;
    if (circuitTimeouts === 0 || this.#probe !== null) return;
    if (this.#timeoutsInRow === 0) this.#suspect(true);
    this.#timeoutsInRow += count;
    if (this.#timeoutsInRow >= circuitTimeouts) this.#openCircuit();
  }

  /** A request of a client was answered in time. */
  answeredInTime(): void {
    if (this.#timeoutsInRow === 0) return;
    this.#timeoutsInRow = 0;
    this.#suspect(false);
  }

  /** A request got no reply, for whatever reason. */
  requestFailed(failure: Failure): void {
    this.failures += 1;
    this.failuresByReason.set(failure, (this.failuresByReason.get(failure) ?? 0) + 1);
    if (failure.source === "backend") this.#context.backendUnreachable(this.address);
  }

  /** Logged once: connections that one client has to itself come and go. */
  pushDropped(): void {
    this.#context.metrics.pushesDropped += 1;
    if (this.#hasDroppedPush) return;
    this.#hasDroppedPush = true;
    this.#context.log.warning("Backend sends pushes that nobody asked for: dropped", {
      backend: this.address,
    });
  }

  /** A connection could not be had; logged once until one is had again. */
  connectFailed(failure: Failure, retryInMs: number): void {
    this.connectFailures += 1;
    // Its other databases are served as ever.
    if (failure === failures.backendDatabase) return;
    if (failure.source === "proxy") return this.#proxyFailed(failure);
    this.#context.backendUnreachable(this.address);
    if (this.#isDown) return;
    this.#isDown = true;
    this.#context.log.warning("Backend cannot be reached", {
      backend: this.address,
      reason: failure.name,
      retryInMs: Math.round(retryInMs),
    });
  }

  /** It was not even asked: that says nothing about it. Logged once until a connection is had again. */
  #proxyFailed(failure: Failure): void {
    if (this.#ownFailure === failure) return;
    this.#ownFailure = failure;
    this.#context.log.error("Proxy cannot connect", {
      backend: this.address,
      reason: failure.name,
    });
  }

  /** A connection answered. */
  answered(connectMs: number): void {
    this.connects += 1;
    this.durations.recordProbe("connect", connectMs);
    if (this.#ownFailure !== null) {
      this.#ownFailure = null;
      this.#context.log.info("Proxy connects again", { backend: this.address });
    }
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#context.log.info("Backend is reached again", { backend: this.address });
  }

  /** It is back in the ring: no request needs to wait for the end of a back-off, or for another ping. */
  recovered(): void {
    this.#context.clock.readNow();
    this.recoveredAtMs = this.#context.clock.nowMs;
    this.#closeCircuit();
  }

  /** Fails what was not sent yet: the backend left the ring or the cluster. */
  failUnsent(failure: Failure): void {
    for (const connection of this.#connections()) connection.failUnsent(failure);
  }

  /** Its connections that clients share. */
  connections(): Iterable<BackendConnection> {
    return this.#connections();
  }

  /** What is in flight over the connection of the client with this number; null: it has none yet. */
  inflightOf(clientNumber: number, profile: Profile): InflightQueue | null {
    const pool = this.#pools[profile.index] ?? null;
    return pool === null ? null : pool[clientNumber % pool.length]!.inflight;
  }

  /** Whether nothing waits in its connections. */
  get isIdle(): boolean {
    for (const connection of this.#connections()) if (connection.inflight.size > 0) return false;
    return true;
  }

  /** What is in flight and what waits to be sent, as far as a pause of this mode waits for it. */
  inFlight(mode: PauseModeCode): number {
    let count = 0;
    for (const { inflight } of this.#connections()) {
      count += mode === PauseMode.Writes ? inflight.writes : inflight.size;
    }
    return count;
  }

  /** Nothing is in flight, and the server may go away: its connections are closed, and none is made. */
  park(): void {
    this.#isParked = true;
    // Whether requests are sent again is seen to when it is unparked.
    this.#probe?.stop();
    for (const connection of this.#connections()) connection.park();
  }

  /** It may be another server by now: what is known of its failures is forgotten, and connections are made. */
  unpark(): void {
    this.#isParked = false;
    this.recovered();
    for (const connection of this.#connections()) connection.unpark();
  }

  /** Whether connections are being made. */
  get isConnecting(): boolean {
    for (const connection of this.#connections()) if (connection.isConnecting) return true;
    return false;
  }

  /** Closes every connection; what is in flight fails. */
  close(failure: Failure): void {
    this.#closeCircuit();
    this.#isParked = false;
    for (const connection of this.#connections()) connection.close(failure);
  }

  /** What it counted, for metrics. */
  snapshot(): BackendMetricsSnapshot {
    let connections = 0;
    let inFlight = 0;
    let unsent = 0;
    let queuedBytes = 0;
    let sentBytes = 0;
    let receivedBytes = 0;
    // No generator: a scrape asks for thousands of backends at once.
    for (const pool of this.#pools) {
      for (const connection of pool ?? NO_CONNECTIONS) {
        if (connection.isConnected) connections += 1;
        inFlight += connection.inflight.size;
        unsent += connection.inflight.unsent;
        queuedBytes += connection.log.unwrittenBytes;
        sentBytes += connection.log.writtenBytes;
        receivedBytes += connection.receivedBytes;
      }
    }
    return {
      address: this.address,
      isHealthy: this.isServing && !this.#isDown && this.barredBy === null,
      connections,
      requests: this.requests,
      failures: this.failures,
      okReplies: this.durations.answeredCount - this.errorReplies,
      errorReplies: this.errorReplies,
      connects: this.connects,
      connectFailures: this.connectFailures,
      inFlight,
      unsent,
      queuedBytes,
      sentBytes,
      receivedBytes,
      pings: this.pings,
      pingFailures: this.pingFailures,
      dedicatedTaken: this.dedicatedTaken,
      dedicatedIdle: this.dedicatedIdle,
      failuresByReason: [...this.failuresByReason].map(([{ id }, count]) => [id, count]),
    };
  }

  #openPool(profile: Profile): BackendConnection[] {
    const pool: BackendConnection[] = [];
    const { barredBy } = this;
    for (let index = 0; index < this.#context.limits.connections; index++) {
      const connection = new BackendConnection(this, profile, this.#context);
      connection.isSuspect = this.#timeoutsInRow > 0;
      // One that is barred refuses all, and nobody would unpark it.
      if (barredBy !== null) connection.bar(barredBy);
      else if (this.#isParked) connection.park();
      pool.push(connection);
    }
    const pools = this.#offered;
    while (pools.length <= profile.index) pools.push(null);
    pools[profile.index] = pool;
    return pool;
  }

  #suspect(isSuspect: boolean): void {
    for (const connection of this.#connections()) connection.isSuspect = isSuspect;
  }

  #openCircuit(): void {
    const { clock, log, metrics } = this.#context;
    metrics.circuitsOpened += 1;
    this.#circuitFlaps.left(clock.nowMs);
    log.warning("Backend gets no requests: too many timed out in a row", {
      backend: this.address,
      timeoutsInRow: this.#timeoutsInRow,
      notBeforeMs: this.#circuitFlaps.holdMs,
    });
    const options = {
      failLimit: 1,
      healthyIntervalMs: CIRCUIT_PROBE_INTERVAL_MS,
      ejectedIntervalMs: CIRCUIT_PROBE_INTERVAL_MS,
      // What is as slow as requests may be has to be let in again.
      pingTimeoutMs: Infinity,
      flaps: this.#circuitFlaps,
    };
    this.#probe = new HealthProbe(this, PROFILES[2].master, this.#context, options, {
      healthChanged: () => this.#closeCircuit(),
      isDispensable: () => true,
    });
    this.#barOrNot();
    this.#probe.start(false);
    this.#context.circuitOpened(this.address);
  }

  #closeCircuit(): void {
    const probe = this.#probe;
    if (probe === null) return;
    this.#probe = null;
    probe.stop();
    this.#circuitFlaps.returned(this.#context.clock.nowMs);
    this.answeredInTime();
    this.#barOrNot();
    this.recovered();
    this.#context.log.info("Backend gets requests again", { backend: this.address });
  }

  /** Has requests refused or sent, as {@link Backend.barredBy} says; what was not sent yet fails where they are refused. */
  #barOrNot(): void {
    const { barredBy } = this;
    this.#offered = barredBy === null ? this.#pools : [];
    if (barredBy !== null) this.failUnsent(barredBy);
  }

  *#connections(): Generator<BackendConnection> {
    for (const pool of this.#pools) if (pool !== null) yield* pool;
  }
}
