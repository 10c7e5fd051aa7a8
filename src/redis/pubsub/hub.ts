/**
 * The subscriptions of all clients of one worker. The first client that wants a topic has it subscribed at the
 * backends, the last one has that ended; a message is handed to each client that has its topic.
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
import type { Watched } from "../../clock.ts";
import { type Failure, failures } from "../../failure.ts";
import { Exchange } from "../../request/exchange.ts";
import { Redirection, type Router } from "../../router/router.ts";
import { bytesOfText, type PushFrame } from "./push_frame.ts";
import { PUSH_TYPES } from "./confirmation.ts";
import { Placement } from "./placement.ts";
import { SubscribeWait, type WaitListener } from "./subscribe_wait.ts";
import { type LinkOwner, SubscriptionLink } from "./subscription_link.ts";
import { KEY_EVENT_PREFIX, type Site, Topic, TopicKind, type TopicKindCode } from "./topic.ts";

/** Redirections of one shard channel that are followed at once; further ones at the next tick. */
export const REDIRECTS_AT_ONCE_MAX = 5;

/** What a hub needs to know. */
export interface HubOptions {
  readonly router: Router;
  readonly backends: BackendContext;
  readonly isCluster: boolean;
}

/** See above. */
export class Hub implements Watched, LinkOwner {
  isWatched = false;
  /** Bytes of the names of all topics. */
  nameBytes = 0;
  readonly #router: Router;
  readonly #context: BackendContext;
  readonly #isCluster: boolean;
  readonly #placement: Placement;
  /** By kind. */
  readonly #topics: readonly Map<string, Topic>[] = [new Map(), new Map(), new Map()];
  readonly #links = new Map<Backend, SubscriptionLink>();
  readonly #waits = new Set<SubscribeWait>();
  /** Topics to be placed again at the next tick. */
  readonly #astray = new Set<Topic>();
  readonly #exchange = new Exchange();
  readonly #isReachable = (backend: Backend) => !this.#links.get(backend)?.isInBackoff;
  #epoch = 0;

  constructor({ router, backends, isCluster }: HubOptions) {
    this.#router = router;
    this.#context = backends;
    this.#isCluster = isCluster;
    this.#placement = new Placement(router, isCluster);
  }

  /** The topics of one kind that clients have. */
  topics(kind: TopicKindCode): ReadonlyMap<string, Topic> {
    return this.#topics[kind]!;
  }

  find(kind: TopicKindCode, name: string): Topic | undefined {
    return this.#topics[kind]!.get(name);
  }

