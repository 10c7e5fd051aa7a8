/**
 * The subscriptions of one worker at one backend: one connection in RESP2, which says little besides messages.
 * Each request asks for one name and has one answer, in order; messages come in between. A lost connection is
 * made again with back-off, and everything wanted is subscribed anew.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import type { BackendContext } from "../../backend/backend_context.ts";
import { PushConnection, type PushListener } from "../../backend/push_connection.ts";
import { type Failure, failures } from "../../failure.ts";
import { PROFILES } from "../../protocol/protocol.ts";
import { requestBytes } from "../../protocol/resp/replies.ts";
import { requestOfNames } from "./confirmation.ts";
import { PushFrame } from "./push_frame.ts";
import { Site, type Topic, TOPIC_VERBS, TopicKind, type TopicKindCode } from "./topic.ts";

/** Time without a word from the backend after which it is pinged, milliseconds. */
export const LINK_PING_INTERVAL_MS = 5_000;
/** How long a connection without subscriptions is kept, milliseconds. */
export const LINK_IDLE_MAX_MS = 10_000;
/** Time from a refused renewal to the next try, milliseconds. */
export const REFUSED_RETRY_MS = 1_000;

/** Answers that are remembered before the list is cut. */
const ANSWERED_KEPT_MAX = 1_024;
/** Messages handed to clients after which other sockets have their turn. */
export const DELIVERIES_AT_ONCE_MAX = 10_000;

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
   * @returns How many clients got it.
   */
  message(
    link: SubscriptionLink,
    kind: TopicKindCode,
    frame: PushFrame,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number;
  /** The connection is lost, with `confirmed` subscriptions. */
  linkLost(link: SubscriptionLink, failure: Failure, confirmed: number): void;
}

/** An answer that is due. */
interface Expected {
  readonly verb: string;
  readonly name: string;
  /** Null where nobody waits for it any more. */
  site: Site | null;
}

const PING = requestBytes("PING");
const PING_EXPECTED: Expected = { verb: "pong", name: "", site: null };
const frame = new PushFrame();

