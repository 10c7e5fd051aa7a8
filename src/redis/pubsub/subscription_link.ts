/**
 * The subscriptions of one worker at one backend: one connection in RESP2, which says little besides messages.
 * Each request asks for one name and has one answer, in order; messages come in between. A lost connection is
 * made again with back-off, and everything wanted is subscribed anew, in pieces. What the backend says is taken as
 * fast as the worker's budget of pieces allows.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { BackendContext } from "../../backend/backend_context.ts";
import { PushConnection, type PushListener } from "../../backend/push_connection.ts";
import { type Failure, failures } from "../../failure.ts";
import { PROFILES } from "../../protocol/protocol.ts";
import { ByteWriter } from "../../bytes/byte_writer.ts";
import type { LongTask } from "../../net/turn_budget.ts";
import { requestBytes } from "../../protocol/resp/write/replies.ts";
import { AnswersDue, type DueAnswer } from "./answers_due.ts";
import { writeRequestOfName } from "./confirmation.ts";
import type { Delivery } from "./delivery.ts";
import { PushFrame } from "./push_frame.ts";
import { Site, type Topic, TOPIC_VERBS, TopicKind, type TopicKindCode } from "./topic.ts";

/** Time without a word from the backend after which it is pinged, milliseconds. */
export const LINK_PING_INTERVAL_MS = 5_000;
/** How long a connection without subscriptions is kept, milliseconds. */
export const LINK_IDLE_MAX_MS = 10_000;
/** Time from a refused renewal to the next try, milliseconds. */
export const REFUSED_RETRY_MS = 1_000;

/** Pieces of work that an answer takes, and asking for a topic again. */
const PIECES_PER_ANSWER = 3;
const PIECES_TO_RENEW = 4;

/** Hears what becomes of the subscriptions. */
export interface LinkOwner {
  /** The topic of this name, if anybody has it. */
  find(kind: TopicKindCode, name: string): Topic | undefined;
  /** The backend has confirmed it. */
  siteConfirmed(site: Site): void;
  /** The backend has refused it by an error, which stands in `bytes[start, end)`. */
  siteRefused(site: Site, bytes: Uint8Array, start: number, end: number): void;
  /** The backend has ended it by itself: its slot has moved. */
  siteEnded(site: Site): void;
  /**
   * A message; the frame begins at `bytes[start]`, `frame` says where its words stand.
   *
   * @returns What is left to do where it goes to more clients than may be served at once; else null.
   */
  message(
    link: SubscriptionLink,
    kind: TopicKindCode,
    frame: PushFrame,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Delivery | null;
  /** The connection is lost, with `confirmed` subscriptions. */
  linkLost(link: SubscriptionLink, failure: Failure, confirmed: number): void;
}

const PING = requestBytes("PING");
const PONG: DueAnswer = { verb: "pong", name: "", site: null };
const frame = new PushFrame();
const writer = new ByteWriter();

/** One worker's subscriptions at one backend, over a connection that is made again with back-off when it is lost. */
export class SubscriptionLink implements LongTask, PushListener {
  isQueued = false;
  /** Counts its connections, from 1 on. */
  connectionNumber = 1;
  readonly backend: Backend;
  readonly #context: BackendContext;
  readonly #owner: LinkOwner;
  readonly #connection: PushConnection;
  readonly #sites = new Map<Topic, Site>();
  readonly #due = new AnswersDue();
  /** Subscriptions confirmed on the connection there is. */
  #confirmed = 0;
  /** What is asked for anew; what was asked for on this connection already is passed over. */
  #renewal: Iterator<Site> | null = null;
  /** Subscriptions to ask for again; the backend refused them. */
  #refused = new Set<Site>();
  #retryRefusedAtMs = 0;
  /** A message that not all clients have yet; nothing is taken from the connection before. */
  #delivery: Delivery | null = null;
  #isHeld = false;
  #heardAtMs = 0;
  #usedAtMs: number;
  /** When the connection with its subscriptions was lost; 0 while they stand. */
  #lostAtMs = 0;

  constructor(backend: Backend, context: BackendContext, owner: LinkOwner) {
    this.backend = backend;
    this.#context = context;
    this.#owner = owner;
    this.#usedAtMs = context.clock.nowMs;
    this.#connection = new PushConnection(backend, PROFILES[2].master, context, this);
  }

  /** Whether the backend could not be reached lately. */
  get isInBackoff(): boolean {
    return this.#connection.isInBackoff;
  }

  /** Why it could not. */
  get lastFailure(): Failure {
    return this.#connection.lastFailure;
  }

  get isReplyDue(): boolean {
    return !this.#due.isEmpty;
  }

