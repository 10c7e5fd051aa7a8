/**
 * Which node of a shard takes a read: its master, or one of its replicas, as `read_policy` says and as what is known of
 * the nodes allows.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BackendConnection } from "../backend/connection.ts";
import { PauseMode, type ServerOrders } from "../backend/server_orders.ts";
import type { ReadPolicy } from "../config/config.ts";
import type { RoutedClient, SentTo } from "../request/exchange.ts";

/** What the leader's probes have found of the nodes, by `host:port`. */
export interface NodeStates {
  /** Replicas that are down, without their master, or too far behind it: they get no reads. */
  readonly out: ReadonlySet<string>;
  /** How long a node takes to answer, milliseconds; nothing of those that were not asked yet. */
  readonly latencies: ReadonlyMap<string, number>;
  /** The availability zones of those that have one. */
  readonly zones: ReadonlyMap<string, string>;
}

/** Before anything is known: every replica may be read from. */
export const NOTHING_KNOWN: NodeStates = { out: new Set(), latencies: new Map(), zones: new Map() };

/** What a choice among readers hangs on; the same for all shards of a cluster. */
export interface ReadRules {
  readonly policy: ReadPolicy;
  /** The proxy's own availability zone; "" for none. */
  readonly zone: string;
  readonly orders: ServerOrders;
}

/** The readers of one shard. */
export class Readers {
  readonly #rules: ReadRules;
  /** Those in the proxy's zone. */
  #near: readonly Backend[] = [];
  #far: readonly Backend[] = [];
  #nearTurn = 0;
  #farTurn = 0;
  #backupTurn = 0;

  constructor(rules: ReadRules) {
    this.#rules = rules;
  }

  /** Those that may be read from now, the nearest first. */
  get all(): readonly Backend[] {
    return [...this.#near, ...this.#far];
  }

  /** These are the shard's nodes, and this is known of them. */
  arrange(master: Backend, replicas: readonly Backend[], states: NodeStates): void {
    const { policy, zone } = this.#rules;
    const usable = replicas.filter(({ address }) => !states.out.has(address));
    const readers = policy === "lowest_latency" ? byLatency([master, ...usable], states) : usable;
    const isNear = ({ address }: Backend) => zone !== "" && states.zones.get(address) === zone;
    this.#near = readers.filter(isNear);
    this.#far = readers.filter((reader) => !isNear(reader));
  }

  /**
   * The connection for the next read; null: the master's, or none, as the policy says. A replica that is not connected
   * is connected to meanwhile: no read waits for that, as long as another node has the keys.
   */
  next(master: Backend, client: RoutedClient): BackendConnection | null {
    const { policy } = this.#rules;
    if (policy === "lowest_latency") return this.#fastest(master, client);
    const turn = this.#nearTurn = next(this.#nearTurn, this.#near);
    const near = this.#firstUsable(this.#near, turn, client);
    if (near !== null) return near;
    this.#farTurn = next(this.#farTurn, this.#far);
    const far = this.#firstUsable(this.#far, this.#farTurn, client);
    return far !== null || policy !== "replica" ? far : this.#firstPossible(client);
  }

  /** A replica for a read that was sent to `former` and takes long; null where none can take it now. */
  nextBackup(
    master: Backend,
    former: SentTo | null,
    client: RoutedClient,
  ): BackendConnection | null {
    for (const group of [this.#near, this.#far]) {
      const replicas = group.filter((reader) => reader !== master && reader !== former);
      this.#backupTurn = next(this.#backupTurn, replicas);
      const found = this.#firstUsable(replicas, this.#backupTurn, client);
      if (found !== null) return found;
    }
    return null;
  }

  #firstUsable(
    readers: readonly Backend[],
    turn: number,
    client: RoutedClient,
  ): BackendConnection | null {
    for (let tried = 0; tried < readers.length; tried++) {
      const reader = readers[(turn + tried) % readers.length]!;
      if (this.#isPaused(reader)) continue;
      const connection = reader.connectionFor(client.number, client.profiles.replica);
      if (connection.isUsable) return connection;
      connection.open();
    }
    return null;
  }

  /** Where the master must not be read from: a replica that may be connected to in time. */
  #firstPossible(client: RoutedClient): BackendConnection | null {
    for (const reader of this.all) {
      const connection = reader.connectionFor(client.number, client.profiles.replica);
      if (!connection.isInBackoff) return connection;
    }
    return null;
  }

  #fastest(master: Backend, client: RoutedClient): BackendConnection | null {
    for (const group of [this.#near, this.#far]) {
      for (const reader of group) {
        if (this.#isPaused(reader)) continue;
        const { profiles } = client;
        const profile = reader === master ? profiles.master : profiles.replica;
        const connection = reader.connectionFor(client.number, profile);
        if (connection.isUsable) return connection;
        connection.open();
      }
    }
    return null;
  }

  /** One that is paused gets no reads; another one, or the master, has them too. */
  #isPaused({ name }: Backend): boolean {
    const { orders } = this.#rules;
    return orders.isPausing && orders.modeAt(name) === PauseMode.All;
  }
}

function next(turn: number, readers: readonly Backend[]): number {
  return turn + 1 < readers.length ? turn + 1 : 0;
}

/** The fastest first; those of which nothing is known yet come last, in their order. */
function byLatency(readers: readonly Backend[], { latencies }: NodeStates): Backend[] {
  const latencyOf = ({ address }: Backend) => latencies.get(address) ?? Infinity;
  return readers.toSorted((one, other) => {
    const [mine, theirs] = [latencyOf(one), latencyOf(other)];
    return mine === theirs ? 0 : mine - theirs;
  });
}