  /**
   * The topic of this name, subscribed at the backends if it is new. The caller has it used before anything else
   * happens, or releases it.
   */
  obtain(kind: TopicKindCode, name: string): Topic {
    const known = this.find(kind, name);
    if (known !== undefined) return known;
    if (this.#links.size === 0) this.#epoch = this.#router.epoch;
    const topic = new Topic(kind, name);
    this.#topics[kind]!.set(name, topic);
    this.nameBytes += name.length;
    this.#place(topic);
    this.#context.clock.watch(this);
    return topic;
  }

  /** Ends a topic that nobody wants any more. */
  release(topic: Topic): void {
    if (!topic.isUnused || this.find(topic.kind, topic.name) !== topic) return;
    this.#topics[topic.kind]!.delete(topic.name);
    this.nameBytes -= topic.name.length;
    this.#astray.delete(topic);
    for (const site of topic.sites.values()) site.link.remove(site);
    topic.sites.clear();
    topic.wanted = [];
  }

  /** Has `listener` told when all topics are confirmed, or why they will not be. */
  wait(topics: readonly Topic[], listener: WaitListener): SubscribeWait {
    const { clock, limits } = this.#context;
    const deadlineMs = clock.nowMs + limits.dialTimeoutMs + limits.readTimeoutMs;
    const wait = new SubscribeWait(topics, deadlineMs, listener);
    this.#waits.add(wait);
    for (const topic of topics) topic.waits.add(wait);
    clock.watch(this);
    for (const topic of topics) {
      if (topic.wanted.length === 0) return this.#fail(wait, this.#router.unplaced, "");
      for (const { isConfirmed, link } of topic.wanted) {
        if (isConfirmed || !link.isInBackoff) continue;
        return this.#fail(wait, link.lastFailure, link.backend.address);
      }
    }
    return wait;
  }

  /** Gives a wait up: its listener hears nothing any more. Topics that nobody else wants are ended. */
  endWait(wait: SubscribeWait): void {
    this.#waits.delete(wait);
    for (const topic of wait.topics) {
      topic.waits.delete(wait);
      this.release(topic);
    }
  }

  /** Closes all connections; clients are gone already. */
  stop(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  onTick(nowMs: number): boolean {
    if (this.#router.epoch !== this.#epoch) this.#placeAll();
    else if (this.#astray.size > 0) {
      const astray = [...this.#astray];
      this.#astray.clear();
      for (const topic of astray) this.#place(topic);
    }
    for (const [backend, link] of this.#links) {
      if (!link.tick(nowMs)) this.#links.delete(backend);
    }
    for (const wait of this.#waits) {
      if (nowMs >= wait.deadlineMs) this.#fail(wait, failures.backendTimeout, wait.awaitedAddress);
    }
    return this.#links.size > 0 || this.#topics.some((topics) => topics.size > 0);
  }

  siteConfirmed({ topic }: Site): void {
    topic.redirects = 0;
    this.#settle(topic);
  }

  siteRefused(site: Site, bytes: Uint8Array, start: number, end: number): void {
    const { topic, link } = site;
    if (this.#isCluster && this.#isMoved(site, bytes, start, end)) {
      link.forget(site);
      topic.sites.delete(link);
      return this.#follow(topic);
    }
    for (const wait of [...topic.waits]) {
      wait.listener.refused(bytes, start, end);
      this.endWait(wait);
    }
    if (topic.subscribers.size === 0) return;
    this.#context.log.warning("Subscription cannot be renewed: the backend refuses it", {
      backend: link.backend.address,
      reason: new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 128))).trim(),
    });
  }

  siteEnded({ topic, link }: Site): void {
    topic.sites.delete(link);
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
  ): number {
    const topic = this.find(kind, frame.word(1));
    const site = topic?.sites.get(link);
    if (topic === undefined || site === undefined) return 0;
    const isShared = this.#isCluster && kind !== TopicKind.ShardChannel && site !== topic.home;
    const channel = kind === TopicKind.Pattern ? 2 : 1;
    if (isShared && !frame.startsWith(channel, KEY_EVENT_PREFIX)) return 0;
    const count = topic.subscribers.size;
    this.#context.metrics.messagesDelivered += count;
    // The frame is what clients get, but for its first byte. A client that is closed by it leaves the set.
    for (const { client } of topic.subscribers) {
      bytes[start] = PUSH_TYPES[client.profiles.master.version];
      client.push(bytes, start, end);
    }
    return count;
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
    const sites = [...link.sites()];
    if (this.#isCluster) { for (const { topic } of sites) this.#place(topic); }
    if (!link.isInBackoff) return;
    for (const site of sites) {
      if (!site.topic.wanted.includes(site)) continue;
      for (const wait of [...site.topic.waits]) this.#fail(wait, failure, link.backend.address);
    }
  }

  #isMoved({ topic, link }: Site, bytes: Uint8Array, start: number, end: number): boolean {
    const exchange = this.#exchange;
    const name = bytesOfText(topic.name);
    exchange.place = this.#router.place(name, 0, name.length);
    exchange.sentTo = link.backend;
    return this.#router.learn(exchange, bytes, start, end) === Redirection.Moved;
  }

  /** Subscribes a shard channel at its owner; the node that is asked first may not know yet. */
  #follow(topic: Topic): void {
    topic.redirects += 1;
    if (topic.redirects <= REDIRECTS_AT_ONCE_MAX) this.#place(topic);
    else this.#astray.add(topic);
  }

  /** Owners have changed. */
  #placeAll(): void {
    this.#epoch = this.#router.epoch;
    this.#astray.clear();
    let moved = 0;
    for (const topics of this.#topics) {
      for (const topic of topics.values()) {
        const wasConfirmed = topic.isConfirmed;
        this.#place(topic);
        if (wasConfirmed && !topic.isConfirmed && topic.subscribers.size > 0) moved += 1;
      }
    }
    if (moved === 0) return;
    this.#context.metrics.subscriptionGaps += moved;
    this.#context.log.info("Subscriptions move to other backends: messages may be missed", {
      subscriptions: moved,
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
    topic.wanted = backends.map((backend) => {
      const site = this.#linkTo(backend).add(topic);
      topic.sites.set(site.link, site);
      return site;
    });
    this.#settle(topic);
  }

  #settle(topic: Topic): void {
    const [first] = topic.wanted;
    if (first?.isConfirmed) topic.home = first;
    if (!topic.isConfirmed) return;
    for (const [link, site] of topic.sites) {
      if (topic.wanted.includes(site)) continue;
      topic.sites.delete(link);
      link.remove(site);
    }
    for (const wait of [...topic.waits]) {
      if (!wait.isConfirmed) continue;
      wait.listener.confirmed();
      this.endWait(wait);
    }
  }

  #fail(wait: SubscribeWait, failure: Failure, address: string): SubscribeWait {
    this.#context.metrics.countFailure(failure);
    wait.listener.failed(failure, address);
    this.endWait(wait);
    return wait;
  }

  #linkTo(backend: Backend): SubscriptionLink {
    const known = this.#links.get(backend);
    if (known !== undefined) return known;
    const link = new SubscriptionLink(backend, this.#context, this);
    this.#links.set(backend, link);
    return link;
  }
}
