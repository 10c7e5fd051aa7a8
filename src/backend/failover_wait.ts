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
import type { BackendConnection } from "./connection.ts";
import type { InflightQueue } from "./inflight_queue.ts";
import { REQUEST_OBJECTS_BYTES } from "./outbox.ts";

/** First wait of what a server has refused before it is sent once more, milliseconds; each is as long as all before. */
export const REFUSED_RETRY_FIRST_MS = 50;
/** Longest of these waits, milliseconds. */
export const REFUSED_RETRY_MOST_MS = 500;
/** Requests in flight behind a refused one that are looked at; with more of them it is not sent again. */
export const LOOKED_AT_MAX = 1_000;

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

/** What one client has in flight for one place over one connection behind its first request that was refused. */
interface Refusals {
  readonly client: RoutedClient;
  readonly place: number;
  readonly inflight: InflightQueue;
  /** When the queue has answered so many, all of them are answered. */
  readonly endCount: number;
  /** Requests that have to be refused, the first one included, so that none has overtaken another. */
  readonly expected: number;
  refused: number;
}

/** One that waits. */
interface Waiting {
  /** In no connection's queue; its chunk has its bytes. */
  readonly exchange: Exchange;
  readonly window: FragmentWindow | null;
  /** Why it could not be sent; null where `error` says why it was refused. */
  readonly failure: Failure | null;
  readonly error: Uint8Array | null;
  /** Null once none of its fellows can have overtaken it. */
  refusals: Refusals | null;
  notBeforeMs: number;
}

/** One per cluster and worker. */
export class FailoverWait implements Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #routes: WaitRoutes;
  /** In the order in which they came. */
  #waiting: Waiting[] = [];
  readonly #refusals = new Map<RoutedClient, Refusals[]>();
  /** What they take, counted as in a connection's queue. */
  #heldBytes = 0;
  #lookedAtMs = 0;

  constructor(context: BackendContext, routes: WaitRoutes) {
    this.#context = context;
    this.#routes = routes;
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
    const refusals = this.#refusalsOf(exchange);
    if (refusals === null) return false;
    refusals.refused += 1;
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
    this.#refusals.clear();
    this.#heldBytes = 0;
    metrics.waitingRequests = 0;
  }

  onTick(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#lookedAtMs);
    this.#lookedAtMs = nowMs;
    this.#routes.requestsWait();
    const overtaken = this.#settleRefusals();
    const looked = this.#waiting;
    this.#waiting = [];
    const kept = looked.filter((one) => !this.#look(one, nowMs, passedMs, overtaken));
    // Those that came meanwhile came later.
    for (const one of this.#waiting) kept.push(one);
    this.#waiting = kept;
    this.#context.metrics.waitingRequests = kept.length;
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
    const { start, end, fragment, place, isRead, client } = former;
    const receiver = former.receiver!;
    const exchange = requests.takeExchange();
    exchange.begin(receiver, fragment, place, isRead, client);
    exchange.measureAs(former);
    exchange.hasOwnErrors = former.hasOwnErrors;
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
    this.#waiting.push({
      exchange,
      window: former.window,
      failure,
      error,
      refusals,
      notBeforeMs: error === null ? 0 : clock.nowMs + pauseMs,
    });
    this.#heldBytes += heldBytesOf(exchange);
    receiver.onRedirect(former, exchange);
    if (!this.isWatched) this.#lookedAtMs = clock.nowMs;
    clock.watch(this);
  }

  /** What is known of the refusals that this one belongs to; null: it cannot be told, or too much is in flight. */
  #refusalsOf(exchange: Exchange): Refusals | null {
    const { client, place, sentTo, isAtReplica } = exchange;
    if (!(sentTo instanceof Backend)) return null;
    const { master, replica } = client.profiles;
    const inflight = sentTo.inflightOf(client.number, isAtReplica ? replica : master);
    if (inflight === null) return null;
    const known = this.#refusals.get(client) ?? [];
    const open = known.find((one) => one.place === place && one.inflight === inflight);
    if (open !== undefined) return open;
    if (inflight.size > LOOKED_AT_MAX) return null;
    let expected = 1;
    for (let index = 0; index < inflight.size; index++) {
      const later = inflight.at(index);
      if (later.client === client && later.place === place) expected += 1;
    }
    const endCount = inflight.shiftedCount + inflight.size;
    const refusals = { client, place, inflight, endCount, expected, refused: 0 };
    this.#refusals.set(client, [...known, refusals]);
    return refusals;
  }

  /** Looks which refusals are complete, and returns those among which a request was run. */
  #settleRefusals(): ReadonlySet<Refusals> {
    const overtaken = new Set<Refusals>();
    for (const [client, list] of this.#refusals) {
      const open = list.filter((one) => {
        if (one.refused >= one.expected) return false;
        const isOver = one.inflight.size === 0 || one.inflight.shiftedCount >= one.endCount;
        if (isOver) overtaken.add(one);
        return !isOver;
      });
      if (open.length === 0) this.#refusals.delete(client);
      else this.#refusals.set(client, open);
    }
    return overtaken;
  }

  /** Whether one that waits is dealt with. */
  #look(
    one: Waiting,
    nowMs: number,
    passedMs: number,
    overtaken: ReadonlySet<Refusals>,
  ): boolean {
    const { exchange, refusals } = one;
    if (exchange.state === ExchangeState.Swallowed) return this.#drop(one);
    if (refusals !== null) {
      if (overtaken.has(refusals)) return this.#giveUp(one, null);
      if (refusals.refused >= refusals.expected) one.refusals = null;
    }
    const gone = this.#routes.goneReason(exchange.place);
    if (gone !== null) return this.#giveUp(one, gone);
    const backend = this.#routes.backendAt(exchange.place);
    const { isPausing } = this.#context.orders;
    if (isPausing && backend !== null && this.#isPaused(backend, exchange)) {
      // The time of a pause is the operator's.
      exchange.waitsUntilMs += passedMs;
      return false;
    }
    if (nowMs >= exchange.waitsUntilMs) return this.#giveUp(one, null);
    if (one.refusals !== null || nowMs < one.notBeforeMs) return false;
    const { place, isRead, client } = exchange;
    const connection = this.#routes.connectionFor(place, isRead, client);
    if (connection === null) return false;
    if (!connection.isConnected) {
      connection.open();
      return false;
    }
    this.#send(one, connection);
    return true;
  }

  #isPaused(backend: Backend, { isRead }: Exchange): boolean {
    return this.#context.orders.holds(backend.name, !isRead);
  }

  #send(one: Waiting, connection: BackendConnection): void {
    const { exchange: former, window } = one;
    const { requests } = this.#context;
    const { fragment, place, isRead, client } = former;
    const receiver = former.receiver!;
    const successor = requests.takeExchange();
    successor.begin(receiver, fragment, place, isRead, client);
    successor.measureAs(former);
    successor.hasOwnErrors = former.hasOwnErrors;
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
    // It has waited long enough, whoever looks at its error again.
    exchange.waitsUntilMs = Math.min(exchange.waitsUntilMs, this.#context.clock.nowMs);
    const reason = failure ?? one.failure;
    if (reason !== null) {
      metrics.countFailure(reason);
      if (exchange.sentTo instanceof Backend) exchange.sentTo.requestFailed(reason);
      receiver.onFailure(exchange, reason, exchange.sentTo?.shownAddress ?? "");
    } else {
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

/** What a request takes that waits: its bytes, and its objects. */
function heldBytesOf({ start, end }: Exchange): number {
  return end - start + REQUEST_OBJECTS_BYTES;
}
