/**
 * What is done with requests of a Redis Cluster that a node has not carried out: they follow redirections, are sent once
 * more, or wait. A MOVED corrects its slot at once and asks for a refresh of the whole map; an ASK concerns one request
 * only.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { BeginningWait } from "../backend/beginning_wait.ts";
import type { BackendConnection } from "../backend/connection.ts";
import { FailoverWait } from "../backend/failover_wait.ts";
import { dividableFrame, type ErrorLook, KeyByKey } from "../backend/key_by_key.ts";
import { RefusalBook, RefusalState } from "../backend/refusals.ts";
import { sendAgain } from "../backend/send_written.ts";
import { formatEndpoint, hostOf, type TcpEndpoint, tcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { type ClusterDialect, type Redirect, RedirectKind } from "../protocol/redirect.ts";
import {
  type Exchange,
  ExchangeState,
  NOBODY,
  type RoutedClient,
  type SentTo,
} from "../request/exchange.ts";
import type { ClusterNodes } from "./cluster_nodes.ts";
import { HeldExchanges, type Refusal, type SendHeld } from "./held_exchanges.ts";
import {
  type Learned,
  NOTHING_LEARNED,
  PLACE_MOVED,
  Redirection,
  type RedirectRules,
  type ResendListener,
} from "./router.ts";

/** Redirections one request follows before it fails; Redis's own clients use 5. */
export const REDIRECTS_MAX = 5;
/** First wait before a request that shall try again does so, milliseconds; each wait is as long as all before it. */
export const RETRY_FIRST_MS = 2;
/** Longest of these waits, milliseconds. */
export const RETRY_MOST_MS = 100;
/** Longest wait for a fresh map behind a node that has refused a request, milliseconds; `dial_timeout` may be less. */
export const FRESH_MAP_WAIT_MS = 1_000;

/** The slots, as those see them who send requests elsewhere. */
export interface SlotOwners {
  readonly nodes: ClusterNodes;
  /** The master of a slot by the map in use; null where it has none. */
  masterOf(slot: number): Backend | null;
  /** Whether a backend is in the map in use. */
  isMapped(backend: Backend): boolean;
  /** A node has named the owner of a slot. */
  moveSlot(slot: number, owner: Backend): void;
  connectionFor(slot: number, isRead: boolean, client: RoutedClient): BackendConnection | null;
  /** The master of a slot for whoever waits for it: where it has none, a map is asked for. */
  backendAt(slot: number): Backend | null;
  whyUnplaced(slot: number): Failure;
}

/** How redirections are followed. */
export interface RedirectOptions {
  readonly dialect: ClusterDialect;
  /** Whether reads may go to masters where no replica can answer. */
  readonly readsMasters: boolean;
  /** Whether a request with several keys may be sent key by key; read each time. */
  mayDivide(): boolean;
  /** The map may be out of date. `address` is a node that knows better than others, or null. */
  refreshWanted(address: string | null): void;
}

/** The redirections of one cluster in one worker. */
export class SlotRedirects implements RedirectRules {
  resendListener: ResendListener | null = null;
  readonly #context: BackendContext;
  readonly #owners: SlotOwners;
  readonly #options: RedirectOptions;
  readonly #redirect: Redirect = { kind: RedirectKind.None, slot: 0, target: null };
  /** Those that nodes asked to try again. */
  readonly #retries: HeldExchanges;
  /** Those that wait for a fresh map. */
  readonly #mapless: HeldExchanges;
  /** What was in flight behind them that nodes have refused. */
  readonly #refusals: RefusalBook = new RefusalBook();
  /** Those that wait for a node that can run them. */
  readonly #waits: FailoverWait;
  /** {@link SlotRedirects.onErrorReply}, for those who wait for replies themselves. */
  readonly look: ErrorLook = (exchange: Exchange, bytes: Uint8Array, start: number, end: number) =>
    this.onErrorReply(exchange, bytes, start, end);

