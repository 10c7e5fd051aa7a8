/**
 * `failover_wait` for requests that cannot be kept once they are begun: transactions, blocking commands, requests to all
 * servers. They are not parsed until their server is connected, so nobody has received anything of them; where another
 * server has their keys by then, it is that one that is waited for.
 *
 * @module
 */
import type { Watched } from "../clock.ts";
import type { RoutedClient } from "../request/exchange.ts";
import type { Backend } from "./backend.ts";
import type { BackendContext } from "./backend_context.ts";
import type { BackendConnection } from "./connection.ts";
import type { WaitRoutes } from "./failover_wait.ts";

/** A client whose next request may have to wait. */
export interface BeginningClient extends RoutedClient {
  /** Whether it has left: nothing of it waits any more. */
  readonly isClosed: boolean;
  /** Shows that request again. */
  parseOn(): void;
}

/** A request that waits. */
interface Beginning {
  /** Whether it can be begun, or need not wait, as far as servers are concerned. */
  isReachable: () => boolean;
  /** From then on it is begun, whatever becomes of it; milliseconds of the worker's clock. */
  readonly untilMs: number;
}

/** One per cluster and worker. */
export class BeginningWait implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #routes: WaitRoutes;
  readonly #changed: () => void;
  readonly #beginnings = new Map<BeginningClient, Beginning>();

  /** @param changed Hears that another number of requests waits. */
  constructor(context: BackendContext, routes: WaitRoutes, changed: () => void) {
    this.#context = context;
    this.#routes = routes;
    this.#changed = changed;
  }

  /** Whether requests wait at all. */
  get isOn(): boolean {
    return this.#context.limits.failoverWaitMs > 0;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#beginnings.size;
  }

  /** Whether a request of a place has to wait for whoever serves it. */
  mustWaitAt(client: BeginningClient, place: number): boolean {
    return this.#mustWait(client, () => this.#isReachable(client, place));
  }

  /** Whether a request to all of these has to wait for one of them. */
  mustWaitFor(client: BeginningClient, backends: readonly Backend[]): boolean {
    const { number, profiles } = client;
    return this.#mustWait(client, () => {
      // All are connected to at once: one after the other would take a tick each.
      let areOpen = true;
      for (const backend of backends) {
        if (!isOpen(backend.connectionFor(number, profiles.master))) areOpen = false;
      }
      return areOpen;
    });
  }

  /** Nobody waits any more. */
  close(): void {
    this.#beginnings.clear();
  }

  onTick(nowMs: number): boolean {
    if (this.#beginnings.size === 0) return false;
    this.#routes.requestsWait();
    const { failoverWaitMs } = this.#context.limits;
    for (const [client, { isReachable, untilMs }] of [...this.#beginnings]) {
      // Of one that was not shown again, as it waits for other replies, too, the time is over as well.
      if (client.isClosed || nowMs >= untilMs + failoverWaitMs) this.#forget(client);
      else if (nowMs >= untilMs || isReachable()) client.parseOn();
    }
    return this.#beginnings.size > 0;
  }

  #mustWait(client: BeginningClient, isReachable: () => boolean): boolean {
    if (!this.isOn) return false;
    const { clock, limits, metrics } = this.#context;
    const known = this.#beginnings.get(client);
    if (isReachable() || (known !== undefined && clock.nowMs >= known.untilMs)) {
      this.#forget(client);
      return false;
    }
    if (known !== undefined) {
      known.isReachable = isReachable;
      return true;
    }
    metrics.waitedRequests += 1;
    this.#beginnings.set(client, { isReachable, untilMs: clock.nowMs + limits.failoverWaitMs });
    this.#changed();
    clock.watch(this);
    return true;
  }

  #forget(client: BeginningClient): void {
    if (this.#beginnings.delete(client)) this.#changed();
  }

  #isReachable(client: BeginningClient, place: number): boolean {
    if (place < 0 || this.#routes.goneReason(place) !== null) return true;
    const connection = this.#routes.connectionFor(place, false, client);
    return connection !== null && isOpen(connection);
  }
}

/** Whether a connection can be sent over; if not, it is made as soon as it may be. */
function isOpen(connection: BackendConnection): boolean {
  if (connection.isConnected) return true;
  connection.open();
  return false;
}
