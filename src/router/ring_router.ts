/**
 * Routes keys over a ring of servers. An ejected server leaves the ring and comes back; each change builds
 * another ring and raises the epoch.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BeginningWait } from "../backend/beginning_wait.ts";
import { FailoverWait } from "../backend/failover_wait.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { ServerConfig } from "../config/config.ts";
import { type Failure, failures } from "../failure.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import { PointCache } from "./point_cache.ts";
import { buildRing, type Ring, type RingOptions } from "./ring.ts";
import {
  type Learned,
  NOTHING_LEARNED,
  type ResendListener,
  type Router,
  ShardsState,
  type ShardsStateCode,
} from "./router.ts";
import { SERVER_NUMBER_MAX } from "./server_numbers.ts";

/** How a ring places keys, and what becomes of those of ejected servers; read anew at each change. */
export interface RingRouterOptions extends RingOptions {
  /** `rehash`: other servers get their keys; `fail`: requests for them fail at once. */
  readonly eject: "rehash" | "fail";
}

/**
 * A sharded pool. A place stands for a server: at first its position in the configuration. A server keeps its place
 * through reloads, and one that comes later gets the next: whoever still has the place of one that left must not find
 * another there.
 */
export class RingRouter implements Router {
  epoch = 1;
  resendListener: ResendListener | null = null;
  readonly awaitsFirstMap = false;
  readonly shardsState: ShardsStateCode = ShardsState.Known;
  readonly #options: RingRouterOptions;
  readonly #context: BackendContext;
  readonly #points: PointCache = new PointCache();
  /** Servers that have the keys of others that have left, by the places of those. */
  readonly #heirs = new Map<number, Backend>();
  readonly #waits: FailoverWait;
  /** In the order of the configuration, which placement hangs on. */
  #servers: readonly ServerConfig[];
  /** The backends of {@link RingRouter.#servers}, in their order. */
  #backends: readonly Backend[];
  /** Every place with its backend; null where its server has left. */
  #placed: (Backend | null)[];
  /** Places of those that have left, longest gone first: they are given again when there are {@link PLACES_MAX}. */
  readonly #leftPlaces: number[] = [];
  /** Backends that left, by what they are: one that comes back goes on where it was. */
  readonly #left: Map<string, Backend> = new Map();
  /** The place of each server, or null while the places are the positions. */
  #places: Int32Array | null = null;
  #ring: Ring;

