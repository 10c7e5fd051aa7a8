/**
 * Requests that no server has run, until one can: `failover_wait`. Here wait those that could not be sent, as their
 * server cannot be connected to, gets no requests, or is not known; and those that a server has refused to run for now.
 * Each is sent to whoever has its keys by then, once that server is connected; when its time is over it fails as it
 * would have failed at first.
 *
 * ```text
 *   not sent ─────────────────────────────────────────┐
 *   refused ──── all that its client has in flight ───┴─► waits ──► sent
 *                behind it there is refused, too            └─time is over─► its failure, or the server's error
 * ```
 *
 * Its client is held meanwhile, so that nothing overtakes it. What a server refuses while it runs a later request of
 * the same client for the same keys has been overtaken already, and is not sent again.
 *
 * @module
 */
import { Chunk, HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { Watched } from "../clock.ts";
import type { Failure } from "../failure.ts";
import {
  type Exchange,
  ExchangeState,
  type FragmentWindow,
  type RoutedClient,
} from "../request/exchange.ts";
import { Request } from "../request/request.ts";
import { Backend } from "./backend.ts";
import type { BackendContext } from "./backend_context.ts";
import { BeginningWait } from "./beginning_wait.ts";
import type { BackendConnection } from "./connection.ts";
import { REQUEST_OBJECTS_BYTES } from "./outbox.ts";
import { RefusalBook, type Refusals, RefusalState } from "./refusals.ts";

/** First wait of what a server has refused before it is sent once more, milliseconds; each is as long as all before. */
export const REFUSED_RETRY_FIRST_MS = 50;
/** Longest of these waits, milliseconds. */
export const REFUSED_RETRY_MOST_MS = 500;

/** What a router knows of the places that requests wait for. */
export interface WaitRoutes {
  /** Where a request goes now; null: nowhere, for now. */
  connectionFor(place: number, isRead: boolean, client: RoutedClient): BackendConnection | null;
  /** Whose keys they are now, or null. */
  backendAt(place: number): Backend | null;
  /** Why it is of no use to wait; null: it is. */
  goneReason(place: number): Failure | null;
  /** Requests wait: whoever finds out where keys are shall do so. */
  requestsWait(): void;
  /** A script is about to be sent; see `ResendListener`. */
  beforeResend(connection: BackendConnection, call: Exchange, byteCount: number): void;
}

/** One that waits. */
interface Waiting {
  /** In no connection's queue; its chunk has its bytes. */
  readonly exchange: Exchange;
  readonly window: FragmentWindow | null;
  /** Why it could not be sent; null where `error` says why it was refused. */
  readonly failure: Failure | null;
  readonly error: Uint8Array | null;
  /** What it belongs to where it was refused, else null. */
  readonly refusals: Refusals | null;
}

/** Clients of which an earlier request waits on, and its places. */
type Ahead = Map<RoutedClient, Set<number>>;

/** One per cluster and worker. */
export class FailoverWait implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #routes: WaitRoutes;
  /** In the order in which they came. */
  #waiting: Waiting[] = [];
  readonly #refusals = new RefusalBook();
  /** What they take, counted as in a connection's queue. */
  #heldBytes = 0;
  #lookedAtMs = 0;
  /** Requests that cannot be kept here. */
  readonly beginnings: BeginningWait;

  constructor(context: BackendContext, routes: WaitRoutes) {
    this.#context = context;
    this.#routes = routes;
    this.beginnings = new BeginningWait(context, routes, () => this.#count());
  }

  #count(): void {
    this.#context.metrics.waitingRequests = this.#waiting.length + this.beginnings.size;
  }

  /** How many clients have requests here. */
  get clientCount(): number {
    return new Set(this.#waiting.map(({ exchange }) => exchange.client)).size;
  }

  /** Tells what each client has here, in bytes. One that is gone has nothing: it is let go at the next look. */
  visitClients(visit: (client: RoutedClient, byteCount: number) => void): void {
    if (this.#waiting.length === 0) return;
    const counts = new Map<RoutedClient, number>();
    for (const { exchange } of this.#waiting) {
      if (exchange.state === ExchangeState.Swallowed) continue;
      const { client } = exchange;
      counts.set(client, (counts.get(client) ?? 0) + heldBytesOf(exchange));
    }
    for (const [client, byteCount] of counts) visit(client, byteCount);
  }

  /** Takes a request of which no server has seen a byte. False: it fails. */
  takeUnsent(exchange: Exchange, failure: Failure): boolean {
    if (!this.#mayWait(exchange)) return false;
    this.#add(exchange, failure, null, null);
    return true;
  }

  /** Takes a request that was answered with an error by which the server says that it cannot run it for now. */
  takeRefused(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    // A script may have said so itself, and has run.
    if (exchange.hasOwnErrors || !this.#mayWait(exchange)) return false;
    const refusals = this.#refusals.note(exchange);
    if (refusals === null) return false;
    this.#add(exchange, null, bytes.slice(start, end), refusals);
    return true;
  }

  /** Ends it: nobody hears anything any more. */
  close(): void {
    const { metrics, requests } = this.#context;
    for (const { exchange } of this.#waiting) {
      exchange.swallow();
      requests.releaseExchange(exchange);
    }
    this.#waiting = [];
    this.#heldBytes = 0;
    this.beginnings.close();
    metrics.waitingRequests = 0;
  }

  onTick(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#lookedAtMs);
    this.#lookedAtMs = nowMs;
    this.#routes.requestsWait();
    const looked = this.#waiting;
    this.#waiting = [];
    const ahead: Ahead = new Map();
    const kept = looked.filter((one) => {
      if (this.#look(one, nowMs, passedMs, ahead)) return false;
      const { client, place } = one.exchange;
      const places = ahead.get(client);
      if (places === undefined) ahead.set(client, new Set([place]));
      else places.add(place);
      return true;
    });
    // Those that came meanwhile came later.
    for (const one of this.#waiting) kept.push(one);
    this.#waiting = kept;
    this.#count();
    return kept.length > 0;
  }

  #mayWait(exchange: Exchange): boolean {
    const { clock, limits } = this.#context;
    const { receiver, waitsUntilMs } = exchange;
    if (limits.failoverWaitMs === 0 || exchange.place < 0 || !exchange.isHeld) return false;
    if (!(receiver instanceof Request) || receiver.generation !== exchange.generation) return false;
    if (waitsUntilMs !== 0 && clock.nowMs >= waitsUntilMs) return false;
    if (this.#routes.goneReason(exchange.place) !== null) return false;
    return this.#heldBytes === 0 ||
      this.#heldBytes + heldBytesOf(exchange) <= limits.queueBytesMax;
  }

  #add(
    former: Exchange,
    failure: Failure | null,
    error: Uint8Array | null,
    refusals: Refusals | null,
  ): void {
    const { clock, limits, metrics, requests } = this.#context;
    const { start, end } = former;
    const receiver = former.receiver!;
    const exchange = requests.takeExchange();
    exchange.beginAs(former);
    exchange.isAtReplica = former.isAtReplica;
    exchange.repeatable = former.repeatable;
    exchange.redirects = former.redirects;
    // It is not held for a fresh map besides.
    exchange.retriesUntilMs = former.retriesUntilMs === 0 ? -1 : former.retriesUntilMs;
    exchange.sentTo = former.sentTo;
    const endMs = clock.nowMs + limits.failoverWaitMs;
    exchange.waitsUntilMs = former.waitsUntilMs === 0 ? endMs : former.waitsUntilMs;
    const chunk = new Chunk(former.chunk!.bytes.slice(start, end));
    chunk.filled = end - start;
    exchange.chunk = chunk;
    exchange.start = 0;
    exchange.end = end - start;
    if (former.waitsUntilMs === 0) metrics.waitedRequests += 1;
    metrics.waitingRequests += 1;
    const waitedMs = limits.failoverWaitMs - (exchange.waitsUntilMs - clock.nowMs);
    const pauseMs = Math.min(REFUSED_RETRY_MOST_MS, Math.max(REFUSED_RETRY_FIRST_MS, waitedMs));
    if (refusals !== null) refusals.notBeforeMs = clock.nowMs + pauseMs;
    this.#waiting.push({ exchange, window: former.window, failure, error, refusals });
    this.#heldBytes += heldBytesOf(exchange);
    receiver.onRedirect(former, exchange);
    if (!this.isWatched) this.#lookedAtMs = clock.nowMs;
    clock.watch(this);
  }

  /** Whether one that waits is dealt with. */
  #look(one: Waiting, nowMs: number, passedMs: number, ahead: Ahead): boolean {
    const { exchange, refusals } = one;
    if (exchange.state === ExchangeState.Swallowed) return this.#drop(one);
    if (refusals?.state === RefusalState.Overtaken) return this.#giveUp(one, null);
    const gone = this.#routes.goneReason(exchange.place);
    if (gone !== null) return this.#giveUp(one, gone);
    const backend = this.#routes.backendAt(exchange.place);
    const { place, isRead, client } = exchange;
    const isBehind = ahead.get(client)?.has(place) ?? false;
    const { orders } = this.#context;
    // A read waits behind a write that is paused.
    const isPaused = orders.isPausing && backend !== null &&
      orders.holds(backend.name, !isRead || isBehind);
    if (isPaused) {
      // The time of a pause is the operator's.
      exchange.waitsUntilMs += passedMs;
      return false;
    }
    if (nowMs >= exchange.waitsUntilMs) return this.#giveUp(one, null);
    if (isBehind || (refusals !== null && !mayGoOn(refusals, nowMs))) return false;
    const connection = this.#routes.connectionFor(place, isRead, client);
    if (connection === null) return false;
    if (!connection.isConnected) {
      connection.open();
      return false;
    }
    this.#send(one, connection);
    return true;
  }

  #send(one: Waiting, connection: BackendConnection): void {
    const { exchange: former, window } = one;
    const { requests } = this.#context;
    const receiver = former.receiver!;
    const successor = requests.takeExchange();
    successor.beginAs(former);
    successor.repeatable = former.repeatable;
    successor.redirects = former.redirects;
    successor.retriesUntilMs = former.retriesUntilMs;
    successor.waitsUntilMs = former.waitsUntilMs;
    window?.enter(successor);
    receiver.onRedirect(former, successor);
    if (former.hasOwnErrors) this.#routes.beforeResend(connection, former, former.end);
    const { bytes } = former.chunk!;
    const { end } = former;
    this.#drop(one);
    if (end > HAND_OVER_BYTES) connection.sendOwned(successor, bytes, 0, end);
    else connection.send(successor, bytes, 0, end);
  }

  /** It fails, for `failure` or as it would have failed at first. */
  #giveUp(one: Waiting, failure: Failure | null): true {
    const { exchange, error } = one;
    const { metrics } = this.#context;
    const receiver = exchange.receiver!;
    const reason = failure ?? one.failure;
    if (reason !== null) {
      metrics.countFailure(reason);
      if (exchange.sentTo instanceof Backend) exchange.sentTo.requestFailed(reason);
      receiver.onFailure(exchange, reason, exchange.sentTo?.shownAddress ?? "");
    } else {
      // Its error is looked at again. It does not wait once more, as no send log holds it, and nobody else is asked.
      exchange.endHere();
      receiver.onReply(exchange, error!, 0, error!.length, true, true);
    }
    return this.#drop(one);
  }

  #drop({ exchange }: Waiting): true {
    this.#heldBytes -= heldBytesOf(exchange);
    exchange.swallow();
    this.#context.requests.releaseExchange(exchange);
    return true;
  }
}

/** Whether all of them were refused, and their server was left alone for long enough. */
function mayGoOn({ state, notBeforeMs }: Refusals, nowMs: number): boolean {
  return state === RefusalState.Complete && nowMs >= notBeforeMs;
}

/** What a request takes that waits: its bytes, and its objects. */
function heldBytesOf({ start, end }: Exchange): number {
  return end - start + REQUEST_OBJECTS_BYTES;
}
