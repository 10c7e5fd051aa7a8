/**
 * Pauses of one cluster in one worker: requests wait before they are sent, what is in flight is counted until none is
 * left, and connections are made before the requests go on.
 *
 * ```text
 *   pause ──► requests wait ──nothing in flight──► connections closed
 *     resume, or the end of its time ──► connections made ──► requests go on
 * ```
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import { PauseMode, type PauseModeCode, type ServerOrders } from "../backend/server_orders.ts";
import type { Clock, Watched } from "../clock.ts";
import type { Members } from "../member_list.ts";
import type { LocalAnswers } from "../session/stages.ts";
import type { PauseCount } from "../worker/messages.ts";
import type { Topology } from "./topology.ts";

/** Longest wait for connections, and for a slot map, before requests go on; milliseconds. */
export const RESUME_WAIT_MAX_MS = 2_000;

/** A client, as a pause sees it. */
export interface PausedClient {
  readonly hasRequestsInFlight: boolean;
  /** Whether a request is being sent that takes several turns. */
  readonly isSendingLong: boolean;
  parseOn(): void;
}

/** What it works with. */
export interface PauseParts {
  readonly clock: Clock;
  readonly orders: ServerOrders;
  readonly topology: Topology;
  readonly local: LocalAnswers;
  readonly clients: Members<PausedClient>;
}

/** A pause that is about to end. */
interface Resuming {
  readonly server: string | null;
  readonly hasLooked: () => boolean;
  readonly endMs: number;
  readonly done: (() => void)[];
}

/** Pauses of one cluster in one worker: requests wait, what is in flight ends, connections are made, requests go on. */
export class PauseControl implements Watched {
  isWatched = false;
  readonly #parts: PauseParts;
  #resuming: Resuming[] = [];
  #isStopped = false;
  /** Whose pauses are on, or have to be ended here: another cluster of this name may have ended one in the orders. */
  readonly #known = new Set<string | null>();
  /** Servers whose pause has nothing in flight any more; null: the whole cluster. */
  readonly #parked = new Set<string | null>();

  constructor(parts: PauseParts) {
    this.#parts = parts;
    // A cluster that takes another's place takes over its pauses.
    if (parts.orders.isPausing) parts.clock.watch(this);
  }

