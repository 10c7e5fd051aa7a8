/**
 * The subscriptions of all clients of one worker. The first client that wants a topic has it subscribed at the
 * backends, the last one has that ended; a message is handed to each client that has its topic. Whatever concerns
 * many names or many clients is done in pieces (`net/turn_budget.ts`).
 *
 * ```text
 *   Subscriber ◄─► Topic ◄─► Site ◄─► SubscriptionLink ◄─► backend
 *   (a client)               (a topic at a backend)
 * ```
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { BackendContext } from "../../backend/backend_context.ts";
import { HAND_OVER_BYTES } from "../../bytes/chunk_pool.ts";
import type { Watched } from "../../clock.ts";
import type { Failure } from "../../failure.ts";
import { type Listed, MemberList } from "../../member_list.ts";
import type { LongTask } from "../../net/turn_budget.ts";
import { Exchange } from "../../request/exchange.ts";
import {
  type KeyPlacement,
  NO_PLACE,
  Redirection,
  type RedirectRules,
  type ShardList,
} from "../../router/router.ts";
import { deliver, Delivery, deliveryPieces } from "./delivery.ts";
import { bytesOfText, type PushFrame } from "./push_frame.ts";
import { Placement } from "./placement.ts";
import { PlaceTask } from "./place_task.ts";
import { type LinkOwner, SubscriptionLink } from "./subscription_link.ts";
import { KEY_EVENT_PREFIX, type Site, Topic, TopicKind, type TopicKindCode } from "./topic.ts";

/** Redirections of one shard channel that are followed at once; further ones at the next tick. */
export const REDIRECTS_AT_ONCE_MAX = 5;

/** Bytes of memory that a topic takes besides its name, as measured, rounded up. */
export const TOPIC_BYTES = 512;
/** Bytes of memory that a topic takes for each backend where it is subscribed to, as measured, rounded up. */
export const SITE_BYTES = 192;
/** Bytes of memory that a client's subscription to a topic takes, as measured, rounded up. */
export const SUBSCRIPTION_BYTES = 64;

/** What a hub asks a router. */
export type HubRouter = KeyPlacement & ShardList & Pick<RedirectRules, "learn">;

/** What a hub needs to know. */
export interface HubOptions {
  readonly router: HubRouter;
  readonly backends: BackendContext;
  readonly isCluster: boolean;
}

/** A request that is under way. */
export interface SubscriptionTask extends Listed, LongTask {
  /** The topic that it waits for. */
  readonly awaited: Topic | undefined;
  /** Bytes of memory that it takes meanwhile. */
  readonly byteCount: number;
  /** Looks at what no backend tells: whether it has waited too long, and whether its client takes more. */
  onTick(nowMs: number): void;
  /** The client is gone. */
  abandon(): void;
}

/** Why a topic will not be confirmed. */
export interface FailedTopic {
  readonly failure: Failure;
  /** The backend's `host:port`, or "". */
  readonly address: string;
}

/** Subscriptions of all clients of one worker: who has which topic, and at which backends it is subscribed to. */
export class Hub implements Watched, LinkOwner {
  isWatched = false;
  /** Bytes of memory that subscriptions take, those included that are under way. */
  byteCount = 0;
  /** Subscriptions of all clients, those that are about to be included. */
  #subscriptions = 0;
  /** Bytes of {@link Hub.byteCount} that requests take which are under way. */
  #taskBytes = 0;
  /** How often a backend has refused a topic. */
  refusals = 0;
  readonly #router: HubRouter;
  readonly #context: BackendContext;
  readonly #isCluster: boolean;
  readonly #placement: Placement;
  /** By kind. */
  readonly #topics: readonly Map<string, Topic>[] = [new Map(), new Map(), new Map()];
  readonly #links = new Map<Backend, SubscriptionLink>();
  readonly #tasks = new MemberList<SubscriptionTask>();
  readonly #placing: PlaceTask;
  /** Topics to be placed again at the next tick. */
  #unplaced = new Set<Topic>();
  readonly #exchange = new Exchange();
  readonly #isReachable = (backend: Backend) => !this.#links.get(backend)?.isInBackoff;
  #epoch = 0;

