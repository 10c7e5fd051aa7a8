/**
 * Routes keys to the 16,384 slots of a Redis Cluster and follows its redirections. A MOVED corrects its slot
 * at once and asks for a refresh of the whole map; an ASK concerns one request only.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import { FailoverWait } from "../backend/failover_wait.ts";
import type { BackendConnection } from "../backend/connection.ts";
import { dividableFrame, type ErrorLook, KeyByKey } from "../backend/key_by_key.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { sendAgain } from "../backend/send_written.ts";
import type { Watched } from "../clock.ts";
import type { ReadPolicy } from "../config/config.ts";
import { formatEndpoint, hostOf, type TcpEndpoint, tcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { SLOT_COUNT, slotOf } from "../hash/mod.ts";
import { type Exchange, NOBODY, type RoutedClient, type SentTo } from "../request/exchange.ts";
import { HeldExchanges } from "./held_exchanges.ts";
import { MapWait } from "./map_wait.ts";
import { type ClusterDialect, type Redirect, RedirectKind } from "../protocol/redirect.ts";
import {
  type Learned,
  NOTHING_LEARNED,
  PLACE_MOVED,
  Redirection,
  type ResendListener,
  type Router,
  ShardsState,
  type ShardsStateCode,
} from "./router.ts";
import { type NodeStates, NOTHING_KNOWN, Readers, type ReadRules } from "./readers.ts";
import { ServerNumbers } from "./server_numbers.ts";
import { NO_SHARD, SlotMap } from "./slot_map.ts";

/** Redirections one request follows before it fails; Redis's own clients use 5. */
export const REDIRECTS_MAX = 5;
/** First wait before a request that shall try again does so, milliseconds; each wait is as long as all before it. */
export const RETRY_FIRST_MS = 2;
/** Longest of these waits, milliseconds. */
export const RETRY_MOST_MS = 100;
/** Longest wait for a fresh map behind a node that has refused a request, milliseconds; `dial_timeout` may be less. */
export const FRESH_MAP_WAIT_MS = 1_000;
/** Backends known at once; more in redirections and maps are not connected to. */
export const BACKENDS_MAX = 4_096;
/**
 * How often backends outside the map are looked at, milliseconds. Those unused since the last look are let
 * go: not sooner, since a node that imports its first slot is in no map and still takes requests behind ASK.
 */
export const SWEEP_INTERVAL_MS = 1_000;

/** How a slot router behaves and whom it tells. */
export interface SlotRouterOptions {
  readonly dialect: ClusterDialect;
  /** Where reads go. */
  readonly readPolicy: ReadPolicy;
  /** The proxy's own availability zone; "" for none. */
  readonly zone: string;
  /** Whether a request with several keys may be sent key by key; read each time. */
  mayDivide(): boolean;
  /** The map may be out of date. `address` is a node that knows better than others, or null. */
  refreshWanted(address: string | null): void;
  /** MOVED has named the owner of a slot. */
  slotMoved(slot: number, address: string): void;
  /** Requests that waited for a map are to be shown again. */
  waitEnded(): void;
}

/** One shard's backends. */
interface Shard {
  readonly master: Backend;
  readonly replicas: readonly Backend[];
  readonly readers: Readers;
}

