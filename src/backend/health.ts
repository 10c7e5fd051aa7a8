/**
 * Pings one backend and says when it should leave the ring and when it may return. Runs on a connection of its
 * own, so that a long queue of requests is not taken for a dead server.
 *
 * @module
 */
import { type Failure, failures } from "../failure.ts";
import type { Profile, Protocol } from "../protocol/protocol.ts";
import { type Exchange, NOBODY, type ReplyReceiver } from "../request/exchange.ts";
import type { Backend } from "./backend.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import { BackendConnection } from "./connection.ts";
import { Flaps } from "./flaps.ts";

/** When to ping, and how many failures in a row eject. */
export interface HealthOptions {
  /** Failures in a row that eject; at least 1. */
  failLimit: number;
  /** Between pings while it answers, milliseconds. */
  healthyIntervalMs: number;
  /** Between pings while it is ejected, milliseconds. */
  ejectedIntervalMs: number;
  /** Longest time that a ping may take, milliseconds, if it is not its interval; the read timeout holds besides. */
  pingTimeoutMs?: number;
  /** How it went and came before; nothing is known of that if left out. */
  flaps?: Flaps;
}

/** Between pings that something else than their interval asks for, milliseconds. */
export const HURRY_SPACING_MS = 50;

/** Hears of changes. */
export interface HealthListener {
  /** `timesOut`: it is ejected since requests time out there, not for its pings. */
  healthChanged(backend: Backend, isHealthy: boolean, timesOut: boolean): void;
  /** Whether others can do without it: only then one that comes and goes is kept away although it answers. */
  isDispensable(backend: Backend): boolean;
}

/** The pings of one backend. */
export class HealthProbe implements ReplyReceiver {
  generation = 0;
  readonly #backend: Backend;
  readonly #protocol: Protocol;
  readonly #context: BackendContext;
  readonly #options: HealthOptions;
  readonly #listener: HealthListener;
  readonly #profile: Profile;
  readonly #limits: BackendLimits;
  readonly #flaps: Flaps;
  #connection: BackendConnection;
  #exchange: Exchange | null = null;
  /** Whether the protocol's other probe is sent. */
  #sendsOther = false;
  /** Whether this ping was sent in the other way before. */
  #isSecondTry = false;
  #failuresInRow = 0;
  #isHealthy = true;
  #isStopped = false;
  #sentAtMs = 0;
  #isFirst = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #ping = () => this.#sendPing();

  constructor(
    backend: Backend,
    profile: Profile,
    context: BackendContext,
    options: HealthOptions,
    listener: HealthListener,
  ) {
    this.#backend = backend;
    this.#protocol = context.protocol;
    this.#context = context;
    this.#options = options;
    this.#listener = listener;
    this.#profile = profile;
    this.#limits = { ...context.limits };
    this.#flaps = options.flaps ?? new Flaps();
    this.#connection = this.#openConnection();
  }

  /** Begins to ping at once; `isHealthy` is what is known so far. */
  start(isHealthy: boolean): void {
    this.#isHealthy = isHealthy;
    this.#sendPing();
  }

