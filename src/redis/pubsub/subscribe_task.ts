/**
 * A subscribe request: its names are subscribed to at the backends, are waited for in their order, and then
 * confirmed to the client, all of it in pieces. The client has all of them or none.
 *
 * @module
 */
import { errorReply } from "../../protocol/resp/write/replies.ts";
import { failures } from "../../failure.ts";
import { NOT_LISTED } from "../../member_list.ts";
import type { FailedTopic, Hub, SubscriptionTask } from "./hub.ts";
import type { NameList } from "./name_list.ts";
import { ReplyInParts } from "./reply_in_parts.ts";
import type { Subscriber } from "./subscriber.ts";
import { type Topic, TOPIC_VERBS, type TopicKindCode } from "./topic.ts";

/** Bytes of subscriptions that the clients of one worker may have; a subscription costs some hundred. */
export const SUBSCRIPTION_BYTES_MAX = 256 * 1024 * 1024;

/** Pieces of work that a name takes: to be asked for, to be looked at, to be confirmed, to be given up. */
const PIECES_TO_ASK = 4;
const PIECES_TO_AWAIT = 1;
const PIECES_TO_CONFIRM = 2;
const PIECES_TO_GIVE_UP = 2;
/** Pieces that a subscription takes in all, once it is granted. */
export const PIECES_TO_SUBSCRIBE = PIECES_TO_ASK + PIECES_TO_AWAIT + PIECES_TO_CONFIRM;
/** A name of this many bytes more is one more piece each time. */
const BYTES_PER_PIECE = 512;

const TOO_MUCH = errorReply(
  `ERR too many subscriptions: those of all clients may take ${SUBSCRIPTION_BYTES_MAX} bytes`,
);

/** What it is at; `GivingUp`: it has failed, or its client is gone. */
const Phase = { Asking: 0, Waiting: 1, Confirming: 2, GivingUp: 3, Over: 4 } as const;
type PhaseCode = 0 | 1 | 2 | 3 | 4;

/** One subscribe request, done in pieces: its client has all of its names in the end, or none. */
export class SubscribeTask implements SubscriptionTask {
  isQueued = false;
  listedAt: number = NOT_LISTED;
  readonly #hub: Hub;
  readonly #subscriber: Subscriber;
  readonly #kind: TopicKindCode;
  readonly #names: NameList;
  readonly #reply: ReplyInParts;
  /** Refusals so far, of all topics: an older one is not this request's. */
  readonly #refusalsBefore: number;
  /** The topics of the names that were asked for. */
  readonly #topics: Topic[] = [];
  #phase: PhaseCode = Phase.Asking;
  /** How many of them the phase at hand is done with. */
  #next = 0;
  /** Whether its client hears nothing more of it. */
  #isAnswered = false;
  /** When it has waited for one name long enough, milliseconds of the worker's clock. */
  #deadlineMs = Infinity;

  constructor(hub: Hub, subscriber: Subscriber, kind: TopicKindCode, names: NameList) {
    this.#hub = hub;
    this.#subscriber = subscriber;
    this.#kind = kind;
    this.#names = names;
    this.#reply = new ReplyInParts(subscriber.client);
    this.#refusalsBefore = hub.refusals;
  }

  /** Bytes that it takes as long as it is under way. */
  get byteCount(): number {
    return this.#names.byteCount + this.#names.count * BYTES_PER_NAME;
  }