  constructor(
    servers: readonly ServerConfig[],
    options: RingRouterOptions,
    context: BackendContext,
  ) {
    this.#servers = servers;
    this.#options = options;
    this.#context = context;
    this.#waits = new FailoverWait(context, {
      connectionFor: (place, _isRead, { number, profiles }) =>
        this.#backendNow(place)?.connectionFor(number, profiles.master) ?? null,
      backendAt: (place) => this.#backendNow(place),
      goneReason: (place) => this.#goneReason(place),
      requestsWait: () => {},
      beforeResend: (connection, call, byteCount) =>
        this.resendListener?.beforeResend(connection, call, byteCount),
    });
    this.#backends = servers.map((server) => new Backend(server, context));
    this.#placed = [...this.#backends];
    for (const backend of this.#backends) backend.isServing = this.#isReady(backend);
    this.#ring = this.#makeRing();
  }

  place(bytes: Uint8Array, start: number, end: number): number {
    const server = this.#ring.serverOfKey(bytes, start, end);
    return this.#places === null || server < 0 ? server : this.#places[server]!;
  }

  anyPlace(): number {
    const server = this.#ring.serverOf(0);
    return this.#places === null || server < 0 ? server : this.#places[server]!;
  }

  connectionFor(place: number, _isRead: boolean, client: RoutedClient): BackendConnection | null {
    const backend = this.#placed[place];
    return backend ? backend.connectionFor(client.number, client.profiles.master) : null;
  }

  backendAt(place: number): Backend | null {
    return this.#placed[place] ?? null;
  }

  whyUnplaced(): Failure {
    return failures.noBackend;
  }

  backends(): readonly Backend[] {
    return this.#backends;
  }

  shards(): readonly Backend[] {
    return this.#backends.filter((backend) => backend.isServing);
  }

  allShards(): readonly Backend[] {
    return this.#backends;
  }

  numberedShards(): readonly (Backend | null)[] | null {
    const numbered: (Backend | null)[] = [null];
    for (const [index, { number = index + 1 }] of this.#servers.entries()) {
      if (number === null || number > SERVER_NUMBER_MAX) return null;
      while (numbered.length <= number) numbered.push(null);
      const backend = this.#backends[index]!;
      numbered[number] = backend.isServing ? backend : null;
    }
    return numbered;
  }

  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    const { limits, protocol } = this.#context;
    if (limits.failoverWaitMs === 0 || !protocol.refusesForNow?.(bytes, start, end)) return false;
    return this.#waits.takeRefused(exchange, bytes, start, end);
  }

  takeUnsent(exchange: Exchange, failure: Failure): boolean {
    return this.#waits.takeUnsent(exchange, failure);
  }

  get beginnings(): BeginningWait {
    return this.#waits.beginnings;
  }

  get waitingClients(): number {
    return this.#waits.clientCount;
  }

  visitWaiting(visit: (client: RoutedClient, byteCount: number) => void): void {
    this.#waits.visitClients(visit);
  }

  /** Nobody waits for a server any more. */
  close(): void {
    this.#waits.close();
  }

  learn(): Learned {
    return NOTHING_LEARNED;
  }

  /**
   * Goes over to another list of servers. Those that stay keep their places and their connections. A client with
   * requests in flight is held until they are answered, so that its order stays.
   *
   * @returns The backends that left. What was sent to them is answered by them.
   */
  setServers(servers: readonly ServerConfig[]): Backend[] {
    const known = this.#left;
    this.#servers.forEach((server, index) => known.set(identityOf(server), this.#backends[index]!));
    const backends = servers.map((server) => {
      const identity = identityOf(server);
      const backend = known.get(identity) ?? new Backend(server, this.#context);
      known.delete(identity);
      return backend;
    });
    const kept = new Set(backends);
    const left = this.#backends.filter((backend) => !kept.has(backend));
    const moved = new Map<number, string>();
    this.#backends.forEach((backend, index) => {
      if (kept.has(backend)) return;
      const place = this.#places?.[index] ?? index;
      moved.set(place, backend.name);
      this.#placed[place] = null;
      this.#leftPlaces.push(place);
    });
    for (const [identity] of known) {
      if (known.size <= LEFT_BACKENDS_MAX) break;
      known.delete(identity);
    }
    const places = new Map(this.#backends.map((backend, index) => [
      backend,
      this.#places?.[index] ?? index,
    ]));
    this.#places = Int32Array.from(
      backends,
      (backend) => places.get(backend) ?? this.#newPlace(backend),
    );
    this.#noteMoves(moved, backends);
    this.#servers = servers;
    this.#backends = backends;
    this.#build();
    return left;
  }

  /** A server that has another address under its alias has the keys of the former: who waits for that waits for it. */
  #noteMoves(moved: ReadonlyMap<number, string>, backends: readonly Backend[]): void {
    for (const [place, name] of moved) {
      const heir = backends.find((backend) => backend.name === name);
      if (heir !== undefined) this.#heirs.set(place, heir);
    }
    for (const [place, heir] of this.#heirs) {
      const next = backends.find(({ name }) => name === heir.name);
      if (next === undefined) this.#heirs.delete(place);
      else this.#heirs.set(place, next);
    }
    for (const place of this.#heirs.keys()) {
      if (this.#heirs.size <= HEIRS_MAX) break;
      this.#heirs.delete(place);
    }
  }

  /** Who has the keys that the server of this place had. */
  #backendNow(place: number): Backend | null {
    return this.#placed[place] ?? this.#heirs.get(place) ?? null;
  }

  #goneReason(place: number): Failure | null {
    const backend = this.#backendNow(place);
    if (backend === null) return failures.backendRemoved;
    // Other servers have its keys, or its operator has taken it out.
    return backend.isServing ? null : failures.backendEjected;
  }

  #newPlace(backend: Backend): number {
    const isFull = this.#placed.length >= PLACES_MAX && this.#leftPlaces.length > 0;
    const place = isFull ? this.#leftPlaces.shift()! : this.#placed.length;
    this.#heirs.delete(place);
    this.#placed[place] = backend;
    return place;
  }

  #build(): void {
    this.#ring = this.#makeRing();
    this.epoch += 1;
  }

  #makeRing(): Ring {
    const { orders } = this.#context;
    const servers = this.#servers.map((server, index) => {
      const { weight } = orders.settingOf(this.#backends[index]!.name);
      return weight === null ? server : { ...server, weight };
    });
    const options = { ...this.#options, points: this.#points };
    return buildRing(servers, options, (server) => this.#backends[server]!.isServing);
  }

  #isReady({ name }: Backend): boolean {
    return this.#context.orders.settingOf(name).state === "ready";
  }

  /** Takes up what operators have made of the servers; `ejected` are the addresses of those that fail their pings. */
  takeUpOrders(ejected: ReadonlySet<string>): void {
    this.setEjected(ejected);
    this.#build();
  }

  /**
   * Takes exactly the servers with these addresses out of the ring, or has requests for them fail at once, beside those
   * that operators have taken out. What was not sent to one that leaves fails at once and is never sent elsewhere, unless
   * it only drains: a later ring may hold other data under its keys.
   *
   * @returns Addresses that have just left the ring.
   */
  setEjected(addresses: ReadonlySet<string>): string[] {
    const left: Backend[] = [];
    let hasChanged = false;
    const keepsKeys = this.#options.eject === "fail";
    for (const backend of this.#backends) {
      const isEjected = addresses.has(backend.address);
      backend.setEjected(isEjected && keepsKeys);
      const isServing = (!isEjected || keepsKeys) && this.#isReady(backend);
      if (isServing === backend.isServing) continue;
      hasChanged = true;
      backend.isServing = isServing;
      if (isServing) backend.recovered();
      else left.push(backend);
    }
    if (!hasChanged) return [];
    this.#build();
    for (const backend of left) {
      const { state } = this.#context.orders.settingOf(backend.name);
      const isDraining = state === "drain" && !addresses.has(backend.address);
      if (!isDraining) backend.failUnsent(failures.backendEjected);
    }
    return left.map((backend) => backend.address);
  }
}

/** Backends that are remembered after they left; the longest gone are forgotten. */
const LEFT_BACKENDS_MAX = 1_024;
/** Places of servers that left of which it is remembered who has their keys. */
const HEIRS_MAX = 1_024;
/** Places that are given before one is given again. */
const PLACES_MAX = 65_536;

/** What makes a server the same after a reload: its place in the ring and where it is. */
function identityOf({ alias, address }: ServerConfig): string {
  return `${alias ?? address} ${address}`;
}