/** The routing table of a Redis Cluster. Its places are the slots. */
export class SlotRouter implements Router, Watched {
  isWatched = false;
  isAged = false;
  mapAged: (() => void) | null = null;
  epoch = 1;
  resendListener: ResendListener | null = null;
  /** Why the place that was asked for last has no backend. */
  unplaced: Failure = failures.topologyUnknown;
  /** Why a slot without an owner has none. */
  #uncovered: Failure = failures.topologyUnknown;
  readonly numbers: ServerNumbers = new ServerNumbers();
  readonly #context: BackendContext;
  readonly #options: SlotRouterOptions;
  readonly #backends = new Map<string, Backend>();
  /** Backends outside the map, with the number of their requests when they were last looked at. */
  readonly #unmapped = new Map<Backend, number>();
  readonly #redirect: Redirect = { kind: RedirectKind.None, slot: 0, target: null };
  readonly #wait: MapWait;
  readonly #rules: ReadRules;
  /** Whether reads may go to others than masters. */
  readonly #readsElsewhere: boolean;
  #states: NodeStates = NOTHING_KNOWN;
  /** Those that nodes asked to try again. */
  readonly #retries: HeldExchanges;
  /** Those that wait for a fresh map. */
  readonly #mapless: HeldExchanges;
  /** Those that wait for a node that can run them. */
  readonly #waits: FailoverWait;
  readonly #nobody: Nobody;
  /** {@link SlotRouter.onErrorReply}, for those who wait for replies themselves. */
  readonly look: ErrorLook = (exchange: Exchange, bytes: Uint8Array, start: number, end: number) =>
    this.onErrorReply(exchange, bytes, start, end);
  #map = new SlotMap();
  /** Owners by slot that MOVED named since a fetch began; null where the next map is newer than all of them. */
  #corrections: Map<number, string> | null = null;
  #shards: (Shard | null)[] = [];
  #anySlot = 0;
  #sweepAtMs = 0;

