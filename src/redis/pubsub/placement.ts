/**
 * At which backends a topic has to be subscribed.
 *
 * ```text
 *                      sharded pool               Redis Cluster
 *   channel            its hash's server          one master, its slot's if that can be reached
 *   pattern            every server               one master
 *   … of key events    every server               every master; messages of other channels from one
 *   shard channel      its hash's server          its slot's master
 * ```
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { KeyPlacement, ShardList } from "../../router/router.ts";
import { mayMatchPrefix } from "./glob.ts";
import { bytesOfText } from "./push_frame.ts";
import { KEY_EVENT_PREFIX, TopicKind, type TopicKindCode } from "./topic.ts";

/** What is to be placed. */
export interface Placed {
  readonly kind: TopicKindCode;
  /** One character a byte. */
  readonly name: string;
}

/** The rules of one cluster. */
export class Placement {
  readonly #router: KeyPlacement & ShardList;
  readonly #isCluster: boolean;
  /** The router's shards under `#epoch`: thousands of topics are placed at once. */
  #shards: readonly Backend[] = [];
  #epoch = -1;

  constructor(router: KeyPlacement & ShardList, isCluster: boolean) {
    this.#router = router;
    this.#isCluster = isCluster;
  }

  /**
   * Where a topic has to be; the first is its home. Empty: no backend is left, see {@link KeyPlacement.whyUnplaced}.
   *
   * @param home Its home so far, which it keeps while it can.
   * @param isReachable Whether a backend can be connected to, as far as known.
   */
  backendsFor(
    topic: Placed,
    home: Backend | null,
    isReachable: (backend: Backend) => boolean,
  ): readonly Backend[] {
    const isEverywhere = this.#isEverywhere(topic);
    if (!isEverywhere && (!this.#isCluster || topic.kind === TopicKind.ShardChannel)) {
      const owner = this.#ownerOf(topic.name);
      return owner === null ? [] : [owner];
    }
    const shards = this.#currentShards();
    if (!this.#isCluster) return shards;
    const first = this.#homeOf(topic, home, shards, isReachable);
    if (first === null) return [];
    return isEverywhere ? [first, ...shards.filter((shard) => shard !== first)] : [first];
  }

  /** In a cluster every node has every message but those about keys; any node that answers will do. */
  #homeOf(
    topic: Placed,
    home: Backend | null,
    shards: readonly Backend[],
    isReachable: (backend: Backend) => boolean,
  ): Backend | null {
    const isFit = (backend: Backend) => shards.includes(backend) && isReachable(backend);
    if (home !== null && isFit(home)) return home;
    const owner = this.#ownerOf(topic.name);
    if (owner !== null && isFit(owner)) return owner;
    return shards.find(isReachable) ?? owner ?? shards[0] ?? null;
  }

  #currentShards(): readonly Backend[] {
    const { epoch } = this.#router;
    if (epoch !== this.#epoch) this.#shards = this.#router.shards();
    this.#epoch = epoch;
    return this.#shards;
  }

  #ownerOf(name: string): Backend | null {
    const bytes = bytesOfText(name);
    const place = this.#router.place(bytes, 0, bytes.length);
    return place < 0 ? null : this.#router.backendAt(place);
  }

  /** Each server publishes what happens to its own keys. */
  #isEverywhere({ kind, name }: Placed): boolean {
    if (kind === TopicKind.ShardChannel) return false;
    if (kind === TopicKind.Channel) return name.startsWith(KEY_EVENT_PREFIX);
    return !this.#isCluster || mayMatchPrefix(name, KEY_EVENT_PREFIX);
  }
}