  /** Whether there is something to ask for, or something said, that this worker has not come round to. */
  get isBehind(): boolean {
    return this.#isHeld || this.#renewal !== null;
  }

  /** Everything wanted here. */
  sites(): ReadonlyMap<Topic, Site> {
    return this.#sites;
  }

  /** Subscribes; nothing more where that is so already. */
  add(topic: Topic): Site {
    const known = this.#sites.get(topic);
    if (known !== undefined) return known;
    const site = new Site(topic, this);
    this.#sites.set(topic, site);
    if (this.#connection.isOpen) this.#subscribe(site);
    else this.#connection.open();
    return site;
  }

  /** Ends a subscription. */
  remove(site: Site): void {
    const { topic } = site;
    if (this.#sites.get(topic) !== site) return;
    this.forget(site);
    if (!this.#connection.isOpen || site.askedOn !== this.connectionNumber) return;
    this.#send(TOPIC_VERBS[topic.kind].unsubscribe, topic.name, null);
  }

  /** Forgets a subscription that the backend does not have. */
  forget(site: Site): void {
    this.#sites.delete(site.topic);
    this.#refused.delete(site);
    this.#unconfirm(site);
  }

  /** Does what could not be done at once: hands a message on, asks anew, takes what the backend has said. */
  work(pieces: number): number {
    let done = 0;
    if (this.#delivery !== null) {
      done += this.#delivery.work(pieces);
      if (!this.#delivery.isDone) return Math.max(done, pieces);
      this.#delivery = null;
    }
    while (done < pieces && this.#renewal !== null) {
      const site: Site | undefined = this.#renewal.next().value;
      if (site === undefined) this.#renewal = null;
      else if (this.#isToAsk(site)) this.#subscribe(site);
      done += PIECES_TO_RENEW;
    }
    if (done >= pieces || !this.#isHeld) return done;
    this.#isHeld = false;
    this.#connection.goOn();
    return done;
  }

  /** Looks at its deadlines; false when it is of no use any more, and closed. */
  tick(nowMs: number): boolean {
    const connection = this.#connection;
    if (this.#sites.size === 0) {
      if (nowMs - this.#usedAtMs < LINK_IDLE_MAX_MS) return true;
      this.close();
      return false;
    }
    this.#usedAtMs = nowMs;
    if (!connection.isOpen) {
      connection.open();
      return true;
    }
    // What waits to be taken says that the backend is alive.
    if (this.#isHeld) this.#heardAtMs = nowMs;
    const silentMs = nowMs - this.#heardAtMs;
    if (this.isReplyDue) {
      if (silentMs > this.#context.limits.readTimeoutMs) connection.drop(failures.backendTimeout);
    } else if (silentMs > LINK_PING_INTERVAL_MS) {
      this.#expect(PONG);
      connection.send(PING);
    }
    const isRetryDue = this.#renewal === null && nowMs >= this.#retryRefusedAtMs;
    if (this.#refused.size > 0 && isRetryDue) this.#retryRefused();
    return true;
  }

  /** Closes for good; nobody hears of it. */
  close(): void {
    this.#connection.close(failures.shuttingDown);
    this.#sites.clear();
    this.#delivery = null;
    this.#forgetConnection();
  }

  opened(): void {
    // What was said on the former connection comes first.
    if (this.#delivery !== null) this.#hold();
    this.#renew(this.#sites.values());
  }

  said(bytes: Uint8Array, start: number, end: number, isError: boolean): boolean {
    this.#heardAtMs = this.#context.clock.nowMs;
    if (isError) return this.#spend() && this.#tookError(bytes, start, end);
    // Without subscriptions a server answers PING as ever.
    if (!frame.read(bytes, start)) return bytes[start] === STATUS && this.#tookPong();
    if (frame.isWord(0, "message")) {
      return this.#tookMessage(TopicKind.Channel, 3, bytes, start, end);
    }
    if (frame.isWord(0, "pmessage")) {
      return this.#tookMessage(TopicKind.Pattern, 4, bytes, start, end);
    }
    if (frame.isWord(0, "smessage")) {
      return this.#tookMessage(TopicKind.ShardChannel, 3, bytes, start, end);
    }
    if (frame.isWord(0, "pong")) return this.#tookPong();
    return frame.wordCount === 3 && this.#spend() && this.#tookConfirmation();
  }

  lost(failure: Failure): void {
    const confirmed = this.#confirmed;
    this.connectionNumber += 1;
    this.#forgetConnection();
    if (confirmed > 0) this.#lostAtMs = this.#context.clock.realMs;
    if (this.#sites.size > 0) this.#connection.open();
    this.#owner.linkLost(this, failure, confirmed);
  }

  #forgetConnection(): void {
    this.#confirmed = 0;
    this.#due.clear();
    this.#renewal = null;
    this.#refused.clear();
    this.#isHeld = false;
  }

  #renew(sites: Iterator<Site>): void {
    this.#renewal = sites;
    this.#goOnLater();
  }

  #goOnLater(): void {
    this.#context.engine.flushQueue.workOn(this);
  }

  /** Takes nothing more from the connection before {@link SubscriptionLink.work}. */
  #hold(): void {
    this.#isHeld = true;
    this.#connection.hold();
    this.#goOnLater();
  }

  /** Counts the work for one answer; where the turn's budget is used up, it is the last in this turn. */
  #spend(): true {
    if (!this.#context.engine.flushQueue.budget.spend(PIECES_PER_ANSWER)) this.#hold();
    return true;
  }

  #unconfirm(site: Site): void {
    if (site.isConfirmed) this.#confirmed -= 1;
    site.confirmedOn = 0;
  }

  #isToAsk(site: Site): boolean {
    return site.askedOn !== this.connectionNumber && this.#sites.get(site.topic) === site;
  }

  #subscribe(site: Site): void {
    const { kind, name } = site.topic;
    site.askedOn = this.connectionNumber;
    this.#send(TOPIC_VERBS[kind].subscribe, name, site);
  }

  #send(verb: string, name: string, site: Site | null): void {
    this.#expect({ verb, name, site });
    writer.clear();
    writeRequestOfName(writer, verb, name);
    this.#connection.send(writer.bytes, writer.length);
  }

  #expect(answer: DueAnswer): void {
    if (!this.isReplyDue) this.#heardAtMs = this.#context.clock.nowMs;
    this.#due.push(answer);
  }

  #tookMessage(
    kind: TopicKindCode,
    wordCount: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (frame.wordCount !== wordCount) return false;
    this.#delivery = this.#owner.message(this, kind, frame, bytes, start, end);
    if (this.#delivery !== null) this.#hold();
    return true;
  }

  #tookConfirmation(): boolean {
    const answer = this.#due.oldest;
    if (answer === null || !frame.isWord(0, answer.verb) || !frame.isWord(1, answer.name)) {
      return this.#tookEnd();
    }
    this.#due.shift();
    if (answer.site !== null) this.#confirm(answer.site);
    // The last answer that is due may be to a subscription that nobody wants any more.
    if (this.#lostAtMs !== 0 && !this.isReplyDue && this.#renewal === null) this.#logRenewal();
    return true;
  }

  #confirm(site: Site): void {
    // Somebody may have lost interest, and even have gained it again, by another subscription.
    if (this.#sites.get(site.topic) !== site) return;
    if (!site.isConfirmed) this.#confirmed += 1;
    site.confirmedOn = this.connectionNumber;
    this.#owner.siteConfirmed(site);
  }

  /** A server ends subscriptions to the channels of a slot that leaves it. */
  #tookEnd(): boolean {
    if (!frame.isWord(0, TOPIC_VERBS[TopicKind.ShardChannel].unsubscribe)) return false;
    const topic = this.#owner.find(TopicKind.ShardChannel, frame.word(1));
    const site = topic === undefined ? undefined : this.#sites.get(topic);
    if (site === undefined) return true;
    this.forget(site);
    this.#owner.siteEnded(site);
    return true;
  }

  #tookError(bytes: Uint8Array, start: number, end: number): boolean {
    const answer = this.#due.oldest;
    if (answer === null) return false;
    this.#due.shift();
    const { site } = answer;
    if (site === null || this.#sites.get(site.topic) !== site) return true;
    this.#unconfirm(site);
    site.askedOn = 0;
    if (this.#refused.size === 0) {
      this.#retryRefusedAtMs = this.#context.clock.nowMs + REFUSED_RETRY_MS;
    }
    this.#refused.add(site);
    this.#owner.siteRefused(site, bytes, start, end);
    return true;
  }

  #tookPong(): boolean {
    if (this.#due.oldest !== PONG) return false;
    this.#due.shift();
    return true;
  }

  #retryRefused(): void {
    const refused = this.#refused.values();
    this.#refused = new Set();
    this.#renew(refused);
  }

  #logRenewal(): void {
    const { log, clock } = this.#context;
    log.info("Subscriptions renewed", {
      backend: this.backend.address,
      subscriptions: this.#sites.size,
      gapMs: Math.round(clock.realMs - this.#lostAtMs),
    });
    this.#lostAtMs = 0;
  }
}

const STATUS = 0x2b;
