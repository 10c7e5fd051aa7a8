/**
 * Routes keys to the 16,384 slots of a Redis Cluster and follows its redirections. A MOVED corrects its slot
 * at once and asks for a refresh of the whole map; an ASK concerns one request only.
 *
 * @module
 */
import { Backend, type BackendAddress } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { type Failure, failures } from "../failure.ts";
import { slotOf } from "../hash/mod.ts";
import { type Profile, PROFILES } from "../protocol/protocol.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import type { Router } from "./router.ts";
import { NO_SHARD, SlotMap } from "./slot_map.ts";

/** Redirections one request follows before it fails; Redis's own clients use 5. */
export const REDIRECTS_MAX = 5;
/** Backends known at once; more in redirections and maps are not connected to. */
export const BACKENDS_MAX = 4_096;

/** What an error reply says of topology. */
export const RedirectKind = {
  /** Nothing. */
  None: 0,
  /** The slot has another owner for good. */
  Moved: 1,
  /** This request only is to go elsewhere, behind ASKING. */
  Ask: 2,
  /** The cluster knows itself to be incomplete. */
  ClusterDown: 3,
} as const;
/** One of the values of {@link RedirectKind}. */
export type RedirectKindCode = 0 | 1 | 2 | 3;

/** A redirection as read from a reply; one object is reused. */
export interface Redirect {
  kind: RedirectKindCode;
  slot: number;
  /** Where to; an empty host name means the host that replied. Null where the reply names none. */
  target: BackendAddress | null;
}

/** The words of the protocol that speak of topology; handed in by the recipe. */
export interface ClusterDialect {
  /** Goes right before a request that follows an ASK. */
  readonly asking: Uint8Array;
  /** Reads an error reply. */
  readRedirect(bytes: Uint8Array, start: number, end: number, into: Redirect): void;
  /** Splits `host:port` as the slot map has it. */
  parseAddress(address: string): BackendAddress | null;
}

/** How a slot router behaves and whom it tells. */
export interface SlotRouterOptions {
  readonly dialect: ClusterDialect;
  /** Reads go to replicas in turn. */
  readonly readsFromReplicas: boolean;
  /** The map may be out of date. */
  refreshWanted(): void;
}

/** One shard's backends. */
interface Shard {
  readonly master: Backend;
  readonly replicas: readonly Backend[];
  /** Replica that takes the next read. */
  turn: number;
}

/** The routing table of a Redis Cluster. Its places are the slots. */
export class SlotRouter implements Router {
  epoch = 1;
  profile: Profile = PROFILES[2].master;
  unplaced: Failure = failures.topologyUnknown;
  readonly #context: BackendContext;
  readonly #options: SlotRouterOptions;
  readonly #backends = new Map<string, Backend>();
  /** Backends that left the map and still owe replies. */
  readonly #leaving = new Set<Backend>();
  readonly #redirect: Redirect = { kind: RedirectKind.None, slot: 0, target: null };
  #map = new SlotMap();
  #shards: (Shard | null)[] = [];
  #anySlot = 0;

  constructor(context: BackendContext, options: SlotRouterOptions) {
    this.#context = context;
    this.#options = options;
  }

  place(bytes: Uint8Array, start: number, end: number): number {
    return slotOf(bytes, start, end);
  }

  anyPlace(): number {
    return this.#anySlot;
  }