  constructor(context: BackendContext, options: SlotRouterOptions) {
    this.#context = context;
    this.#options = options;
    const { clock, limits, requests } = context;
    const send = (exchange: Exchange, bytes: Uint8Array) => this.#sendHeld(exchange, bytes);
    this.#rules = { policy: options.readPolicy, zone: options.zone, orders: context.orders };
    this.#readsElsewhere = options.readPolicy !== "master";
    this.#retries = new HeldExchanges(requests, send);
    this.#mapless = new HeldExchanges(requests, send);
    this.#nobody = new Nobody({ endpoint: tcpEndpoint("", 0) }, context);
    this.#waits = new FailoverWait(context, {
      connectionFor: (slot, isRead, client) => this.connectionFor(slot, isRead, client),
      backendAt: (slot) => this.backendAt(slot),
      goneReason: () => null,
      requestsWait: () => options.refreshWanted(null),
      beforeResend: (connection, call, byteCount) =>
        this.resendListener?.beforeResend(connection, call, byteCount),
    });
    this.#wait = new MapWait(clock, limits, () => options.waitEnded());
  }

  get awaitsFirstMap(): boolean {
    return this.#wait.awaitsFirstMap;
  }

  get shardsState(): ShardsStateCode {
    return this.#wait.shards;
  }

  /** Nobody has asked for anything for long. */
  age(): void {
    this.isAged = true;
    this.mapAged?.();
  }

  useAgain(): void {
    this.isAged = false;
    this.#wait.beginAgain();
    this.#options.refreshWanted(null);
  }

  /** Has requests wait for the first map, from now on and for `dial_timeout`; once. */
  awaitFirstMap(): void {
    this.#wait.begin();
  }

  place(bytes: Uint8Array, start: number, end: number): number {
    return slotOf(bytes, start, end);
  }

  anyPlace(): number {
    return this.#anySlot;
  }

  connectionFor(slot: number, isRead: boolean, client: RoutedClient): BackendConnection | null {
    const shard = this.#shardAt(slot);
    if (shard === null) {
      this.unplaced = this.#uncovered;
      this.#options.refreshWanted(null);
      return this.#context.limits.failoverWaitMs > 0 ? this.#connectionToNobody(client) : null;
    }
    if (isRead && this.#readsElsewhere) {
      const connection = shard.readers.next(shard.master, client);
      if (connection !== null) return connection;
      if (this.#rules.policy === "replica") {
        this.unplaced = failures.noReplica;
        return null;
      }
    }
    return shard.master.connectionFor(client.number, client.profiles.master);
  }

  backendAt(slot: number): Backend | null {
    const shard = this.#shardAt(slot);
    if (shard === null) this.#options.refreshWanted(null);
    return shard?.master ?? null;
  }

  backends(): Iterable<Backend> {
    return this.#backends.values();
  }

  shards(): readonly Backend[] {
    const masters = new Set<Backend>();
    for (const [number, shard] of this.#shards.entries()) {
      if (shard !== null && this.#map.masterOf(number) !== "") masters.add(shard.master);
    }
    return [...masters];
  }

  allShards(): readonly Backend[] {
    const shards = this.shards();
    if (this.shardsState === ShardsState.Known) return shards;
    const former = [...this.#wait.masters].map((address) => this.#backends.get(address));
    return [...new Set([...shards, ...former.filter((backend) => backend !== undefined)])];
  }

  numberedShards(): readonly (Backend | null)[] | null {
    return this.numbers.arrange(this.shards());
  }

  /** The map in use. */
  get map(): SlotMap {
    return this.#map;
  }

  /** The leader's probes have found this. */
  setNodeStates(states: NodeStates): void {
    this.#states = states;
    for (const shard of this.#shards) {
      shard?.readers.arrange(shard.master, shard.replicas, states);
    }
  }

  /** A map is being fetched: what MOVED says from now on is newer than that map. */
  fetchBegins(): void {
    this.#corrections = new Map();
  }

  /** Takes over a fetched map. Requests in flight under the former one finish before their clients go on. */
  setMap(map: SlotMap): void {
    const corrections = this.#corrections ?? new Map<number, string>();
    this.#corrections = null;
    const fetchedMasters = map.masters();
    for (const [slot, owner] of corrections) map.setOwner(slot, owner);
    const hasChanged = map.differsInMasters(this.#map);
    this.#map = map;
    if (hasChanged) this.epoch += 1;
    this.unplaced = this.#uncovered = failures.slotUncovered;
    this.#shards = [];
    for (let shard = 0; shard < map.shardLimit; shard++) {
      this.#shards.push(map.masterOf(shard) === "" ? null : this.#createShard(shard));
    }
    this.#anySlot = 0;
    while (this.#anySlot < SLOT_COUNT - 1 && this.#shardAt(this.#anySlot) === null) {
      this.#anySlot += 1;
    }
    this.#context.clock.watch(this);
    this.#wait.fetched(fetchedMasters, corrections.values());
    this.#mapless.sendAll();
  }

  /** No node has answered: whoever waits for a fresh map waits no longer. */
  fetchFailed(): void {
    this.#mapless.sendAll();
  }

  /** The map in use, corrections included, was fetched as it is. */
  confirmMap(): void {
    this.#wait.fetched(this.#map.masters(), []);
    this.#mapless.sendAll();
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
        if (this.#askNewest(exchange)) return true;
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

  /** See {@link BackupRouter.backupFor}. What was redirected may not be where the map says. */
  backupFor({ client, place, redirects, sentTo }: Exchange): BackendConnection | null {
    const shard = redirects > 0 ? null : this.#shardAt(place);
    return shard === null ? null : shard.readers.nextBackup(shard.master, sentTo, client);
  }

  takeUnsent(exchange: Exchange, failure: Failure): boolean {
    if (exchange.client === NOBODY) return false;
    if (exchange.isAtReplica) return this.#readAtMaster(exchange);
    return this.#askNewest(exchange) || this.#waits.takeUnsent(exchange, failure);
  }

  get waitingClients(): number {
    return this.#waits.clientCount;
  }

  visitWaiting(visit: (client: RoutedClient, byteCount: number) => void): void {
    this.#waits.visitClients(visit);
  }

  learn(exchange: Exchange, bytes: Uint8Array, start: number, end: number): Learned {
    const redirect = this.#redirect;
    this.#options.dialect.readRedirect(bytes, start, end, redirect);
    switch (redirect.kind) {
      case RedirectKind.Moved: {
        const backend = exchange.hasOwnErrors ? null : this.#targetBackend(exchange, redirect);
        if (backend !== null) this.#moveSlot(redirect.slot, backend);
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

  onTick(nowMs: number): boolean {
    if (nowMs < this.#sweepAtMs) return true;
    this.#sweepAtMs = nowMs + SWEEP_INTERVAL_MS;
    this.#sweep();
    return this.#unmapped.size > 0;
  }

  /** Where requests wait that nobody serves now: nothing is ever sent over it. */
  #connectionToNobody({ number, profiles }: RoutedClient): BackendConnection {
    const connection = this.#nobody.connectionFor(number, profiles.master);
    connection.bar(this.#uncovered);
    return connection;
  }

  /** Closes every connection. */
  close(failure: Failure): void {
    this.#waits.close();
    this.#retries.close();
    this.#mapless.close();
    for (const backend of this.#backends.values()) backend.close(failure);
  }

  #follow(exchange: Exchange, redirect: Redirect): void {
    // A node redirects only for the slot it was asked for; anything else did not come from its routing.
    const isOwnSlot = redirect.target !== null && redirect.slot === exchange.place;
    const target = isOwnSlot ? targetOf(redirect.target!, exchange.sentTo!) : null;
    if (exchange.hasOwnErrors) return this.#followScript(exchange, redirect, target);
    const backend = target === null ? null : this.#backendAt(target);
    const isMoved = redirect.kind === RedirectKind.Moved;
    if (isMoved) {
      if (backend !== null) this.#moveSlot(redirect.slot, backend);
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
    return this.#backendAt(targetOf(redirect.target, exchange.sentTo!));
  }

  /**
   * A script can reply with anything, a redirection included, and then it has run. So it moves no slot and
   * names no new node, and is sent once more at the most: to another known node, which either owns the slot
   * or redirects by itself without running the script.
   */
  #followScript(exchange: Exchange, redirect: Redirect, target: TcpEndpoint | null): void {
    this.#options.refreshWanted(null);
    const backend = target === null ? undefined : this.#backends.get(formatEndpoint(target));
    const isKnown = backend !== undefined && this.#map.addresses().has(backend.address);
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
    if (
      this.#rules.policy === "replica" || !exchange.isAtReplica ||
      exchange.redirects >= REDIRECTS_MAX
    ) return false;
    const shard = this.#shardAt(exchange.place);
    if (shard === null) return false;
    this.#resend(exchange, shard.master, null);
    return true;
  }

  /**
   * A node that calls the cluster down, or cannot be connected to, has not run the request. It may be cut off, or have
   * lost its slots: the owner by the newest map gets the request, after one more map if this one knows no other owner.
   */
  #askNewest(exchange: Exchange): boolean {
    const { place, redirects, retriesUntilMs, sentTo } = exchange;
    if (place < 0 || redirects >= REDIRECTS_MAX) return false;
    const shard = this.#shardAt(place);
    if (shard !== null && shard.master.address !== sentTo!.address) {
      this.#context.metrics.redirects += 1;
      this.#resend(exchange, shard.master, null);
      return true;
    }
    // Where it may wait longer it does so once, and elsewhere.
    if (this.#context.limits.failoverWaitMs > 0) return false;
    // A script may have to be loaded ahead, which is found out where it is sent at once.
    if (exchange.hasOwnErrors || retriesUntilMs !== 0) return false;
    if (!this.#mapless.hasRoom(exchange.end - exchange.start)) return false;
    const held = this.#succeed(exchange);
    held.retriesUntilMs = -1;
    const { dialTimeoutMs } = this.#context.limits;
    this.#mapless.hold(held, bytesOf(exchange), Math.min(FRESH_MAP_WAIT_MS, dialTimeoutMs));
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
    const shard = this.#shardAt(exchange.place);
    const frame = this.#options.mayDivide() && shard !== null
      ? dividableFrame(this.#context, bytes)
      : null;
    if (frame !== null) {
      const whole = this.#succeed(exchange);
      const { client } = exchange;
      const connection = shard!.master.connectionFor(client.number, client.profiles.master);
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

  /** Sends what was held to the owner of its slot. */
  #sendHeld(exchange: Exchange, bytes: Uint8Array): void {
    this.#context.clock.readNow();
    const { client } = exchange;
    const shard = this.#shardAt(exchange.place);
    if (shard === null) {
      this.#context.metrics.countFailure(this.unplaced);
      exchange.receiver!.onFailure(exchange, this.unplaced, "");
      this.#context.requests.releaseExchange(exchange);
      return;
    }
    const connection = shard.master.connectionFor(client.number, client.profiles.master);
    connection.send(exchange, bytes, 0, bytes.length);
  }

  /** An exchange in the stead of one that is answered; not sent yet. */
  #succeed(exchange: Exchange): Exchange {
    const { fragment, place, isRead, client } = exchange;
    const receiver = exchange.receiver!;
    const successor = this.#context.requests.takeExchange();
    successor.begin(receiver, fragment, place, isRead, client);
    successor.measureAs(exchange);
    successor.redirects = exchange.redirects + 1;
    successor.retriesUntilMs = exchange.retriesUntilMs;
    exchange.window?.enter(successor);
    receiver.onRedirect(exchange, successor);
    return successor;
  }

  #resend(exchange: Exchange, backend: Backend, preface: Uint8Array | null): void {
    const { client } = exchange;
    const successor = this.#succeed(exchange);
    successor.hasOwnErrors = exchange.hasOwnErrors;
    // Sent again as it is, it would lack the ASKING.
    successor.repeatable = preface === null ? exchange.repeatable : null;
    const connection = backend.connectionFor(client.number, client.profiles.master);
    if (exchange.hasOwnErrors) {
      const byteCount = (preface?.length ?? 0) + exchange.end - exchange.start;
      this.resendListener?.beforeResend(connection, exchange, byteCount);
    }
    sendAgain(connection, this.#context.requests, successor, exchange, preface);
  }

  #moveSlot(slot: number, owner: Backend): void {
    if (this.#shardAt(slot)?.master === owner) return;
    this.#options.slotMoved(slot, owner.address);
    this.#corrections?.set(slot, owner.address);
    this.#wait.corrected(owner.address);
    const shard = this.#map.setOwner(slot, owner.address);
    this.#shards[shard] = this.#createShard(shard);
    this.epoch += 1;
    // The former owner may have lost its last slot.
    this.#context.clock.watch(this);
  }

  #shardAt(slot: number): Shard | null {
    const shard = this.#map.shardAt(slot);
    return shard === NO_SHARD ? null : this.#shards[shard]!;
  }

  /** Null where the master cannot be one more backend. */
  #createShard(shard: number): Shard | null {
    const master = this.#backendOf(this.#map.masterOf(shard));
    if (master === null) return null;
    const replicas: Backend[] = [];
    for (const address of this.#map.replicasOf(shard)) {
      const replica = this.#backendOf(address);
      if (replica !== null) replicas.push(replica);
    }
    const readers = new Readers(this.#rules);
    readers.arrange(master, replicas, this.#states);
    return { master, replicas, readers };
  }

  #backendOf(address: string): Backend | null {
    const known = this.#backends.get(address);
    if (known !== undefined) return known;
    const parsed = this.#options.dialect.parseAddress(address);
    return parsed === null ? null : this.#backendAt(parsed);
  }

  #backendAt(endpoint: TcpEndpoint): Backend | null {
    const known = this.#backends.get(formatEndpoint(endpoint));
    if (known !== undefined) return known;
    if (this.#backends.size >= BACKENDS_MAX) return null;
    const backend = new Backend({ endpoint }, this.#context);
    this.#backends.set(backend.address, backend);
    this.#context.clock.watch(this);
    return backend;
  }

  /** Whether nothing was sent there since the last look; pings of one that gets no requests are not meant. */
  #isUnused(backend: Backend): boolean {
    const requests = this.#unmapped.get(backend);
    return requests === backend.requests || (requests !== undefined && backend.barredBy !== null);
  }

  /** Lets go of backends outside the map that owe nothing and were not used since the last look. */
  #sweep(): void {
    const mapped = this.#map.addresses();
    for (const backend of this.#backends.values()) {
      if (mapped.has(backend.address)) {
        this.#unmapped.delete(backend);
      } else if (backend.isIdle && this.#isUnused(backend)) {
        this.#unmapped.delete(backend);
        this.#backends.delete(backend.address);
        backend.close(failures.backendRemoved);
      } else {
        this.#unmapped.set(backend, backend.requests);
      }
    }
  }
}

/** Stands for the node of slots that nobody serves, and has no address to tell. */
class Nobody extends Backend {
  override readonly address: string = "";
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
