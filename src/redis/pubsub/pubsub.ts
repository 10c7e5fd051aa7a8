/**
 * SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites. A client is told that it is subscribed once the
 * backends have confirmed it, so it misses nothing that is published from then on; until then its later
 * requests wait.
 *
 * @module
 */
import { errorReply } from "../../protocol/resp/write/replies.ts";
import { commonPlace, PLACES_DIFFER } from "../../router/common_place.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import { addStage, stageOf, StageRank } from "../core/stage_chain.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { Hub } from "./hub.ts";
import { NameList } from "./name_list.ts";
import { PubsubCommand } from "./pubsub_command.ts";
import { PIECES_TO_SUBSCRIBE, SubscribeTask } from "./subscribe_task.ts";
import { Subscriber } from "./subscriber.ts";
import { TopicKind, type TopicKindCode } from "./topic.ts";
import { PIECES_TO_UNSUBSCRIBE, UnsubscribeTask } from "./unsubscribe_task.ts";

/** Subscriptions that one client may have. */
export const CLIENT_SUBSCRIPTIONS_MAX = 100_000;

const TOO_MANY = errorReply(
  `ERR too many subscriptions: a client may have ${CLIENT_SUBSCRIPTIONS_MAX}`,
);
const CROSS_SLOT = errorReply("CROSSSLOT Keys in request don't hash to the same slot");

/** The commands of subscribers. */
export class Pubsub implements RedisFeature {
  readonly answers: Pick<
    Answers,
    | "pubsub"
    | "subscribe"
    | "unsubscribe"
    | "psubscribe"
    | "punsubscribe"
    | "ssubscribe"
    | "sunsubscribe"
  >;
  readonly #context: RedisContext;
  readonly #hub: Hub;

  constructor(context: RedisContext, hub: Hub = new Hub(context)) {
    this.#context = context;
    this.#hub = hub;
    const command = new PubsubCommand(context.peers, this.#hub, context.servers);
    const { Channel, Pattern, ShardChannel } = TopicKind;
    this.answers = {
      pubsub: (request) => command.answer(request),
      subscribe: (request) => this.#subscribe(Channel, request),
      unsubscribe: (request) => this.#unsubscribe(Channel, request),
      psubscribe: (request) => this.#subscribe(Pattern, request),
      punsubscribe: (request) => this.#unsubscribe(Pattern, request),
      ssubscribe: (request) => this.#subscribe(ShardChannel, request),
      sunsubscribe: (request) => this.#unsubscribe(ShardChannel, request),
    };
  }

  stop(): void {
    this.#hub.stop();
  }

  #subscribe(kind: TopicKindCode, request: LocalRequest): Uint8Array | null {
    const { client } = request;
    const known = subscriberOf(client);
    const names = NameList.ofRequest(request);
    if ((known?.size ?? 0) + names.count > CLIENT_SUBSCRIPTIONS_MAX) return TOO_MANY;
    if (kind === TopicKind.ShardChannel && this.#isAcrossSlots(request)) return CROSS_SLOT;
    const subscriber = known ?? new Subscriber(client, this.#hub);
    if (known === null) addStage(client, StageRank.Subscriptions, subscriber);
    const task = new SubscribeTask(this.#hub, subscriber, kind, names);
    if (this.#hub.spend(PIECES_TO_SUBSCRIBE * names.count)) return task.runAtOnce();
    task.runLater();
    return null;
  }

  #unsubscribe(kind: TopicKindCode, request: LocalRequest): Uint8Array | null {
    const { client } = request;
    const subscriber = subscriberOf(client);
    const names = request.wordCount > 1 ? NameList.ofRequest(request) : null;
    const count = names?.count ?? subscriber?.topics(kind).size ?? 0;
    const task = new UnsubscribeTask(this.#hub, client, subscriber, kind, names);
    if (this.#hub.spend(PIECES_TO_UNSUBSCRIBE * count)) return task.runAtOnce();
    task.runLater();
    return null;
  }

  #isAcrossSlots({ frame, bytes }: LocalRequest): boolean {
    if (!this.#context.isCluster) return false;
    return commonPlace(frame, bytes, this.#context.router) === PLACES_DIFFER;
  }
}

/** A client that has left everything begins anew. */
function subscriberOf(client: LocalClient): Subscriber | null {
  const stage = stageOf(client, StageRank.Subscriptions);
  return stage instanceof Subscriber && !stage.isGone ? stage : null;
}
