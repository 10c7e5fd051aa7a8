/**
 * Routes keys to the 16,384 slots of a Redis Cluster, by a map that is fetched from time to time and that redirections
 * correct.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BeginningWait } from "../backend/beginning_wait.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { ErrorLook } from "../backend/key_by_key.ts";
import type { ReadPolicy } from "../config/config.ts";
import { tcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { SLOT_COUNT, slotOf } from "../hash/mod.ts";
import type { ClusterDialect } from "../protocol/redirect.ts";
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import { ClusterNodes } from "./cluster_nodes.ts";
import { MapWait } from "./map_wait.ts";
import { type NodeStates, NOTHING_KNOWN, Readers, type ReadRules } from "./readers.ts";
import {
  type Learned,
  type ResendListener,
  type Router,
  ShardsState,
  type ShardsStateCode,
} from "./router.ts";
import { ServerNumbers } from "./server_numbers.ts";
import { NO_SHARD, SlotMap } from "./slot_map.ts";
import { type SlotOwners, SlotRedirects } from "./slot_redirects.ts";

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
export class SlotRouter implements Router, SlotOwners {
  isAged = false;
  mapAged: (() => void) | null = null;
  epoch = 1;
  /** Why a slot without an owner has none. */
  #uncovered: Failure = failures.topologyUnknown;
  readonly numbers: ServerNumbers = new ServerNumbers();
  readonly nodes: ClusterNodes;
  readonly #context: BackendContext;
  readonly #options: SlotRouterOptions;
  readonly #redirects: SlotRedirects;
  readonly #wait: MapWait;
  readonly #rules: ReadRules;
  /** Whether reads may go to others than masters. */
  readonly #readsElsewhere: boolean;
  #states: NodeStates = NOTHING_KNOWN;
  readonly #nobody: Nobody;
  #map = new SlotMap();
  /** Owners by slot that MOVED named since a fetch began; null where the next map is newer than all of them. */
  #corrections: Map<number, string> | null = null;
  #shards: (Shard | null)[] = [];
  #anySlot = 0;

  constructor(context: BackendContext, options: SlotRouterOptions) {
    this.#context = context;
    this.#options = options;
    this.#rules = { policy: options.readPolicy, zone: options.zone, orders: context.orders };
    this.#readsElsewhere = options.readPolicy !== "master";
    this.#nobody = new Nobody({ endpoint: tcpEndpoint("", 0) }, context);
    this.nodes = new ClusterNodes(context, options.dialect, () => this.#map.addresses());
    this.#redirects = new SlotRedirects(context, this, {
      dialect: options.dialect,
      readsMasters: options.readPolicy !== "replica",
      mayDivide: () => options.mayDivide(),
      refreshWanted: (address) => options.refreshWanted(address),
    });
    const { clock, limits } = context;
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
      this.#options.refreshWanted(null);
      return this.#context.limits.failoverWaitMs > 0 ? this.#connectionToNobody(client) : null;
    }
    if (isRead && this.#readsElsewhere) {
      const connection = shard.readers.next(shard.master, client);
      if (connection !== null) return connection;
      if (this.#rules.policy === "replica") return null;
    }
    return shard.master.connectionFor(client.number, client.profiles.master);
  }

  backendAt(slot: number): Backend | null {
    const shard = this.#shardAt(slot);
    if (shard === null) this.#options.refreshWanted(null);
    return shard?.master ?? null;
  }

  whyUnplaced(slot: number): Failure {
    return slot < 0 || this.#shardAt(slot) === null ? this.#uncovered : failures.noReplica;
  }

  backends(): Iterable<Backend> {
    return this.nodes.all();
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
    const former = [...this.#wait.masters].map((address) => this.nodes.known(address));
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
    this.#uncovered = failures.slotUncovered;
    this.#shards = [];
    for (let shard = 0; shard < map.shardLimit; shard++) {
      this.#shards.push(map.masterOf(shard) === "" ? null : this.#createShard(shard));
    }
    this.#anySlot = 0;
    while (this.#anySlot < SLOT_COUNT - 1 && this.#shardAt(this.#anySlot) === null) {
      this.#anySlot += 1;
    }
    this.nodes.watch();
    this.#wait.fetched(fetchedMasters, corrections.values());
    this.#redirects.mapSettled();
  }

  /** No node has answered: whoever waits for a fresh map waits no longer. */
  fetchFailed(): void {
    this.#redirects.mapSettled();
  }

  /** The map in use, corrections included, was fetched as it is. */
  confirmMap(): void {
    this.#wait.fetched(this.#map.masters(), []);
    this.#redirects.mapSettled();
  }

  masterOf(slot: number): Backend | null {
    return this.#shardAt(slot)?.master ?? null;
  }

  isMapped({ address }: Backend): boolean {
    return this.#map.addresses().has(address);
  }

  get resendListener(): ResendListener | null {
    return this.#redirects.resendListener;
  }

  set resendListener(listener: ResendListener | null) {
    this.#redirects.resendListener = listener;
  }

  get look(): ErrorLook {
    return this.#redirects.look;
  }

  onErrorReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#redirects.onErrorReply(exchange, bytes, start, end);
  }

  takeUnsent(exchange: Exchange, failure: Failure): boolean {
    return this.#redirects.takeUnsent(exchange, failure);
  }

  learn(exchange: Exchange, bytes: Uint8Array, start: number, end: number): Learned {
    return this.#redirects.learn(exchange, bytes, start, end);
  }

  get beginnings(): BeginningWait {
    return this.#redirects.beginnings;
  }

  get waitingClients(): number {
    return this.#redirects.waitingClients;
  }

  visitWaiting(visit: (client: RoutedClient, byteCount: number) => void): void {
    this.#redirects.visitWaiting(visit);
  }

  /** See {@link BackupRouter.backupFor}. What was redirected may not be where the map says. */
  backupFor({ client, place, redirects, sentTo }: Exchange): BackendConnection | null {
    const shard = redirects > 0 ? null : this.#shardAt(place);
    return shard === null ? null : shard.readers.nextBackup(shard.master, sentTo, client);
  }

  /** Closes every connection. */
  close(failure: Failure): void {
    this.#redirects.close();
    this.nodes.close(failure);
  }

  moveSlot(slot: number, owner: Backend): void {
    if (this.#shardAt(slot)?.master === owner) return;
    this.#options.slotMoved(slot, owner.address);
    this.#corrections?.set(slot, owner.address);
    this.#wait.corrected(owner.address);
    const shard = this.#map.setOwner(slot, owner.address);
    this.#shards[shard] = this.#createShard(shard);
    this.epoch += 1;
    // The former owner may have lost its last slot.
    this.nodes.watch();
  }

  /** Where requests wait that nobody serves now: nothing is ever sent over it. */
  #connectionToNobody({ number, profiles }: RoutedClient): BackendConnection {
    const connection = this.#nobody.connectionFor(number, profiles.master);
    connection.bar(this.#uncovered);
    return connection;
  }

  #shardAt(slot: number): Shard | null {
    const shard = this.#map.shardAt(slot);
    return shard === NO_SHARD ? null : this.#shards[shard]!;
  }

  /** Null where the master cannot be one more backend. */
  #createShard(shard: number): Shard | null {
    const master = this.nodes.named(this.#map.masterOf(shard));
    if (master === null) return null;
    const replicas: Backend[] = [];
    for (const address of this.#map.replicasOf(shard)) {
      const replica = this.nodes.named(address);
      if (replica !== null) replicas.push(replica);
    }
    const readers = new Readers(this.#rules);
    readers.arrange(master, replicas, this.#states);
    return { master, replicas, readers };
  }
}

/** Stands for the node of slots that nobody serves, and has no address to tell. */
class Nobody extends Backend {
  override readonly address: string = "";
}
