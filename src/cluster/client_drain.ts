/**
 * Lets the clients of one cluster leave, each when that costs it least, as the process is about to end. Who waits for
 * what others do is the last to leave, whichever workers the others are on:
 *
 * ```text
 *   idle for a while ──────────────────────────► closed
 *   requests in flight ──── answered ───idle───► closed
 *   waits, listens, in a transaction ── the last to be here ──► closed
 *   told to go on elsewhere ── goes by itself
 *   any, when the time is nearly over ── nothing new is read, what is in flight is answered ──► closed
 *   any, when the time is over ──► closed: who waits in a blocking command may be owed a reply for ever
 * ```
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { Members } from "../member_list.ts";
import type { DrainTimes } from "../worker/messages.ts";

/** How much of the time is kept for the last replies, milliseconds; less where there is less in all. */
export const LAST_CALL_MS = 1_000;

/** Most that clients are told they have left to go elsewhere, seconds. */
export const HANDOFF_SECONDS_MAX = 30;

/** How long clients are told that they have to go elsewhere, seconds: until nothing new is read of them. */
export function handoffSeconds(timeoutMs: number): number {
  const leftSeconds = Math.floor((timeoutMs - lastCallOf(timeoutMs)) / 1000);
  return Math.min(Math.max(leftSeconds, 1), HANDOFF_SECONDS_MAX);
}

function lastCallOf(timeoutMs: number): number {
  return Math.min(LAST_CALL_MS, timeoutMs / 2);
}

/** A client as the drain sees it. */
export interface DrainingClient {
  /** Set while it waits in a blocking command, is subscribed, or is in a transaction, … */
  readonly stage: { readonly isBystander?: boolean } | null;
  readonly hasRequestsInFlight: boolean;
  /** Whether nothing is in flight, read ahead, or still to be written. */
  readonly isIdle: boolean;
  /** When its last request was parsed, milliseconds of {@link Clock.realMs}. */
  readonly lastRequestAtMs: number;
  /** Whether it was told to go on elsewhere: it rests while it connects there, and is not to be closed meanwhile. */
  readonly isMovingOn: boolean;
  /** Closes it when what it is owed has left; nothing new is read. */
  finish(): void;
  /** Closes it now. */
  close(failure: Failure): void;
}

/** The clients of all clusters and workers that drain and do not wait for what others do. */
export interface BusyClients {
  readonly busyCount: number;
  /** There are so many more here, or less. */
  changeBusy(count: number): void;
}

/** One drain. */
export class ClientDrain implements Watched {
  isWatched = false;
  readonly #clock: Clock;
  readonly #clients: Members<DrainingClient>;
  readonly #busy: BusyClients;
  /** What is counted of them for this drain. */
  #busyCount = 0;
  readonly #idleMs: number;
  readonly #beganMs: number;
  #lastCallMs = Infinity;
  #endMs = Infinity;
  readonly #done: () => void;
  #isLastCall = false;

  /** @param done Called once, when nobody is left; perhaps before this returns. */
  constructor(
    clock: Clock,
    clients: Members<DrainingClient>,
    busy: BusyClients,
    { idleMs, timeoutMs }: DrainTimes,
    done: () => void,
  ) {
    clock.readNow();
    this.#clock = clock;
    this.#clients = clients;
    this.#busy = busy;
    this.#idleMs = idleMs;
    this.#beganMs = clock.nowMs;
    this.endBy(timeoutMs);
    this.#done = done;
    if (this.onTick(clock.nowMs)) clock.watch(this);
  }

  /** It takes no longer than so many milliseconds in all. */
  endBy(timeoutMs: number): void {
    const endMs = this.#beganMs + timeoutMs;
    if (endMs >= this.#endMs) return;
    this.#endMs = endMs;
    this.#lastCallMs = endMs - lastCallOf(timeoutMs);
  }

  onTick(nowMs: number): boolean {
    if (nowMs >= this.#lastCallMs) this.#callLast();
    else this.#closeIdle();
    // The clients that are closed leave the list meanwhile.
    if (nowMs >= this.#endMs) {
      for (const client of [...this.#clients]) client.close(failures.shuttingDown);
    }
    if (this.#clients.size > 0) return true;
    this.#count(0);
    this.#done();
    return false;
  }

  #closeIdle(): void {
    // Who has only retired may stay, and keeps nobody here.
    if (this.#idleMs === Infinity) return;
    const idleSinceMs = this.#clock.realMs - this.#idleMs;
    let busyCount = 0;
    for (const client of this.#clients) {
      if (client.stage !== null && client.stage.isBystander !== true) continue;
      const isResting = client.isIdle && client.lastRequestAtMs <= idleSinceMs;
      if (!isResting) busyCount += 1;
      else if (!client.isMovingOn) client.finish();
    }
    this.#count(busyCount);
    if (this.#busy.busyCount > 0) return;
    // Whoever is left waits for something, which may be what the others did.
    for (const client of this.#clients) {
      if (client.isMovingOn || client.lastRequestAtMs > idleSinceMs) continue;
      if (client.hasRequestsInFlight) client.close(failures.shuttingDown);
      else client.finish();
    }
  }

  #count(busyCount: number): void {
    this.#busy.changeBusy(busyCount - this.#busyCount);
    this.#busyCount = busyCount;
  }

  #callLast(): void {
    if (this.#isLastCall) return;
    this.#isLastCall = true;
    for (const client of this.#clients) client.finish();
  }
}
