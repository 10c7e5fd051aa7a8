/**
 * What can be subscribed to, and where it is subscribed for the clients of this worker.
 *
 * @module
 */
import type { Subscriber } from "./subscriber.ts";
import type { SubscriptionLink } from "./subscription_link.ts";
import type { SubscribeTask } from "./subscribe_task.ts";

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
  /** Whether the topic has to be there; elsewhere it ends once it is confirmed wherever it has to be. */
  isWanted = false;
  /** Which of its link's connections the backend was asked on last; 0: none, or it has refused. */
  askedOn = 0;
  /** Which of them it was confirmed on last. */
  confirmedOn = 0;

  constructor(topic: Topic, link: SubscriptionLink) {
    this.topic = topic;
    this.link = link;
  }

  /** Whether the backend has confirmed it on the connection there is. */
  get isConfirmed(): boolean {
    return this.confirmedOn === this.link.connectionNumber;
  }
}

/** Why a backend does not have a topic. */
export interface TopicRefusal {
  /** Its error reply. */
  readonly reply: Uint8Array;
  /** How many refusals there were before, of all topics. */
  readonly number: number;
}

/** A channel, a pattern or a shard channel that clients of this worker have, or are about to have. */
export class Topic {
  readonly kind: TopicKindCode;
  /** One character a byte. */
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  /** Subscribe requests under way that name it, once for each time. */
  holders = 0;
  /** Those that wait for it now; null: none. */
  waiting: Set<SubscribeTask> | null = null;
  /** Where messages are taken from that all backends have. */
  home: Site | null = null;
  /** Where it was, until it is confirmed where it has to be. */
  former: readonly Site[] = NOWHERE;
  /** Redirections since it was confirmed last. */
  redirects = 0;
  /** The last refusal since it was confirmed. */
  refusal: TopicRefusal | null = null;
  #wanted: readonly Site[] = NOWHERE;
  /** Place among `#wanted` that is looked at first: it was not confirmed when it was looked at last. */
  #due = 0;

  constructor(kind: TopicKindCode, name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Where it has to be; the first is its home. */
  get wanted(): readonly Site[] {
    return this.#wanted;
  }

  set wanted(sites: readonly Site[]) {
    this.#wanted = sites;
    this.#due = 0;
  }

  /** Whether no message is missed from now on. */
  get isConfirmed(): boolean {
    const wanted = this.#wanted;
    for (let seen = 0; seen < wanted.length; seen++) {
      if (!wanted[this.#due]!.isConfirmed) return false;
      this.#due = this.#due + 1 === wanted.length ? 0 : this.#due + 1;
    }
    return wanted.length > 0;
  }

  /** Whether nobody wants it any more. */
  get isUnused(): boolean {
    return this.subscribers.size === 0 && this.holders === 0;
  }
}

const NOWHERE: readonly Site[] = [];
