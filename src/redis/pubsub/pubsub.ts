/**
 * SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites. A client is told that it is subscribed once the
 * backends have confirmed it, so it misses nothing that is published from then on; until then its later
 * requests wait.
 *
 * @module
 */
import { concatenate } from "../../bytes/copy.ts";
import type { Failure } from "../../failure.ts";
import { errorReply } from "../../protocol/resp/replies.ts";
import { commonPlace, PLACES_DIFFER } from "../../router/common_place.ts";
import type { LateReply, LocalClient } from "../../session/features.ts";
import type { Answer, RedisContext, RedisFeature } from "../feature.ts";
import { addGuard, guardOf, GuardRank } from "../guard_chain.ts";
import type { LocalRequest } from "../local_request.ts";
import { confirmation } from "./confirmation.ts";
import { Hub } from "./hub.ts";
import { PubsubCommand } from "./pubsub_command.ts";
import type { WaitListener } from "./subscribe_wait.ts";
import { Subscriber } from "./subscriber.ts";
import { type Topic, TOPIC_VERBS, TopicKind, type TopicKindCode } from "./topic.ts";

/** Subscriptions that one client may have. */
export const CLIENT_SUBSCRIPTIONS_MAX = 100_000;
/** Bytes of the names that the clients of one worker may be subscribed to. */
export const NAME_BYTES_MAX = 64 * 1024 * 1024;

const TOO_MANY = errorReply(
  `ERR too many subscriptions: a client may have ${CLIENT_SUBSCRIPTIONS_MAX}`,
);
const NAMES_TOO_LONG = errorReply(
  "ERR too many subscriptions: the names of all channels take too many bytes",
);
const CROSS_SLOT = errorReply("CROSSSLOT Keys in request don't hash to the same slot");
const NOTHING = new Uint8Array(0);

/** The commands of subscribers. */
export class Pubsub implements RedisFeature {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly #context: RedisContext;
  readonly #hub: Hub;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#hub = new Hub(context);
    const command = new PubsubCommand(context.peers, this.#hub);
    const answers = new Map<string, Answer>([["pubsub", (request) => command.answer(request)]]);
    for (const kind of Object.values(TopicKind)) {
      const { subscribe, unsubscribe } = TOPIC_VERBS[kind];
      answers.set(subscribe, (request) => this.#subscribe(kind, request));
      answers.set(unsubscribe, (request) => this.#unsubscribe(kind, request));
    }
    this.answers = answers;
  }

  stop(): void {
    this.#hub.stop();
  }

  #subscribe(kind: TopicKindCode, request: LocalRequest): Uint8Array | null {
    const { client, words } = request;
    if (kind === TopicKind.ShardChannel && this.#isAcrossSlots(request)) return CROSS_SLOT;
    const names = words.slice(1);
    const subscriber = subscriberOf(client) ?? new Subscriber(client, this.#hub);
    if (subscriber.size + names.length > CLIENT_SUBSCRIPTIONS_MAX) return TOO_MANY;
    const nameBytes = names.reduce((sum, name) => sum + name.length, this.#hub.nameBytes);
    if (nameBytes > NAME_BYTES_MAX) return NAMES_TOO_LONG;
    const topics = names.map((name) => this.#hub.obtain(kind, name));
    addGuard(client, GuardRank.Subscriptions, subscriber);
    if (topics.every((topic) => topic.isConfirmed || subscriber.has(topic))) {
      return told(client, confirmAll(subscriber, kind, topics));
    }
    const pending = new PendingSubscribe(subscriber, kind, topics, client.answerLater());
    const wait = this.#hub.wait(topics, pending);
    if (!pending.isOver) subscriber.wait = wait;
    return null;
  }

  #unsubscribe(kind: TopicKindCode, { client, words }: LocalRequest): Uint8Array | null {
    const subscriber = subscriberOf(client);
    const { unsubscribe } = TOPIC_VERBS[kind];
    const { version } = client.profiles.master;
    const names: (string | null)[] = words.length > 1
      ? words.slice(1)
      : subscriber?.names(kind) ?? [];
    if (names.length === 0) names.push(null);
    const replies = names.map((name) => {
      const topic = name === null ? undefined : this.#hub.find(kind, name);
      if (topic !== undefined) subscriber?.remove(topic);
      return confirmation(unsubscribe, name, subscriber?.countFor(kind) ?? 0, version);
    });
    subscriber?.restIfEmpty();
    return told(client, concatenate(replies));
  }

  #isAcrossSlots({ frame, bytes }: LocalRequest): boolean {
    if (!this.#context.isCluster) return false;
    return commonPlace(frame, bytes, this.#context.router) === PLACES_DIFFER;
  }
}

/** A subscribe request that is not confirmed yet. */
class PendingSubscribe implements WaitListener {
  isOver = false;
  readonly #subscriber: Subscriber;
  readonly #kind: TopicKindCode;
  readonly #topics: readonly Topic[];
  readonly #late: LateReply;

  constructor(
    subscriber: Subscriber,
    kind: TopicKindCode,
    topics: readonly Topic[],
    late: LateReply,
  ) {
    this.#subscriber = subscriber;
    this.#kind = kind;
    this.#topics = topics;
    this.#late = late;
  }

  confirmed(): void {
    const { client } = this.#subscriber;
    this.#end();
    const reply = told(client, confirmAll(this.#subscriber, this.#kind, this.#topics)) ?? NOTHING;
    this.#late.reply(reply, 0, reply.length);
  }

  refused(bytes: Uint8Array, start: number, end: number): void {
    this.#end();
    this.#late.reply(bytes, start, end);
  }

  failed(failure: Failure, address: string): void {
    this.#end();
    this.#late.fail(failure, address);
  }

  #end(): void {
    this.isOver = true;
    this.#subscriber.wait = null;
    this.#subscriber.restIfEmpty();
  }
}

function subscriberOf(client: LocalClient): Subscriber | null {
  const guard = guardOf(client, GuardRank.Subscriptions);
  return guard instanceof Subscriber ? guard : null;
}

/** Makes the client a subscriber of all topics; returns what it is told. */
function confirmAll(
  subscriber: Subscriber,
  kind: TopicKindCode,
  topics: readonly Topic[],
): Uint8Array {
  const { client } = subscriber;
  if (guardOf(client, GuardRank.Subscriptions) === null) {
    addGuard(client, GuardRank.Subscriptions, subscriber);
  }
  const { version } = client.profiles.master;
  return concatenate(topics.map((topic) => {
    subscriber.add(topic);
    const { subscribe } = TOPIC_VERBS[kind];
    return confirmation(subscribe, topic.name, subscriber.countFor(kind), version);
  }));
}

/** As a server has it, CLIENT REPLY silences no confirmation; null where it was told this way. */
function told(client: LocalClient, bytes: Uint8Array): Uint8Array | null {
  if (!client.isMuted) return bytes;
  client.push(bytes, 0, bytes.length);
  return null;
}