  /** Requests have failed there: it is pinged at once, unless it is being pinged. */
  hurry(): void {
    if (this.#isStopped || !this.#isHealthy || this.#exchange !== null) return;
    this.#context.clock.readNow();
    if (this.#context.clock.nowMs - this.#sentAtMs < HURRY_SPACING_MS) return;
    clearTimeout(this.#timer);
    this.#sendPing();
  }

  /** Requests get no replies there: it is ejected, whatever its pings say, until one that is sent from now on succeeds. */
  condemn(): void {
    if (this.#isStopped || !this.#isHealthy) return;
    clearTimeout(this.#timer);
    this.#exchange?.swallow();
    this.#exchange = null;
    this.#context.clock.readNow();
    this.#sentAtMs = this.#context.clock.nowMs;
    this.#failuresInRow += 1;
    this.#eject(true);
    this.#schedule();
  }

  /** Ends for good. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#exchange?.swallow();
    this.#exchange = null;
    this.#connection.close(failures.backendRemoved);
  }

  onReply(_exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    this.#exchange = null;
    if (this.#protocol.isProbeAccepted(bytes, start, end)) this.#succeeded();
    else this.#failed();
  }

  onFailure(_exchange: Exchange, failure: Failure, _address: string): void {
    this.#exchange = null;
    // A ping that the proxy could not send, out of descriptors say, tells nothing of the backend.
    if (hangsUp(failure) && this.#tryOther()) return;
    if (failure.source !== "proxy") this.#failed();
    else if (!this.#isStopped) this.#schedule();
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}

  onLargeReply(_exchange: Exchange, _byteCount: number): void {}

  get #intervalMs(): number {
    const { healthyIntervalMs, ejectedIntervalMs } = this.#options;
    return this.#isHealthy ? healthyIntervalMs : ejectedIntervalMs;
  }

  #openConnection(): BackendConnection {
    const profile = this.#sendsOther ? this.#protocol.otherProbe!.profile : this.#profile;
    return new BackendConnection(this.#backend, profile, this.#context, {
      limits: this.#limits,
      keepsBackoff: false,
      isProbe: true,
    });
  }

  /** A backend that speaks in another way gets the other probe, once for each ping that it hangs up on. */
  #tryOther(): boolean {
    if (this.#isStopped || this.#protocol.otherProbe === undefined) return false;
    this.#sendsOther = !this.#sendsOther;
    this.#isSecondTry = !this.#isSecondTry;
    if (this.#isSecondTry) this.#sendPing();
    return this.#isSecondTry;
  }

  #sendPing(): void {
    if (this.#isStopped) return;
    this.#setTimeouts();
    if (this.#failuresInRow > 0 || this.#isSecondTry) {
      // A late answer to an earlier ping must not be taken for life: each try has a connection of its own.
      this.#connection.close(failures.backendTimeout);
      this.#connection = this.#openConnection();
    }
    this.#context.clock.readNow();
    this.#sentAtMs = this.#context.clock.nowMs;
    const exchange = this.#context.requests.takeExchange();
    exchange.begin(this, 0, 0, true, NOBODY);
    this.#exchange = exchange;
    const { probe, otherProbe } = this.#protocol;
    const bytes = this.#sendsOther ? otherProbe!.bytes : probe;
    this.#connection.send(exchange, bytes, 0, bytes.length);
  }

  /** A ping fails after the read timeout or its interval, whichever is shorter; so does its connect. */
  #setTimeouts(): void {
    const { dialTimeoutMs, readTimeoutMs } = this.#context.limits;
    const limits = this.#limits;
    limits.readTimeoutMs = Math.min(readTimeoutMs, this.#options.pingTimeoutMs ?? this.#intervalMs);
    limits.dialTimeoutMs = Math.min(dialTimeoutMs, limits.readTimeoutMs);
  }

  #succeeded(): void {
    this.#backend.pings += 1;
    const tookMs = this.#context.clock.nowMs - this.#sentAtMs;
    this.#backend.durations.recordProbe("heartbeat", tookMs);
    this.#failuresInRow = 0;
    this.#isSecondTry = false;
    if (!this.#isHealthy && this.#mayReturn()) {
      this.#isHealthy = true;
      this.#flaps.returned(this.#context.clock.nowMs);
      this.#listener.healthChanged(this.#backend, true, false);
    }
    this.#schedule();
  }

  #failed(): void {
    if (this.#isStopped) return;
    this.#backend.pingFailures += 1;
    this.#isSecondTry = false;
    this.#failuresInRow += 1;
    if (this.#isHealthy && this.#failuresInRow >= this.#options.failLimit) this.#eject(false);
    this.#schedule();
  }

  #eject(timesOut: boolean): void {
    this.#isHealthy = false;
    this.#flaps.left(this.#context.clock.nowMs);
    this.#listener.healthChanged(this.#backend, false, timesOut);
  }

  /** One that comes and goes has to answer for a while before it returns, where others do its work meanwhile. */
  #mayReturn(): boolean {
    const { nowMs } = this.#context.clock;
    return nowMs >= this.#flaps.mayReturnAtMs || !this.#listener.isDispensable(this.#backend);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const elapsedMs = this.#context.clock.nowMs - this.#sentAtMs;
    // The second ping comes early by chance, so that from then on not all servers are pinged in one turn.
    const shareOfInterval = this.#isFirst ? Math.random() : 1;
    this.#isFirst = false;
    const delayMs = shareOfInterval * this.#intervalMs - elapsedMs;
    this.#timer = setTimeout(this.#ping, Math.max(0, delayMs));
  }
}

/** Whether a backend has taken the connection and would not go on with it. */
function hangsUp(failure: Failure): boolean {
  return failure === failures.backendClosed || failure === failures.backendReset ||
    failure === failures.backendMalformed;
}
