/**
 * What can be subscribed to, and where it is subscribed for the clients of this worker.
 *
 * @module
 */
import type { Subscriber } from "./subscriber.ts";
import type { SubscriptionLink } from "./subscription_link.ts";
import type { SubscribeWait } from "./subscribe_wait.ts";

/** The three kinds of subscription: each has names of its own. */
export const TopicKind = { Channel: 0, Pattern: 1, ShardChannel: 2 } as const;
/** One of the values of {@link TopicKind}. */
export type TopicKindCode = 0 | 1 | 2;

/** The words of one kind. */
export interface TopicVerbs {
  readonly subscribe: string;
  readonly unsubscribe: string;
  readonly message: string;
}

/** By kind. */
export const TOPIC_VERBS: Readonly<Record<TopicKindCode, TopicVerbs>> = {
  [TopicKind.Channel]: {
    subscribe: "subscribe",
    unsubscribe: "unsubscribe",
    message: "message",
  },
  [TopicKind.Pattern]: {
    subscribe: "psubscribe",
    unsubscribe: "punsubscribe",
    message: "pmessage",
  },
  [TopicKind.ShardChannel]: {
    subscribe: "ssubscribe",
    unsubscribe: "sunsubscribe",
    message: "smessage",
  },
};

/** The names of what servers publish about keys begin with it. */
export const KEY_EVENT_PREFIX = "__key";

/** One topic at one backend. */
export class Site {
  readonly topic: Topic;
  readonly link: SubscriptionLink;
  /** Whether the backend has confirmed it on the connection there is. */
  isConfirmed = false;

  constructor(topic: Topic, link: SubscriptionLink) {
    this.topic = topic;
    this.link = link;
  }
}

/** A channel, a pattern or a shard channel that clients of this worker have, or are about to have. */
export class Topic {
  readonly kind: TopicKindCode;
  /** One character a byte. */
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  /** Subscribe requests that wait for it. */
  readonly waits = new Set<SubscribeWait>();
  /** Where it is subscribed or being so. */
  readonly sites = new Map<SubscriptionLink, Site>();
  /** Where it has to be; the first is its home. */
  wanted: readonly Site[] = [];
  /** Where messages are taken from that all backends have. */
  home: Site | null = null;
  /** Redirections since it was confirmed last. */
  redirects = 0;

  constructor(kind: TopicKindCode, name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Whether no message is missed from now on. */
  get isConfirmed(): boolean {
    return this.wanted.length > 0 && this.wanted.every((site) => site.isConfirmed);
  }

  /** Whether nobody wants it any more. */
  get isUnused(): boolean {
    return this.subscribers.size === 0 && this.waits.size === 0;
  }
}
