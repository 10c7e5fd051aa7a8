/**
 * Closes clients that have asked for nothing for `client_idle_timeout`. Whoever waits in a blocking command or listens
 * to messages is there for that; whoever is owed anything, or has sent anything, is not idle.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { Members } from "../member_list.ts";

/** How often clients are looked at, milliseconds. */
export const SWEEP_INTERVAL_MS = 1_000;
/** Clients that are closed in one tick. */
export const CLOSED_AT_ONCE_MAX = 128;
/** How far the clock's two times may drift apart between two looks; more is time in which the process stood still. */
const DRIFT_MAX_MS = 1;

/** A client, as this sees it. */
export interface IdleClient {
  readonly isIdle: boolean;
  /** When its last request was parsed, or it connected; milliseconds of {@link Clock.realMs}. */
  readonly lastRequestAtMs: number;
  close(failure: Failure): void;
}

/** What it works with; the timeout is read anew each time. */
export interface IdleClientsParts<Client extends IdleClient> {
  readonly clock: Clock;
  readonly config: { readonly clientIdleTimeoutMs: number };
  readonly clients: Members<Client>;
  /** Whether a client that asks for nothing is there to wait. */
  waits(client: Client): boolean;
}

/** The clients of one cluster in one worker. */
export class IdleClients<Client extends IdleClient> implements Watched {
  isWatched = false;
  readonly #parts: IdleClientsParts<Client>;
  #sweepAtMs = 0;
  #driftMs = 0;
  /** When the process went on after it had stood still: until then nobody could ask for anything. */
  #wentOnAtMs = -Infinity;

  constructor(parts: IdleClientsParts<Client>) {
    this.#parts = parts;
  }

  /** A client has come, or the timeout is another. */
  look(): void {
    const { clients, clock, config } = this.#parts;
    if (this.isWatched || config.clientIdleTimeoutMs === 0 || clients.size === 0) return;
    this.#driftMs = clock.realMs - clock.nowMs;
    clock.watch(this);
  }

  onTick(nowMs: number): boolean {
    const { clients, clock, config } = this.#parts;
    if (config.clientIdleTimeoutMs === 0 || clients.size === 0) return false;
    const driftMs = clock.realMs - clock.nowMs;
    if (driftMs > this.#driftMs + DRIFT_MAX_MS) this.#wentOnAtMs = clock.realMs;
    this.#driftMs = driftMs;
    if (nowMs < this.#sweepAtMs) return true;
    // Those that are left over are closed in the next tick.
    if (this.#sweep()) this.#sweepAtMs = nowMs + SWEEP_INTERVAL_MS;
    return true;
  }

  /** Whether it has seen all. */
  #sweep(): boolean {
    const { clients, clock, config } = this.#parts;
    const idleSinceMs = clock.realMs - config.clientIdleTimeoutMs;
    if (this.#wentOnAtMs > idleSinceMs) return true;
    let closed = 0;
    for (const client of clients) {
      if (client.lastRequestAtMs > idleSinceMs || !client.isIdle) continue;
      if (this.#parts.waits(client)) continue;
      client.close(failures.clientIdle);
      closed += 1;
      if (closed === CLOSED_AT_ONCE_MAX) return false;
    }
    return true;
  }
}