  /** Lets requests for `server` wait; null: for the whole cluster. */
  pause(server: string | null, mode: PauseModeCode, durationMs: number): void {
    const { clients, clock, orders, topology } = this.#parts;
    clock.readNow();
    // Whoever waits for the end of the former pause waits for this one's.
    this.#resuming = this.#resuming.filter((one) => {
      if (one.server !== server) return true;
      for (const done of one.done) done();
      return false;
    });
    const wasParked = this.#parked.delete(server);
    orders.pause(server, { mode, endMs: clock.realMs + durationMs });
    this.#known.add(server);
    topology.pausesChanged();
    clock.watch(this);
    if (mode === PauseMode.All) return;
    // Reads go on, those that wait as all did before, too.
    if (wasParked) this.#unpark(server);
    for (const client of clients) client.parseOn();
  }

  /** What is still in flight there, and who else is there. Closes the connections when nothing is. */
  count(server: string | null): PauseCount {
    const { clients, local, orders } = this.#parts;
    const pause = orders.pauseOf(server);
    const mode = pause?.mode ?? PauseMode.All;
    const backends = this.#backendsOf(server);
    let inFlight = backends.reduce((sum, backend) => sum + backend.inFlight(mode), 0);
    for (const client of clients) if (client.isSendingLong) inFlight += 1;
    const census = local.census?.(server) ??
      { transactions: 0, blocked: 0, subscribed: 0, busy: countBusy(clients), others: 0 };
    inFlight += census.others;
    // Requests of several steps are between two of them, perhaps.
    if (server === null && mode === PauseMode.All) {
      // Those that wait for a server are nowhere, and wait on.
      const { waitingClients } = this.#parts.topology.router;
      inFlight = Math.max(inFlight, census.busy - waitingClients);
    }
    inFlight += census.transactions;
    const { blocked, subscribed, transactions } = census;
    if (inFlight === 0 && pause?.mode === PauseMode.All) this.#park(server, backends);
    return { isPaused: pause !== null, inFlight, transactions, blocked, subscribed };
  }

  /** Ends the pause of `server`, or of the cluster and all its servers; `done` is called when requests go on. */
  resume(server: string | null, done: () => void): void {
    const { orders } = this.#parts;
    const ending = [...orders.pauses()].map(([name]) => name)
      .filter((name) => server === null || name === server);
    let due = ending.length;
    if (due === 0) return done();
    for (const name of ending) {
      this.#begin(name, () => {
        due -= 1;
        if (due === 0) done();
      });
    }
  }

  /** The cluster is over: what is ordered from now on, or ends, is none of its business; who waits for it is told. */
  stop(): void {
    this.#isStopped = true;
    for (const { done } of this.#resuming.splice(0)) for (const one of done) one();
  }

  onTick(nowMs: number): boolean {
    if (this.#isStopped) return false;
    const { clock, orders } = this.#parts;
    for (const server of [...this.#known]) {
      if (orders.pauseOf(server) === null) this.#begin(server, null);
    }
    for (const [server, { endMs, mode }] of [...orders.pauses()]) {
      if (!this.#resuming.some((one) => one.server === server)) this.#known.add(server);
      if (clock.realMs >= endMs) this.#begin(server, null);
      else if (mode === PauseMode.All) this.#parkOrCount(server);
    }
    this.#resuming = this.#resuming.filter((one) => {
      const isReady = one.hasLooked() &&
        this.#backendsOf(one.server).every((backend) =>
          !backend.isConnecting && backend.barredBy === null
        );
      if (!isReady && nowMs < one.endMs) return true;
      this.#release(one);
      return false;
    });
    return orders.isPausing || this.#resuming.length > 0 || this.#known.size > 0;
  }

  #begin(server: string | null, done: (() => void) | null): void {
    const known = this.#resuming.find((one) => one.server === server);
    if (known !== undefined) {
      if (done !== null) known.done.push(done);
      return;
    }
    const { clock, orders, topology } = this.#parts;
    clock.readNow();
    this.#known.delete(server);
    this.#parked.delete(server);
    this.#unpark(server);
    orders.beginResume(server);
    // Whoever pings it pings it from now on: one that was ejected and keeps its keys would refuse what goes on.
    topology.pausesChanged();
    this.#resuming.push({
      server,
      hasLooked: topology.look(),
      endMs: clock.nowMs + RESUME_WAIT_MAX_MS,
      done: done === null ? [] : [done],
    });
    clock.watch(this);
  }

  /** Requests go on. What failed to connect just now is tried again by the first that needs it. */
  #release({ server, done }: Resuming): void {
    const { clients, orders, topology } = this.#parts;
    orders.resume(server);
    this.#known.delete(server);
    for (const backend of this.#backendsOf(server)) backend.recovered();
    topology.pausesChanged();
    for (const client of clients) client.parseOn();
    for (const one of done) one();
  }

  #unpark(server: string | null): void {
    for (const backend of this.#backendsOf(server)) {
      if (!this.#isParkedElsewhere(backend, server)) backend.unpark();
    }
  }

  /** What is parked stays so: a backend that was not there yet has connections of its own. */
  #parkOrCount(server: string | null): void {
    if (this.#parked.has(server)) this.#park(server, this.#backendsOf(server));
    else this.count(server);
  }

  #park(server: string | null, backends: readonly Backend[]): void {
    // It is being connected to for the requests that are about to go on.
    if (this.#resuming.some((one) => one.server === server)) return;
    this.#parked.add(server);
    for (const backend of backends) backend.park();
    this.#parts.local.park?.(server);
  }

  /** Whether another pause, that goes on, keeps its connections closed. */
  #isParkedElsewhere(backend: Backend, server: string | null): boolean {
    return server === null ? this.#parked.has(backend.name) : this.#parked.has(null);
  }

  #backendsOf(server: string | null): Backend[] {
    const backends = [...this.#parts.topology.router.backends()];
    return server === null ? backends : backends.filter(({ name }) => name === server);
  }
}

function countBusy(clients: Members<PausedClient>): number {
  let count = 0;
  for (const client of clients) if (client.hasRequestsInFlight) count += 1;
  return count;
}