  /** Does all of it that needs no backend's answer; returns the reply, or null where that comes later. */
  runAtOnce(): Uint8Array | null {
    while (this.#phase === Phase.Asking || this.#phase === Phase.Waiting) {
      if (this.#step() === 0) break;
    }
    if (this.#phase !== Phase.Confirming) return this.#runOn();
    for (const topic of this.#topics) this.#confirm(topic);
    this.#phase = Phase.Over;
    return this.#reply.end();
  }

  /** Does all of it later, in pieces. */
  runLater(): void {
    this.#names.keep();
    this.#runOn();
    this.#hub.goOn(this);
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces) {
      const step = this.#step();
      if (step === 0) break;
      done += step;
    }
    if (this.#phase === Phase.Confirming) this.#reply.handOver();
    if (this.#phase !== Phase.Over) return done;
    this.#hub.ended(this);
    if (this.#isAnswered) return done;
    this.#answer();
    this.#reply.end();
    return done;
  }

  onTick(nowMs: number): void {
    if (this.#phase === Phase.Confirming && !this.#reply.isBacklogged) this.#hub.goOn(this);
    const awaited = this.awaited;
    if (awaited === undefined || nowMs < this.#deadlineMs) return;
    const site = awaited.wanted.find(({ isConfirmed }) => !isConfirmed);
    // What this worker has not come round to is not the backend's fault.
    if (site?.link.isBehind) this.#deadlineMs = this.#hub.waitUntilMs();
    else {this.#fail({
        failure: failures.backendTimeout,
        address: site?.link.backend.shownAddress ?? "",
      });}
  }

  /** The client is gone: nothing is told any more, and what it has not got is given up. */
  abandon(): void {
    if (this.#phase >= Phase.GivingUp) return;
    this.#isAnswered = true;
    this.awaited?.waiting?.delete(this);
    // What it was told of is among its subscriptions already.
    if (this.#phase !== Phase.Confirming) this.#next = 0;
    this.#phase = Phase.GivingUp;
    this.#hub.goOn(this);
  }

  get awaited(): Topic | undefined {
    return this.#phase === Phase.Waiting ? this.#topics[this.#next] : undefined;
  }

  /** Takes the request at hand, so that the client's next ones wait. */
  #runOn(): null {
    this.#reply.comesLate();
    this.#hub.began(this);
    if (!this.#isAnswered) this.#subscriber.task = this;
    return null;
  }

  /** Does what comes next; returns how many pieces that was, 0 where it has to wait or is done. */
  #step(): number {
    switch (this.#phase) {
      case Phase.Asking:
        return this.#askNext();
      case Phase.Waiting:
        return this.#awaitNext();
      case Phase.Confirming:
        return this.#reply.isBacklogged ? 0 : this.#confirmNext();
      case Phase.GivingUp:
        return this.#giveUpNext();
      default:
        return 0;
    }
  }

  #askNext(): number {
    if (this.#topics.length === this.#names.count) return this.#enter(Phase.Waiting);
    const name = this.#names.name(this.#topics.length);
    const topic = this.#hub.obtain(this.#kind, name, SUBSCRIPTION_BYTES_MAX);
    if (topic === null) {
      this.#refuse(TOO_MUCH);
      return PIECES_TO_ASK;
    }
    this.#topics.push(topic);
    this.#hasFailed(topic);
    return PIECES_TO_ASK + topic.wanted.length - 1 + name.length / BYTES_PER_PIECE;
  }

  #awaitNext(): number {
    const topic = this.#topics[this.#next];
    if (topic === undefined) return this.#enter(Phase.Confirming);
    if (topic.isConfirmed || this.#subscriber.has(topic)) {
      this.#next += 1;
      return PIECES_TO_AWAIT;
    }
    if (this.#hasFailed(topic)) return PIECES_TO_AWAIT;
    this.#deadlineMs = this.#hub.waitUntilMs();
    topic.waiting ??= new Set();
    topic.waiting.add(this);
    return 0;
  }

  #confirmNext(): number {
    const topic = this.#topics[this.#next];
    if (topic === undefined) return this.#enter(Phase.Over);
    this.#next += 1;
    this.#confirm(topic);
    return PIECES_TO_CONFIRM + topic.name.length / BYTES_PER_PIECE;
  }

  #confirm(topic: Topic): void {
    this.#subscriber.add(topic);
    this.#hub.letGo(topic);
    const { subscribe } = TOPIC_VERBS[this.#kind];
    this.#reply.confirm(subscribe, topic.name, this.#subscriber.countFor(this.#kind));
  }

  #giveUpNext(): number {
    const topic = this.#topics[this.#next];
    if (topic === undefined) return this.#enter(Phase.Over);
    this.#next += 1;
    this.#hub.letGo(topic);
    this.#hub.release(topic);
    return PIECES_TO_GIVE_UP + topic.wanted.length;
  }

  #enter(phase: PhaseCode): number {
    this.#phase = phase;
    this.#next = 0;
    return PIECES_TO_AWAIT;
  }

  /** Whether a topic will not be confirmed: then the request has failed. */
  #hasFailed(topic: Topic): boolean {
    const { refusal } = topic;
    if (refusal !== null && refusal.number >= this.#refusalsBefore) {
      this.#refuse(refusal.reply);
      return true;
    }
    const failed = this.#hub.failureOf(topic);
    if (failed !== null) this.#fail(failed);
    return failed !== null;
  }

  #refuse(reply: Uint8Array): void {
    this.abandon();
    this.#answer();
    this.#reply.late.reply(reply);
  }

  #fail(failed: FailedTopic): void {
    this.abandon();
    this.#answer();
    this.#hub.countFailure(failed);
    this.#reply.late.fail(failed.failure, failed.address);
  }

  /** The request is answered now: the client's next one may come. */
  #answer(): void {
    this.#isAnswered = true;
    this.#subscriber.taskEnded();
  }
}

/** A place in the list of topics, and one in the copy of the request's offsets. */
const BYTES_PER_NAME = 16;