  constructor({ router, backends, isCluster }: HubOptions) {
    this.#router = router;
    this.#context = backends;
    this.#isCluster = isCluster;
    this.#placement = new Placement(router, isCluster);
    this.#placing = new PlaceTask((topic) => this.#place(topic), (moved) => this.#moved(moved));
  }

  /** The topics of one kind that clients have. */
  topics(kind: TopicKindCode): ReadonlyMap<string, Topic> {
    return this.#topics[kind]!;
  }

  find(kind: TopicKindCode, name: string): Topic | undefined {
    return this.#topics[kind]!.get(name);
  }

  /**
   * The topic of this name, subscribed at the backends if it is new, and held until {@link Hub.letGo}. Null where
   * it would take more than `bytesMax` bytes in all.
   */
  obtain(kind: TopicKindCode, name: string, bytesMax: number): Topic | null {
    let topic = this.find(kind, name);
    const added = topic === undefined ? TOPIC_BYTES + SITE_BYTES + name.length : 0;
    if (this.byteCount + SUBSCRIPTION_BYTES + added > bytesMax) return null;
    if (topic === undefined) {
      if (this.#links.size === 0) this.#epoch = this.#router.epoch;
      topic = new Topic(kind, name);
      this.#topics[kind]!.set(name, topic);
      this.byteCount += TOPIC_BYTES + name.length;
      this.#place(topic);
      this.#context.clock.watch(this);
    }
    topic.holders += 1;
    this.subscriptionsChanged(1);
    return topic;
  }

  /** Somebody who held a topic holds it no more; {@link Hub.release} ends it if nobody has subscribed to it. */
  letGo(topic: Topic): void {
    topic.holders -= 1;
    this.subscriptionsChanged(-1);
  }

  /** A client has got or left a subscription of this kind: 1, or -1. */
  subscriptionChanged(kind: TopicKindCode, count: 1 | -1): void {
    this.subscriptionsChanged(count);
    this.#context.metrics[SUBSCRIPTION_COUNTS[kind]] += count;
  }

  /** So many subscriptions more are kept, or less. */
  subscriptionsChanged(count: number): void {
    this.#subscriptions += count;
    this.byteCount += count * SUBSCRIPTION_BYTES;
  }

  /** Ends a topic that nobody wants any more. */
  release(topic: Topic): void {
    if (!topic.isUnused || this.find(topic.kind, topic.name) !== topic) return;
    this.#topics[topic.kind]!.delete(topic.name);
    this.byteCount -= TOPIC_BYTES + topic.name.length;
    this.#unplaced.delete(topic);
    for (const site of topic.wanted) this.#removeSite(site);
    for (const site of topic.former) this.#removeSite(site);
    topic.wanted = [];
    topic.former = [];
  }

  /** Counts a request that is under way from now on. */
  began(task: SubscriptionTask): void {
    this.byteCount += task.byteCount;
    this.#taskBytes += task.byteCount;
    this.#tasks.add(task);
    this.#context.clock.watch(this);
  }

  /** It is over. */
  ended(task: SubscriptionTask): void {
    if (!this.#tasks.delete(task)) return;
    this.byteCount -= task.byteCount;
    this.#taskBytes -= task.byteCount;
  }

  /** What so many subscriptions take on the average, a share of their topics included, in bytes. */
  bytesOf(subscriptions: number): number {
    if (subscriptions === 0) return 0;
    return (this.byteCount - this.#taskBytes) * subscriptions / this.#subscriptions;
  }

  /** Has a task go on at the end of this turn, as the worker's budget allows. */
  goOn(task: LongTask): void {
    this.#context.engine.flushQueue.workOn(task);
  }

  /** Has a task of about `pieces` pieces done at once, or later where the turn has not so many left. */
  runOrQueue(task: LongTask, pieces: number): void {
    if (this.spend(pieces)) task.work(Infinity);
    else this.goOn(task);
  }

  /** Takes `pieces` of this turn's budget; false where it has not so many left. */
  spend(pieces: number): boolean {
    return this.#context.engine.flushQueue.budget.spend(pieces);
  }

  /** Until when a backend has to confirm what is waited for from now on, milliseconds of the worker's clock. */
  waitUntilMs(): number {
    const { clock, limits } = this.#context;
    return clock.nowMs + limits.dialTimeoutMs + limits.readTimeoutMs;
  }

  /** Why a topic will not be confirmed soon, or null. */
  failureOf(topic: Topic): FailedTopic | null {
    // In a cluster there may be another node for it.
    if (this.#isCluster && unreachableSite(topic) !== undefined) this.#place(topic);
    if (topic.wanted.length === 0) {
      return { failure: this.#router.whyUnplaced(NO_PLACE), address: "" };
    }
    const link = unreachableSite(topic)?.link;
    return link === undefined
      ? null
      : { failure: link.lastFailure, address: link.backend.shownAddress };
  }

  /** A request fails for this reason. */
  countFailure({ failure }: FailedTopic): void {
    this.#context.metrics.countFailure(failure);
  }

  /** Closes all connections; clients are gone already. */
  stop(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  onTick(nowMs: number): boolean {
    if (this.#router.epoch !== this.#epoch) this.#placeAll();
    else if (this.#unplaced.size > 0) {
      const unplaced = this.#unplaced;
      this.#unplaced = new Set();
      this.#placeThese(unplaced.values(), unplaced.size);
    }
    for (const [backend, link] of this.#links) {
      if (!link.tick(nowMs)) this.#links.delete(backend);
    }
    for (const task of this.#tasks) task.onTick(nowMs);
    return this.#links.size > 0 || this.#tasks.size > 0 ||
      this.#topics.some((topics) => topics.size > 0);
  }

  siteConfirmed({ topic }: Site): void {
    topic.redirects = 0;
    topic.refusal = null;
    this.#settle(topic);
  }

  siteRefused(site: Site, bytes: Uint8Array, start: number, end: number): void {
    const { topic, link } = site;
    if (this.#isCluster && this.#isMoved(site, bytes, start, end)) {
      link.forget(site);
      this.#forgetSite(site);
      return this.#follow(topic);
    }
    topic.refusal = { reply: bytes.slice(start, end), number: this.refusals };
    this.refusals += 1;
    this.#wake(topic);
    if (topic.subscribers.size === 0) return;
    this.#context.log.warning("Subscription cannot be renewed: the backend refuses it", {
      backend: link.backend.address,
      reason: new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 128))).trim(),
    });
  }

  siteEnded(site: Site): void {
    const { topic } = site;
    this.#forgetSite(site);
    if (topic.subscribers.size > 0) this.#context.metrics.subscriptionGaps += 1;
    this.#follow(topic);
  }

  message(
    link: SubscriptionLink,
    kind: TopicKindCode,
    frame: PushFrame,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Delivery | null {
    const topic = this.find(kind, frame.word(1));
    const site = topic === undefined ? undefined : link.sites().get(topic);
    if (topic === undefined || site === undefined) return null;
    const isShared = this.#isCluster && kind !== TopicKind.ShardChannel && site !== topic.home;
    const channel = kind === TopicKind.Pattern ? 2 : 1;
    if (isShared && !frame.startsWith(channel, KEY_EVENT_PREFIX)) return null;
    const count = topic.subscribers.size;
    this.#context.metrics.messagesDelivered += count;
    const isLarge = end - start > HAND_OVER_BYTES && count > 1;
    if (isLarge || !this.spend(deliveryPieces(end - start, count))) {
      return new Delivery(topic, bytes, start, end);
    }
    // A client that is closed by it leaves the set.
    for (const subscriber of topic.subscribers) deliver(subscriber, bytes, start, end);
    return null;
  }

  linkLost(link: SubscriptionLink, failure: Failure, confirmed: number): void {
    const { log, metrics } = this.#context;
    if (confirmed > 0) {
      metrics.subscriptionGaps += confirmed;
      log.warning("Subscriptions interrupted: messages are missed until they are renewed", {
        backend: link.backend.address,
        reason: failure.name,
        subscriptions: confirmed,
      });
    }
    if (this.#isCluster) this.#placeThese(link.sites().keys(), link.sites().size);
    if (!link.isInBackoff) return;
    for (const task of this.#tasks) {
      if (task.awaited?.wanted.some((site) => site.link === link)) this.goOn(task);
    }
  }

  #isMoved({ topic, link }: Site, bytes: Uint8Array, start: number, end: number): boolean {
    const exchange = this.#exchange;
    const name = bytesOfText(topic.name);
    exchange.place = this.#router.place(name, 0, name.length);
    exchange.sentTo = link.backend;
    return this.#router.learn(exchange, bytes, start, end).redirection === Redirection.Moved;
  }

  /** Subscribes a shard channel at its owner; the node that is asked first may not know yet. */
  #follow(topic: Topic): void {
    topic.redirects += 1;
    if (topic.redirects <= REDIRECTS_AT_ONCE_MAX) this.#place(topic);
    else this.#unplaced.add(topic);
  }

  /** Owners have changed. */
  #placeAll(): void {
    this.#epoch = this.#router.epoch;
    this.#unplaced.clear();
    for (const topics of this.#topics) this.#placeThese(topics.values(), topics.size);
  }

  #placeThese(topics: Iterator<Topic>, count: number): void {
    this.runOrQueue(this.#placing, this.#placing.add(topics, count));
  }

  /** So many topics were confirmed and are not any more. */
  #moved(count: number): void {
    this.#context.metrics.subscriptionGaps += count;
    this.#context.log.info("Subscriptions move to other backends: messages may be missed", {
      subscriptions: count,
    });
  }

