/**
 * An unsubscribe request: each name is left and that is confirmed to the client, in pieces.
 *
 * @module
 */
import { NOT_LISTED } from "../../member_list.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { Hub, SubscriptionTask } from "./hub.ts";
import type { NameList } from "./name_list.ts";
import { ReplyInParts } from "./reply_in_parts.ts";
import type { Subscriber } from "./subscriber.ts";
import { type Topic, TOPIC_VERBS, type TopicKindCode } from "./topic.ts";

/** Pieces of work that a name takes. */
export const PIECES_TO_UNSUBSCRIBE = 4;
/** A name of this many bytes more is one more piece. */
const BYTES_PER_PIECE = 512;

/** One unsubscribe request, done in pieces: each name is left, and that is confirmed to the client. */
export class UnsubscribeTask implements SubscriptionTask {
  isQueued = false;
  listedAt: number = NOT_LISTED;
  readonly awaited: undefined;
  readonly #hub: Hub;
  /** Null for a client that has no subscriptions. */
  readonly #subscriber: Subscriber | null;
  readonly #kind: TopicKindCode;
  readonly #names: NameList | null;
  /** What is left, where no names are given. */
  readonly #all: Iterator<Topic> | null;
  readonly #reply: ReplyInParts;
  #count = 0;
  #isOver = false;

  /** @param names Null: all that the client has of the kind. */
  constructor(
    hub: Hub,
    client: LocalClient,
    subscriber: Subscriber | null,
    kind: TopicKindCode,
    names: NameList | null,
  ) {
    this.#hub = hub;
    this.#subscriber = subscriber;
    this.#kind = kind;
    this.#names = names;
    this.#all = names === null && subscriber !== null ? subscriber.topics(kind).values() : null;
    this.#reply = new ReplyInParts(client);
  }

  get byteCount(): number {
    return this.#names?.byteCount ?? 0;
  }

  /** Does all of it and returns the reply, or null where it was given another way. */
  runAtOnce(): Uint8Array | null {
    while (this.#step() !== 0) continue;
    this.#subscriber?.taskEnded();
    return this.#reply.end();
  }

  /** Does all of it later, in pieces. */
  runLater(): void {
    this.#names?.keep();
    this.#reply.comesLate();
    if (this.#subscriber !== null) this.#subscriber.task = this;
    this.#hub.began(this);
    this.#hub.goOn(this);
  }

  work(pieces: number): number {
    let done = 0;
    // A client that is gone has its subscriptions ended all together.
    while (done < pieces && this.#reply.late.isDue && !this.#reply.isBacklogged) {
      const step = this.#step();
      if (step === 0) {
        this.#end();
        return done;
      }
      done += step;
    }
    this.#reply.handOver();
    if (!this.#reply.late.isDue) this.abandon();
    return done;
  }

  onTick(): void {
    if (!this.#reply.isBacklogged) this.#hub.goOn(this);
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hub.ended(this);
  }

  #end(): void {
    if (this.#isOver) return;
    this.abandon();
    this.#subscriber?.taskEnded();
    this.#reply.end();
  }

  /** Leaves one topic; returns how many pieces that was, 0 behind the last one. */
  #step(): number {
    if (this.#isOver) return 0;
    if (this.#names !== null) {
      if (this.#count === this.#names.count) return 0;
      const name = this.#names.name(this.#count);
      this.#leave(this.#hub.find(this.#kind, name), name);
      return PIECES_TO_UNSUBSCRIBE + name.length / BYTES_PER_PIECE;
    }
    const topic: Topic | undefined = this.#all?.next().value;
    if (topic === undefined && this.#count > 0) return 0;
    this.#leave(topic, topic?.name ?? null);
    return PIECES_TO_UNSUBSCRIBE + (topic?.name.length ?? 0) / BYTES_PER_PIECE;
  }

  #leave(topic: Topic | undefined, name: string | null): void {
    this.#count += 1;
    if (topic !== undefined) this.#subscriber?.remove(topic);
    const count = this.#subscriber?.countFor(this.#kind) ?? 0;
    this.#reply.confirm(TOPIC_VERBS[this.#kind].unsubscribe, name, count);
  }
}