/** See above. */
export class SubscriptionLink implements PushListener {
  readonly backend: Backend;
  readonly #context: BackendContext;
  readonly #owner: LinkOwner;
  readonly #connection: PushConnection;
  readonly #sites = new Map<Topic, Site>();
  /** Answers due, oldest first, from `#answered` on. */
  #expected: Expected[] = [];
  #answered = 0;
  /** Subscriptions to ask for again; the backend refused them. */
  readonly #refused = new Set<Site>();
  #retryRefusedAtMs = 0;
  /** Messages handed to clients since it rested last. */
  #delivered = 0;
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
    return this.#answered < this.#expected.length;
  }

  /** Everything wanted here. */
  sites(): Iterable<Site> {
    return this.#sites.values();
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
    if (!this.#connection.isOpen) return;
    this.#send(TOPIC_VERBS[topic.kind].unsubscribe, topic.name, null);
  }

  /** Forgets a subscription that the backend does not have. */
  forget(site: Site): void {
    this.#sites.delete(site.topic);
    this.#refused.delete(site);
    site.isConfirmed = false;
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
    const silentMs = nowMs - this.#heardAtMs;
    if (this.isReplyDue) {
      if (silentMs > this.#context.limits.readTimeoutMs) connection.drop(failures.backendTimeout);
    } else if (silentMs > LINK_PING_INTERVAL_MS) {
      this.#expect(PING_EXPECTED);
      connection.send(PING);
    }
    if (this.#refused.size > 0 && nowMs >= this.#retryRefusedAtMs) this.#retryRefused();
    return true;
  }

  /** Closes for good; nobody hears of it. */
  close(): void {
    this.#connection.close(failures.shuttingDown);
    this.#sites.clear();
    this.#refused.clear();
    this.#expected = [];
    this.#answered = 0;
  }

  opened(): void {
    for (const site of this.#sites.values()) this.#subscribe(site);
  }

  said(bytes: Uint8Array, start: number, end: number, isError: boolean): boolean {
    this.#heardAtMs = this.#context.clock.nowMs;
    if (isError) return this.#tookError(bytes, start, end);
    if (!frame.read(bytes, start)) return this.#tookPong(bytes, start);
    const verb = frame.word(0);
    switch (verb) {
      case "message":
        return this.#tookMessage(TopicKind.Channel, 3, bytes, start, end);
      case "pmessage":
        return this.#tookMessage(TopicKind.Pattern, 4, bytes, start, end);
      case "smessage":
        return this.#tookMessage(TopicKind.ShardChannel, 3, bytes, start, end);
      case "pong":
        return this.#take("pong", "") !== null;
      default:
        return frame.wordCount === 3 && this.#tookConfirmation(verb, frame.word(1));
    }
  }

  lost(failure: Failure): void {
    let confirmed = 0;
    for (const site of this.#sites.values()) {
      if (site.isConfirmed) confirmed += 1;
      site.isConfirmed = false;
    }
    this.#expected = [];
    this.#answered = 0;
    this.#refused.clear();
    if (confirmed > 0) this.#lostAtMs = this.#context.clock.realMs;
    if (this.#sites.size > 0) this.#connection.open();
    this.#owner.linkLost(this, failure, confirmed);
  }

  #subscribe(site: Site): void {
    const { kind, name } = site.topic;
    this.#send(TOPIC_VERBS[kind].subscribe, name, site);
  }

  #send(verb: string, name: string, site: Site | null): void {
    this.#expect({ verb, name, site });
    this.#connection.send(requestOfNames(verb, name));
  }

  #expect(expected: Expected): void {
    if (!this.isReplyDue) this.#heardAtMs = this.#context.clock.nowMs;
    this.#expected.push(expected);
  }

  /** Takes the oldest answer due if it is this one. */
  #take(verb: string, name: string): Expected | null {
    const expected = this.#expected[this.#answered];
    if (expected === undefined || expected.verb !== verb || expected.name !== name) return null;
    this.#shift();
    return expected;
  }

  #shift(): void {
    this.#answered += 1;
    const isDone = this.#answered === this.#expected.length;
    if (!isDone && this.#answered < ANSWERED_KEPT_MAX) return;
    this.#expected = this.#expected.slice(this.#answered);
    this.#answered = 0;
  }

  #tookMessage(
    kind: TopicKindCode,
    wordCount: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (frame.wordCount !== wordCount) return false;
    this.#delivered += this.#owner.message(this, kind, frame, bytes, start, end);
    if (this.#delivered >= DELIVERIES_AT_ONCE_MAX) {
      this.#delivered = 0;
      this.#connection.rest();
    }
    return true;
  }

  #tookConfirmation(verb: string, name: string): boolean {
    const expected = this.#take(verb, name);
    if (expected === null) return this.#tookEnd(verb, name);
    const { site } = expected;
    // Somebody may have lost interest, and even have gained it again, by another subscription.
    if (site === null || this.#sites.get(site.topic) !== site) return true;
    site.isConfirmed = true;
    this.#owner.siteConfirmed(site);
    if (this.#lostAtMs !== 0 && !this.isReplyDue) this.#logRenewal();
    return true;
  }

  /** A server ends subscriptions to the channels of a slot that leaves it. */
  #tookEnd(verb: string, name: string): boolean {
    if (verb !== TOPIC_VERBS[TopicKind.ShardChannel].unsubscribe) return false;
    const topic = this.#owner.find(TopicKind.ShardChannel, name);
    const site = topic === undefined ? undefined : this.#sites.get(topic);
    if (site === undefined) return true;
    this.forget(site);
    this.#owner.siteEnded(site);
    return true;
  }

  #tookError(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.isReplyDue) return false;
    const { site } = this.#expected[this.#answered]!;
    this.#shift();
    if (site === null || this.#sites.get(site.topic) !== site) return true;
    site.isConfirmed = false;
    if (this.#refused.size === 0) {
      this.#retryRefusedAtMs = this.#context.clock.nowMs + REFUSED_RETRY_MS;
    }
    this.#refused.add(site);
    this.#owner.siteRefused(site, bytes, start, end);
    return true;
  }

  /** Without subscriptions a server answers PING as ever. */
  #tookPong(bytes: Uint8Array, start: number): boolean {
    return bytes[start] === STATUS && this.#take("pong", "") !== null;
  }

  #retryRefused(): void {
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const site of refused) this.#subscribe(site);
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