  backendAt(slot: number, isRead: boolean, client: RoutedClient): Backend | null {
    const shard = this.#map.shardAt(slot);
    if (shard === NO_SHARD) {
      this.#options.refreshWanted();
      return null;
    }
    const { master, replicas } = this.#shards[shard]!;
    this.profile = client.profiles.master;
    if (!isRead || !this.#options.readsFromReplicas || replicas.length === 0) return master;
    return this.#nextReplica(this.#shards[shard]!, client) ?? master;
  }

  backends(): Iterable<Backend> {
    return this.#backends.values();
  }

  /** The map in use. */
  get map(): SlotMap {
    return this.#map;
  }

  /** Takes over a fetched map. Requests in flight under the former one finish before their clients go on. */
  setMap(map: SlotMap): void {
    const hasChanged = map.differsInMasters(this.#map);
    this.#map = map;
    if (hasChanged) this.epoch += 1;
    this.unplaced = failures.slotUncovered;
    this.#shards = [];
    for (let shard = 0; shard < map.shardLimit; shard++) {
      this.#shards.push(map.masterOf(shard) === "" ? null : this.#createShard(shard));
    }
    this.#anySlot = map.toRanges()[0]?.first ?? 0;
    this.#dropUnknown(map.addresses());
  }

  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    const redirect = this.#redirect;
    this.#options.dialect.readRedirect(bytes, start, end, redirect);
    if (redirect.kind === RedirectKind.None) return false;
    if (redirect.kind === RedirectKind.ClusterDown) {
      this.#options.refreshWanted();
      return false;
    }
    this.#follow(exchange, redirect);
    return true;
  }

  /** Closes every connection. */
  close(failure: Failure): void {
    for (const backend of this.#backends.values()) backend.close(failure);
    for (const backend of this.#leaving) backend.close(failure);
  }

  #follow(exchange: Exchange, redirect: Redirect): void {
    const target = redirect.target === null ? null : targetOf(redirect.target, exchange.hostname);
    const backend = target === null ? null : this.#backendAt(target);
    if (redirect.kind === RedirectKind.Moved) {
      if (backend !== null) this.#moveSlot(redirect.slot, backend);
      this.#options.refreshWanted();
    }
    const receiver = exchange.receiver!;
    if (backend === null || exchange.redirects >= REDIRECTS_MAX) {
      const failure = backend === null ? failures.redirectInvalid : failures.tooManyRedirects;
      this.#context.metrics.countFailure(failure);
      receiver.onFailure(exchange, failure, target?.address ?? "");
      return;
    }
    this.#context.metrics.redirects += 1;
    const { fragment, place, isRead, client } = exchange;
    const successor = this.#context.requests.takeExchange();
    successor.begin(receiver, fragment, place, isRead, client);
    successor.redirects = exchange.redirects + 1;
    receiver.onRedirect(exchange, successor);
    const isAsk = redirect.kind === RedirectKind.Ask;
    backend.connectionFor(client.number, client.profiles.master)
      .resend(successor, exchange, isAsk ? this.#options.dialect.asking : null);
  }

  #moveSlot(slot: number, owner: Backend): void {
    const current = this.#map.shardAt(slot);
    if (current !== NO_SHARD && this.#shards[current]!.master === owner) return;
    const shard = this.#map.setOwner(slot, owner.address);
    this.#shards[shard] = this.#createShard(shard);
    this.epoch += 1;
  }

  #createShard(shard: number): Shard {
    const master = this.#backendOf(this.#map.masterOf(shard))!;
    const replicas: Backend[] = [];
    for (const address of this.#map.replicasOf(shard)) {
      const replica = this.#backendOf(address);
      if (replica !== null) replicas.push(replica);
    }
    return { master, replicas, turn: 0 };
  }

  #nextReplica(shard: Shard, client: RoutedClient): Backend | null {
    const { replicas } = shard;
    for (let tried = 0; tried < replicas.length; tried++) {
      shard.turn = shard.turn + 1 < replicas.length ? shard.turn + 1 : 0;
      const replica = replicas[shard.turn]!;
      if (replica.isInBackoff(client.number, client.profiles.replica)) continue;
      this.profile = client.profiles.replica;
      return replica;
    }
    return null;
  }

  #backendOf(address: string): Backend | null {
    const known = this.#backends.get(address);
    if (known !== undefined) return known;
    const parsed = this.#options.dialect.parseAddress(address);
    return parsed === null ? null : this.#backendAt(parsed);
  }

  #backendAt(target: BackendAddress): Backend | null {
    const known = this.#backends.get(target.address);
    if (known !== undefined) return known;
    if (this.#backends.size >= BACKENDS_MAX) return null;
    const backend = new Backend(target, this.#context);
    this.#backends.set(target.address, backend);
    return backend;
  }

  /** Lets go of backends that are in no map any more, once they owe nothing. */
  #dropUnknown(addresses: ReadonlySet<string>): void {
    for (const backend of this.#backends.values()) {
      if (addresses.has(backend.address)) continue;
      this.#backends.delete(backend.address);
      this.#leaving.add(backend);
      backend.failUnsent(failures.backendRemoved);
    }
    for (const backend of this.#leaving) {
      if (!backend.isIdle) continue;
      this.#leaving.delete(backend);
      backend.close(failures.backendRemoved);
    }
  }
}

/** A redirection without a host means the one that replied. */
function targetOf(target: BackendAddress, repliedFrom: string): BackendAddress {
  if (target.hostname !== "") return target;
  const host = repliedFrom.includes(":") ? `[${repliedFrom}]` : repliedFrom;
  return { hostname: repliedFrom, port: target.port, address: `${host}:${target.port}` };
}