  constructor(context: BackendContext, owners: SlotOwners, options: RedirectOptions) {
    this.#context = context;
    this.#owners = owners;
    this.#options = options;
    const send: SendHeld = (exchange, bytes, refusal) => this.#sendHeld(exchange, bytes, refusal);
    this.#retries = new HeldExchanges(context.requests, send);
    this.#mapless = new HeldExchanges(context.requests, send);
    this.#waits = new FailoverWait(context, {
      connectionFor: (slot, isRead, client) => owners.connectionFor(slot, isRead, client),
      backendAt: (slot) => owners.backendAt(slot),
      goneReason: () => null,
      requestsWait: () => options.refreshWanted(null),
      beforeResend: (connection, call, byteCount) =>
        this.resendListener?.beforeResend(connection, call, byteCount),
    });
  }

  /** A map has come, or none will come soon: whoever waits for it waits no longer. */
  mapSettled(): void {
    this.#mapless.sendAll();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#waits.close();
    this.#retries.close();
    this.#mapless.close();
  }

  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    const redirect = this.#redirect;
    this.#options.dialect.readRedirect(bytes, start, end, redirect);
    switch (redirect.kind) {
      case RedirectKind.Moved:
      case RedirectKind.Ask:
        this.#follow(exchange, redirect);
        return true;
      case RedirectKind.ClusterDown:
        this.#options.refreshWanted(null);
        if (exchange.isAtReplica) return this.#readAtMaster(exchange);
        // A script may have said so itself.
        if (exchange.hasOwnErrors) return false;
        if (this.#askNewest(exchange, bytes.subarray(start, end))) return true;
        return this.#waits.takeRefused(exchange, bytes, start, end);
      case RedirectKind.Unready:
        // It was started anew, and another node may have its slots by now.
        this.#options.refreshWanted(null);
        if (exchange.isAtReplica) return this.#readAtMaster(exchange);
        return this.#waits.takeRefused(exchange, bytes, start, end);
      case RedirectKind.TryAgain:
        return this.#tryAgain(exchange);
      default:
        return false;
    }
  }

  takeUnsent(exchange: Exchange, failure: Failure): boolean {
    if (exchange.client === NOBODY) return false;
    if (exchange.isAtReplica) return this.#readAtMaster(exchange);
    return this.#askNewest(exchange, null) || this.#waits.takeUnsent(exchange, failure);
  }

  get beginnings(): BeginningWait {
    return this.#waits.beginnings;
  }

  get waitingClients(): number {
    return this.#waits.clientCount;
  }

  visitWaiting(visit: (client: RoutedClient, byteCount: number) => void): void {
    for (const held of [this.#waits, this.#retries, this.#mapless]) held.visitClients(visit);
  }

  learn(exchange: Exchange, bytes: Uint8Array, start: number, end: number): Learned {
    const redirect = this.#redirect;
    this.#options.dialect.readRedirect(bytes, start, end, redirect);
    switch (redirect.kind) {
      case RedirectKind.Moved: {
        const backend = exchange.hasOwnErrors ? null : this.#targetBackend(exchange, redirect);
        if (backend !== null) this.#owners.moveSlot(redirect.slot, backend);
        this.#options.refreshWanted(backend === null ? null : backend.address);
        return PLACE_MOVED;
      }
      case RedirectKind.Ask: {
        const asked = exchange.hasOwnErrors ? null : this.#targetBackend(exchange, redirect);
        return { redirection: Redirection.Ask, asked };
      }
      case RedirectKind.ClusterDown:
        this.#options.refreshWanted(null);
        return NOTHING_LEARNED;
      default:
        return NOTHING_LEARNED;
    }
  }

  #follow(exchange: Exchange, redirect: Redirect): void {
    // A node redirects only for the slot it was asked for; anything else did not come from its routing.
    const isOwnSlot = redirect.target !== null && redirect.slot === exchange.place;
    const target = isOwnSlot ? targetOf(redirect.target!, exchange.sentTo!) : null;
    if (exchange.hasOwnErrors) return this.#followScript(exchange, redirect, target);
    const backend = target === null ? null : this.#owners.nodes.at(target);
    const isMoved = redirect.kind === RedirectKind.Moved;
    if (isMoved) {
      if (backend !== null) this.#owners.moveSlot(redirect.slot, backend);
      this.#options.refreshWanted(backend === null ? null : backend.address);
    }
    if (backend === null || exchange.redirects >= REDIRECTS_MAX) {
      const failure = backend === null ? failures.redirectInvalid : failures.tooManyRedirects;
      this.#context.metrics.countFailure(failure);
      const isTold = backend === null && target !== null && !this.#context.limits.hidesAddresses;
      exchange.receiver!.onFailure(exchange, failure, isTold ? formatEndpoint(target) : "");
      return;
    }
    this.#context.metrics.redirects += 1;
    this.#resend(exchange, backend, isMoved ? null : this.#options.dialect.asking);
  }

  /** The backend that a redirection names for the slot it was asked for, or null. */
  #targetBackend(exchange: Exchange, redirect: Redirect): Backend | null {
    if (redirect.target === null || redirect.slot !== exchange.place) return null;
    return this.#owners.nodes.at(targetOf(redirect.target, exchange.sentTo!));
  }

  /**
   * A script can reply with anything, a redirection included, and then it has run. So it moves no slot and
   * names no new node, and is sent once more at the most: to another known node, which either owns the slot
   * or redirects by itself without running the script.
   */
  #followScript(exchange: Exchange, redirect: Redirect, target: TcpEndpoint | null): void {
    this.#options.refreshWanted(null);
    const backend = target === null ? undefined : this.#owners.nodes.known(formatEndpoint(target));
    const isKnown = backend !== undefined && this.#owners.isMapped(backend);
    if (isKnown && exchange.redirects === 0 && backend.address !== exchange.sentTo!.address) {
      const isMoved = redirect.kind === RedirectKind.Moved;
      this.#context.metrics.redirects += 1;
      this.#resend(exchange, backend, isMoved ? null : this.#options.dialect.asking);
      return;
    }
    this.#context.metrics.countFailure(failures.scriptRedirected);
    exchange.receiver!.onFailure(
      exchange,
      failures.scriptRedirected,
      exchange.sentTo!.shownAddress,
    );
  }

  /** A read that a replica cannot answer now is answered by the master. */
  #readAtMaster(exchange: Exchange): boolean {
    if (!this.#options.readsMasters || !mayGoElsewhere(exchange)) return false;
    const master = this.#owners.masterOf(exchange.place);
    if (master === null) return false;
    this.#resend(exchange, master, null);
    return true;
  }

  /**
   * A node that calls the cluster down, or cannot be connected to, has not run the request. It may be cut off, or have
   * lost its slots: the owner by the newest map gets the request, after one more map if this one knows no other owner.
   *
   * @param error What the node has said; null where it could not be connected to.
   */
  #askNewest(exchange: Exchange, error: Uint8Array | null): boolean {
    const { place, retriesUntilMs, sentTo } = exchange;
    if (place < 0 || !mayGoElsewhere(exchange)) return false;
    const master = this.#owners.masterOf(place);
    // Behind one of its client's that waits for a map it waits, too.
    const known = error === null ? null : this.#refusals.join(exchange);
    if (known === null && master !== null && master.address !== sentTo!.address) {
      this.#context.metrics.redirects += 1;
      this.#resend(exchange, master, null);
      return true;
    }
    // Where it may wait longer it does so once, and elsewhere.
    if (this.#context.limits.failoverWaitMs > 0) return false;
    // A script may have to be loaded ahead, which is found out where it is sent at once.
    if (exchange.hasOwnErrors || retriesUntilMs !== 0) return false;
    if (!this.#mapless.hasRoom(exchange.end - exchange.start)) return false;
    let refusal: Refusal | null = null;
    if (error !== null) {
      const refusals = known ?? this.#refusals.begin(exchange);
      if (refusals === null) return false;
      refusal = { refusals, error: error.slice() };
    }
    const held = this.#succeed(exchange);
    held.retriesUntilMs = -1;
    held.sentTo = sentTo;
    const { dialTimeoutMs } = this.#context.limits;
    this.#mapless.hold(
      held,
      bytesOf(exchange),
      Math.min(FRESH_MAP_WAIT_MS, dialTimeoutMs),
      refusal,
    );
    return true;
  }

  /**
   * Neither of two nodes has all keys of the request: it is sent key by key, or once more after a while. What a script
   * says may be its own word, and it has run.
   */
  #tryAgain(exchange: Exchange): boolean {
    const { clock, limits } = this.#context;
    if (exchange.hasOwnErrors || exchange.place < 0) return false;
    const bytes = bytesOf(exchange);
    const master = this.#owners.masterOf(exchange.place);
    const frame = this.#options.mayDivide() && master !== null
      ? dividableFrame(this.#context, bytes)
      : null;
    if (frame !== null) {
      const whole = this.#succeed(exchange);
      const { client } = exchange;
      const connection = master!.connectionFor(client.number, client.profiles.master);
      new KeyByKey(this.#context, whole, { frame, bytes }, this.look).send(connection);
      return true;
    }
    const isFirst = exchange.retriesUntilMs <= 0;
    const untilMs = isFirst ? clock.nowMs + limits.readTimeoutMs : exchange.retriesUntilMs;
    if (clock.nowMs >= untilMs || !this.#retries.hasRoom(bytes.length)) return false;
    const held = this.#succeed(exchange);
    held.retriesUntilMs = untilMs;
    // The way to and fro between the two nodes is no circle: time bounds it.
    held.redirects = 0;
    const waitedMs = clock.nowMs + limits.readTimeoutMs - untilMs;
    this.#retries.hold(held, bytes, Math.min(RETRY_MOST_MS, Math.max(RETRY_FIRST_MS, waitedMs)));
    return true;
  }

  /** Sends what was held to the owner of its slot, unless a later request of its client was run meanwhile. */
  #sendHeld(exchange: Exchange, bytes: Uint8Array, refusal: Refusal | null): void {
    this.#context.clock.readNow();
    if (refusal !== null && refusal.refusals.state === RefusalState.Overtaken) {
      return this.#passRefusal(exchange, refusal.error);
    }
    const { client } = exchange;
    const master = this.#owners.masterOf(exchange.place);
    if (master === null) {
      const failure = this.#owners.whyUnplaced(exchange.place);
      this.#context.metrics.countFailure(failure);
      exchange.receiver!.onFailure(exchange, failure, "");
      this.#context.requests.releaseExchange(exchange);
      return;
    }
    const connection = master.connectionFor(client.number, client.profiles.master);
    connection.send(exchange, bytes, 0, bytes.length);
  }

  /** What was refused and has been overtaken gets the error that the node has said. */
  #passRefusal(exchange: Exchange, error: Uint8Array): void {
    exchange.endHere();
    exchange.receiver!.onReply(exchange, error, 0, error.length, true, true);
    this.#context.requests.releaseExchange(exchange);
  }

  /** An exchange in the stead of one that is answered; not sent yet. */
  #succeed(exchange: Exchange): Exchange {
    const receiver = exchange.receiver!;
    const successor = this.#context.requests.takeExchange();
    successor.beginAs(exchange);
    successor.redirects = exchange.redirects + 1;
    successor.retriesUntilMs = exchange.retriesUntilMs;
    exchange.window?.enter(successor);
    receiver.onRedirect(exchange, successor);
    return successor;
  }

  #resend(exchange: Exchange, backend: Backend, preface: Uint8Array | null): void {
    const { client } = exchange;
    const successor = this.#succeed(exchange);
    // Sent again as it is, it would lack the ASKING.
    successor.repeatable = preface === null ? exchange.repeatable : null;
    const connection = backend.connectionFor(client.number, client.profiles.master);
    if (exchange.hasOwnErrors) {
      const byteCount = (preface?.length ?? 0) + exchange.end - exchange.start;
      this.resendListener?.beforeResend(connection, exchange, byteCount);
    }
    sendAgain(connection, this.#context.requests, successor, exchange, preface);
  }
}

/** Whether another node may be asked. */
function mayGoElsewhere({ state, redirects }: Exchange): boolean {
  return state !== ExchangeState.Final && redirects < REDIRECTS_MAX;
}

/** A redirection without a host means the one that replied. */
function targetOf(target: TcpEndpoint, repliedFrom: SentTo): TcpEndpoint {
  if (target.hostname !== "") return target;
  return tcpEndpoint(hostOf(repliedFrom.endpoint), target.port);
}

/** The bytes of a request that is answered. */
function bytesOf({ chunk, start, end }: Exchange): Uint8Array {
  return chunk!.bytes.slice(start, end);
}
