/**
 * How a backend connection comes about: back-off, connect, handshake, all within one deadline.
 *
 * @module
 */
import { concatenate } from "../bytes/copy.ts";
import { type Failure, failures } from "../failure.ts";
import type { Connection, Dial, DialListener } from "../net/io_engine.ts";
import type { Profile } from "../protocol/protocol.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import { Backoff, BACKOFF_LONGEST_MS, BACKOFF_WAITED_FOR_MS } from "./backoff.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { type Dialer, NOT_WAITING } from "./dial_pace.ts";

/** What one connection's attempts keep to. */
export interface ConnectorOptions {
  readonly profile: Profile;
  /** Read anew for each attempt. */
  readonly limits: BackendLimits;
  /** Whether failed attempts delay the next one; pings have a rhythm of their own. */
  readonly keepsBackoff: boolean;
}

/** Makes the sockets of one backend connection, one after the other. */
export class Connector implements Dialer, DialListener {
  waitsAt: number = NOT_WAITING;
  readonly #backend: ConnectionOwner;
  readonly #context: BackendContext;
  readonly #options: ConnectorOptions;
  readonly #listener: DialListener;
  readonly #backoff: Backoff = new Backoff();
  #dial: Dial | null = null;
  #repliesDue = 0;
  /** Whether this socket has answered a request other than by an error. */
  hasAnswered = false;
  /** Whether it has answered by errors only. */
  #hasErred = false;
  #deadlineMs = 0;
  /** When the attempt began, and how long it took until it could carry requests; real milliseconds. */
  #begunAtMs = 0;
  #tookMs = 0;
  /** Why no attempt may start, whatever the back-off says; null: one may. */
  barredBy: Failure | null = null;

  /** @param listener Hears how each attempt to connect ended. */
  constructor(
    backend: ConnectionOwner,
    context: BackendContext,
    options: ConnectorOptions,
    listener: DialListener,
  ) {
    this.#backend = backend;
    this.#context = context;
    this.#options = options;
    this.#listener = listener;
  }

  /** Why the last attempt failed. */
  get lastFailure(): Failure {
    return this.barredBy ?? this.#backoff.lastFailure;
  }

  /** Whether an attempt may start now. */
  get mayConnect(): boolean {
    if (this.barredBy !== null) return false;
    if (!this.#options.keepsBackoff) return true;
    return this.#backoff.isOver(this.#context.clock.nowMs, this.#backend.recoveredAtMs);
  }

  /** Starts an attempt; where very many start at once, when it is its turn. */
  connect(): void {
    // Who sends on a timer may find the clock where the last turn left it, long ago.
    this.#context.clock.readNow();
    this.#context.dials.request(this);
  }

  beginDial(): void {
    const { dialTimeoutMs: timeoutMs } = this.#options.limits;
    this.#deadlineMs = this.#context.clock.nowMs + timeoutMs;
    this.#begunAtMs = this.#context.clock.realMs;
    const { endpoint } = this.#backend;
    const { engine } = this.#context;
    // What a unix socket carries does not leave the machine.
    const tls = endpoint.kind === "unix" ? null : this.#context.tls ?? null;
    this.#dial = engine.dial({ endpoint, timeoutMs, tls }, this);
  }

  /** Gives an attempt up; the listener hears nothing of it. */
  cancel(): void {
    this.#context.dials.forget(this);
    this.#dial?.cancel();
    this.#dial = null;
  }

  connected(connection: Connection): void {
    this.#dial = null;
    this.#context.clock.readNow();
    if (!this.#context.isLoop(connection)) return this.#listener.connected(connection);
    connection.discard();
    this.dialFailed(failures.backendIsProxy);
  }

  dialFailed(failure: Failure): void {
    this.#dial = null;
    this.#context.clock.readNow();
    this.failed(failure);
    this.#listener.dialFailed(failure);
  }

  /** The bytes to send before anything else, or null where the protocol wants none. */
  beginHandshake(): Uint8Array | null {
    const { protocol } = this.#context;
    const { limits, profile } = this.#options;
    // Whoever waits for a server waits until it has its data, too: so it has to say that it has.
    const probe = limits.failoverWaitMs > 0 ? protocol.readyProbe : undefined;
    const frames = [...protocol.handshake(profile), ...probe === undefined ? [] : [probe]];
    this.#repliesDue = frames.length;
    this.hasAnswered = false;
    this.#hasErred = false;
    return frames.length === 0 ? null : concatenate(frames);
  }

  /** Counts a reply to the handshake; says why where it says no, which is logged once for as long as that lasts. */
  acceptHandshake(bytes: Uint8Array, start: number, end: number): Failure | null {
    const failure = this.#context.protocol.handshakeFailure(bytes, start, end);
    if (failure === null) this.#repliesDue -= 1;
    return failure;
  }

  /** Whether every reply to the handshake has come. */
  get isHandshakeDone(): boolean {
    return this.#repliesDue === 0;
  }

  /** The connection can carry requests. */
  becameReady(): void {
    this.#tookMs = this.#context.clock.realMs - this.#begunAtMs;
  }

  /** Whether the handshake has taken too long. */
  isOverdue(nowMs: number): boolean {
    return nowMs >= this.#deadlineMs;
  }

  /** An attempt failed: leave the backend alone for a while. */
  failed(failure: Failure): void {
    const { nowMs } = this.#context.clock;
    const isWaitedFor = this.#options.limits.failoverWaitMs > 0;
    const longestMs = isWaitedFor ? BACKOFF_WAITED_FOR_MS : BACKOFF_LONGEST_MS;
    const delayMs = this.#backoff.failed(failure, nowMs, longestMs);
    this.#backend.connectFailed(failure, delayMs);
  }

  /** The first reply to a request on this socket that is no error, or errors until then. */
  answered(isError: boolean): void {
    if (isError) {
      this.#hasErred = true;
      return;
    }
    this.hasAnswered = true;
    this.#backoff.reset();
    this.#backend.answered(this.#tookMs);
  }

  /** Why the socket is lost: a backend that hangs up at the handshake may not speak like its client. */
  lossReason(failure: Failure): Failure {
    if (this.#repliesDue === 0) return failure;
    return this.#context.protocol.handshakeLost?.(failure) ?? failure;
  }

  /**
   * The socket is lost. A backend that accepts and drops without ever answering is left alone like one that
   * refuses; so is a full one, which says so by an error and closes.
   */
  lost(failure: Failure, isReplyDue: boolean): void {
    if (this.hasAnswered) return;
    if (this.#repliesDue > 0 || this.#hasErred || isReplyDue) this.failed(failure);
  }
}