  /** Subscribes a topic wherever it has to be; what it has elsewhere ends once that is confirmed. */
  #place(topic: Topic): void {
    const home = topic.home?.isConfirmed === true
      ? topic.home
      : topic.wanted.find((site) => site.isConfirmed) ?? topic.home;
    const backends = this.#placement.backendsFor(
      topic,
      home?.link.backend ?? null,
      this.#isReachable,
    );
    const before = topic.wanted;
    for (const site of before) site.isWanted = false;
    topic.wanted = backends.map((backend) => this.#siteAt(topic, backend));
    const former = [...topic.former, ...before].filter(({ isWanted }) => !isWanted);
    topic.former = former.length === 0 ? NOWHERE : former;
    this.#settle(topic);
    if (topic.waiting !== null) this.#wake(topic);
  }

  #siteAt(topic: Topic, backend: Backend): Site {
    const link = this.#linkTo(backend);
    const count = link.sites().size;
    const site = link.add(topic);
    site.isWanted = true;
    this.byteCount += (link.sites().size - count) * SITE_BYTES;
    return site;
  }

  #removeSite(site: Site): void {
    site.link.remove(site);
    this.byteCount -= SITE_BYTES;
  }

  /** The backend does not have it. */
  #forgetSite(site: Site): void {
    const { topic } = site;
    topic.wanted = topic.wanted.filter((one) => one !== site);
    topic.former = topic.former.filter((one) => one !== site);
    this.byteCount -= SITE_BYTES;
  }

  #settle(topic: Topic): void {
    const [first] = topic.wanted;
    if (first?.isConfirmed) topic.home = first;
    if (!topic.isConfirmed) return;
    if (topic.former.length > 0) {
      for (const site of topic.former) this.#removeSite(site);
      topic.former = NOWHERE;
    }
    this.#wake(topic);
  }

  /** Has those go on that wait for this topic. */
  #wake(topic: Topic): void {
    if (topic.waiting === null) return;
    for (const task of topic.waiting) this.goOn(task);
    topic.waiting = null;
  }

  #linkTo(backend: Backend): SubscriptionLink {
    const known = this.#links.get(backend);
    if (known !== undefined) return known;
    const link = new SubscriptionLink(backend, this.#context, this);
    this.#links.set(backend, link);
    return link;
  }
}

const NOWHERE: readonly Site[] = [];
/** What counts the subscriptions of clients, by kind. */
const SUBSCRIPTION_COUNTS = {
  [TopicKind.Channel]: "channelSubscriptions",
  [TopicKind.Pattern]: "patternSubscriptions",
  [TopicKind.ShardChannel]: "shardSubscriptions",
} as const;

/** Where a topic has to be and cannot be asked for. */
function unreachableSite(topic: Topic): Site | undefined {
  return topic.wanted.find((site) => !site.isConfirmed && site.link.isInBackoff);
}
