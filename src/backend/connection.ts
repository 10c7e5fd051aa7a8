/**
 * One connection to a backend, shared by many clients and pipelined, over a link that comes and goes. Replies answer
 * exchanges strictly in order. Whatever does not fit (a reply without an exchange, a malformed frame, an exchange of
 * another generation) closes the link: a reply can go missing, never astray.
 *
 * @module
 */
import { type Chunk, HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { SendLog } from "../bytes/send_log.ts";
import { type Failure, failures } from "../failure.ts";
import { holds, nameOf } from "../invariant.ts";
import { type SlicedParser, SlicedParsing } from "../net/sliced_parsing.ts";
import {
  ParseStatus,
  type ParseStatusCode,
  type Profile,
  ReplyKind,
} from "../protocol/protocol.ts";
import { type Exchange, ExchangeState, NOBODY, type RoutedClient } from "../request/exchange.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import type { ConnectionOptions, ConnectionOwner } from "./connection_owner.ts";
import type { DedicatedUse } from "./dedicated_use.ts";
import { type DrainWaiter, DrainWaiters } from "./drain_waiters.ts";
import type { InflightQueue } from "./inflight_queue.ts";
import { BackendLink, type EndListener, LinkState, type LinkUser } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { isOverdue, isSilent, overdueExchanges } from "./reply_deadlines.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** One pipelined connection to a backend, shared by many clients. Replies answer exchanges in order, else it closes. */
export class BackendConnection implements LinkUser, SlicedParser {
  readonly log: SendLog;
  readonly inflight: InflightQueue;
  readonly backend: ConnectionOwner;
  readonly profile: Profile;
  /** What those know of it who give it to single clients; null where they do not. */
  readonly use: DedicatedUse | null;
  readonly #context: BackendContext;
  readonly #limits: BackendLimits;
  readonly #outbox: Outbox;
  readonly #replies: ReplyStream;
  readonly #slices: SlicedParsing;
  readonly #link: BackendLink;
  readonly #waiters = new DrainWaiters();
  readonly #isDedicated: boolean;
  readonly #isProbe: boolean;
  /**
   * Whether the backend wants to know of replies in time: a request timed out, here or on another of its connections,
   * and none was answered since; or it is one that the backend does not know of, a dedicated one.
   */
  isSuspect: boolean;

  constructor(
    backend: ConnectionOwner,
    profile: Profile,
    context: BackendContext,
    options: ConnectionOptions = {},
  ) {
    const { limits = context.limits, keepsBackoff = true } = options;
    this.backend = backend;
    this.profile = profile;
    this.#context = context;
    this.#limits = limits;
    this.#isDedicated = options.isDedicated ?? false;
    this.use = options.use ?? null;
    this.#isProbe = options.isProbe ?? false;
    this.isSuspect = this.#isDedicated;
    this.#link = new BackendLink(backend, context, { profile, limits, keepsBackoff }, this);
    const { chunks, clock, engine, retainsRequests, watch } = context;
    this.#replies = this.#link.replies;
    this.#slices = new SlicedParsing(engine.flushQueue, this);
    this.#outbox = new Outbox(chunks, clock, this.#replies, retainsRequests, watch);
    this.log = this.#outbox.log;
    this.inflight = this.#outbox.inflight;
  }

  /** Whether it has a socket that went through its handshake. */
  get isConnected(): boolean {
    return this.#link.isReady;
  }

  /** Whether it is being made. */
  get isConnecting(): boolean {
    return this.#link.isConnecting;
  }

  /** Bytes that have come over it, over all its sockets. */
  get receivedBytes(): number {
    return this.#replies.receivedBytes;
  }

  /** Whether replies that have come wait for a later turn. */
  get isBehind(): boolean {
    return this.#slices.isBehind;
  }

  /** Whether a new request would fail at once. */
  get isInBackoff(): boolean {
    return this.#link.isInBackoff;
  }

  /** Whether a request would be sent now, and nothing sent before it is overdue. */
  get isUsable(): boolean {
    if (!this.#link.isReady) return false;
    const { nowMs } = this.#context.clock;
    return !isOverdue(this.inflight, this.#replies, nowMs, this.#limits.readTimeoutMs);
  }

  /** Whether so much waits to be written, or for replies, that clients should be held back: before requests must fail. */
  get isCongested(): boolean {
    const limits = this.#limits;
    const queued = this.#outbox.queuedBytes;
    if (queued * 2 > limits.queueBytesMax) return true;
    return queued > limits.queueSoftBytes && this.#outbox.unsentBytes > limits.queueSoftBytes;
  }

  /** Whether `byteCount` more are too many; alone they may be more than the limit. */
  #isFull(byteCount: number): boolean {
    const { keptBytes, queuedBytes } = this.#outbox;
    const wouldBe = keptBytes === 0 ? queuedBytes : queuedBytes + byteCount;
    return wouldBe > this.#limits.queueBytesMax;
  }

  /** From now on every request fails at once with `failure`, and nothing is connected to; it has no socket yet. */
  bar(failure: Failure): void {
    this.#link.bar(failure);
  }

  /** Connects ahead of the first request, unless in back-off. */
  open(): void {
    this.#link.open();
  }

  /** Lets its socket go and makes no other: what comes meanwhile waits. Only where nothing is in flight. */
  park(): void {
    if (this.inflight.size === 0) this.#link.park();
  }

  /** Connects again, for what has come meanwhile or will. */
  unpark(): void {
    this.#link.unpark();
  }

  /** Calls `listener` each time that its socket is lost or could not be had, behind whatever was due. */
  addEndListener(listener: EndListener): void {
    this.#link.addEndListener(listener);
  }

  /** Calls `listener` no more. */
  removeEndListener(listener: EndListener): void {
    this.#link.removeEndListener(listener);
  }

  /** Sends one frame by copying it; on refusal the receiver hears of it before this returns. */
  send(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    const byteCount = end - start;
    if (!this.admit(exchange, byteCount)) return;
    this.enqueue(exchange, this.log.append(bytes, start, end), byteCount);
  }

  /** Sends one frame without copying: the array is the connection's from now on. */
  sendOwned(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    const byteCount = end - start;
    if (!this.admit(exchange, byteCount)) return;
    this.enqueue(exchange, this.log.adopt(bytes, start, end), byteCount);
  }

  /**
   * Whether a request of `byteCount` bytes may be appended now; starts connecting where needed. If not, the
   * exchange's receiver was told and the exchange is released.
   */
  admit(exchange: Exchange, byteCount: number): boolean {
    const link = this.#link;
    if (link.state === LinkState.Idle && !link.mayConnect && !this.#mayWait(exchange)) {
      this.#refuse(exchange, link.lastFailure);
      return false;
    }
    if (
      this.#outbox.queuedBytes + byteCount > this.#limits.queueBytesMax && this.#isFull(byteCount)
    ) {
      this.#refuse(exchange, failures.backendQueueFull);
      return false;
    }
    return true;
  }

  /** Counts the last `byteCount` bytes of `chunk`, just appended to the log, as this exchange's. */
  enqueue(exchange: Exchange, chunk: Chunk, byteCount: number): void {
    exchange.sentTo = this.backend;
    exchange.isAtReplica = this.profile.isReadonly;
    this.#outbox.enqueue(exchange, chunk, byteCount);
    if (byteCount > HAND_OVER_BYTES && byteCount >= this.#context.watch.bigBytes) {
      this.#context.watch.big(exchange, this, byteCount, "request");
    }
    this.backend.requests += 1;
    const link = this.#link;
    if (link.state === LinkState.Ready) link.flush();
    else if (link.state === LinkState.Idle) this.#connectOrGiveUp();
  }

  /** Whether what cannot be sent may be taken over by whoever keeps requests for better times. */
  #mayWait({ client, place, receiver }: Exchange): boolean {
    if (this.#limits.failoverWaitMs === 0 || this.#isDedicated || this.#isProbe) return false;
    return receiver !== null && place >= 0 && client !== NOBODY;
  }

  #connectOrGiveUp(): void {
    const link = this.#link;
    if (link.mayConnect) link.connect();
    else this.failUnsent(link.lastFailure);
  }

  /** `waiter` hears once when half of what holds clients back is written or answered. */
  waitForDrain(waiter: DrainWaiter): void {
    this.#waiters.add(waiter);
  }

  /** Fails and forgets what was not sent yet: the backend left the ring or the cluster. */
  failUnsent(failure: Failure): void {
    const failed = this.#outbox.takeUnsent();
    this.wrote();
    this.#failAll(failed, failure);
  }

  /** Closes; everything in the queue fails with `failure`. */
  close(failure: Failure): void {
    this.#link.close(failure);
  }

  get isReplyDue(): boolean {
    return this.inflight.awaiting > 0;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  get awaitedBy(): RoutedClient | null {
    const head = this.inflight.oldestAwaiting();
    return head === null || head.receiver === null ? null : head.client;
  }

  shed(failure: Failure): void {
    this.close(failure);
  }

  get isHeld(): boolean {
    return this.#slices.isBehind;
  }

  connected(): void {}

  opened(): void {
    if (this.inflight.unsent > 0) this.#link.flush();
  }

  received(): void {
    this.#slices.parse();
    this.wrote();
  }

  parsedAll(): void {
    this.#link.resume();
    this.wrote();
  }

  wrote(): void {
    if (this.#waiters.isEmpty) return;
    const { queueBytesMax, queueSoftBytes } = this.#limits;
    const { queuedBytes, unsentBytes } = this.#outbox;
    if (unsentBytes <= queueSoftBytes / 2 && queuedBytes <= queueBytesMax / 4) this.#waiters.wake();
  }

  ending(): void {
    this.#slices.parseRest();
  }

  checkDeadlines(nowMs: number): boolean {
    if (this.inflight.awaiting === 0) return false;
    return this.#slices.isBehind || this.#checkReplies(nowMs);
  }

  /** What was handed to the socket fails; what was not goes out on the next one, unless it is of no use to try. */
  lost(failure: Failure, wasTrying: boolean): void {
    const link = this.#link;
    const failed = this.#outbox.takeSent();
    if (wasTrying || link.isClosing || this.#isDedicated || !link.mayConnect) {
      for (const exchange of this.#outbox.takeUnsent()) failed.push(exchange);
    } else if (this.inflight.unsent > 0) {
      link.connect();
    }
    this.#waiters.wake();
    // Those that nobody waits for any more were counted when they timed out.
    const waitedFor = failed.filter(({ receiver }) => receiver !== null).length;
    this.#failAll(failed, failure);
    const isTimeout = failure === failures.backendSilent ||
      (wasTrying && failure === failures.connectTimeout);
    if (isTimeout && !this.#isProbe) this.backend.timedOut(Math.max(1, waitedFor));
  }

  /** Parses one frame; false when the rest must wait or the connection is gone. */
  parseNext(): boolean {
    const { buffer, parser } = this.#replies;
    if (buffer.consumed >= buffer.received) return false;
    const head = this.inflight.oldestAwaiting();
    const start = buffer.consumed;
    const { frame } = parser;
    const isDiscarded = frame.kind === ReplyKind.Push ||
      (head !== null && head.state === ExchangeState.Swallowed);
    const status = this.#replies.parse(isDiscarded);
    if (
      status === ParseStatus.Complete && frame.kind === ReplyKind.Reply &&
      frame.attributeBytes === 0 && head !== null
    ) {
      this.#deliver(head, start, frame.end, frame.isError);
      return this.#link.socket !== null;
    }
    return this.#parsedOther(status, head, start, isDiscarded);
  }

  /** What was parsed is not simply a whole reply to `head`, the oldest exchange that awaits one. */
  #parsedOther(
    status: ParseStatusCode,
    head: Exchange | null,
    start: number,
    isDiscarded: boolean,
  ): boolean {
    const { parser } = this.#replies;
    const { frame } = parser;
    if (frame.kind === ReplyKind.Push) return this.#link.dropPush(status);
    // Not even its first byte may wait here: the rest would be taken for the reply to the next request.
    if (head === null) return this.#link.fault(failures.backendStray);
    if (status === ParseStatus.Complete) {
      const { attributeBytes, end } = frame;
      if (this.profile.version === 3) head.attributeBytes = attributeBytes;
      this.#deliver(head, start + attributeBytes, end, frame.isError);
      return this.#link.socket !== null;
    }
    if (status !== ParseStatus.Incomplete) return this.#link.fault(failures.backendMalformed);
    if (parser.frameBytes > HAND_OVER_BYTES && !isDiscarded) {
      head.receiver!.onLargeReply(head, parser.frameBytes);
    }
    return false;
  }

  /**
   * The invariants: replies are awaited over a socket only, and what is queued is in order.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    const link = this.#link;
    this.inflight.checkInvariants();
    holds(link.isReady === (link.state === LinkState.Ready), "a link is ready in one state only");
    if (this.inflight.awaiting > 0) holds(link.socket !== null, "replies are awaited of a socket");
    if (link.state === LinkState.Idle) {
      holds(this.inflight.awaiting === 0, "an idle link owes no replies");
      holds(link.socket === null, "an idle link has no socket");
    }
    if (this.inflight.size === 0) {
      holds(this.#outbox.keptBytes === 0, "an empty queue keeps no bytes");
    }
    if (this.inflight.awaiting > 0) {
      holds(link.isWatched, "there is a deadline for what a backend owes");
    }
    if (link.isReady && this.inflight.unsent > 0) {
      const { isDirty, writingSinceMs } = link.socket!;
      holds(isDirty || writingSinceMs > 0, "what can be sent is being written");
    }
    if (this.#slices.isBehind) {
      holds(link.socket !== null, "what waits to be parsed came of a socket");
    }
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    const link = this.#link;
    return {
      backend: this.backend.address,
      link: nameOf(LinkState, link.state),
      hasSocket: link.socket !== null,
      isReady: link.isReady,
      isClosing: link.isClosing,
      isDedicated: this.#isDedicated,
      isProbe: this.#isProbe,
      isSuspect: this.isSuspect,
      isBehind: this.#slices.isBehind,
      keptBytes: this.#outbox.keptBytes,
      unwrittenBytes: this.log.unwrittenBytes,
      inflight: this.inflight.describeState(),
    };
  }

  #deliver(exchange: Exchange, start: number, end: number, isError: boolean): void {
    const { buffer } = this.#replies;
    this.inflight.shift();
    if (!this.#link.hasAnswered) this.#link.answered(isError);
    const receiver = exchange.receiver;
    const { row } = exchange;
    if (row !== null) {
      const { realMs } = this.#context.clock;
      const { startedAtMs, handedAtMs } = exchange;
      this.backend.durations.record(row, startedAtMs, handedAtMs, realMs);
      if (isError) this.backend.errorReplies += 1;
      const isSlow = realMs - startedAtMs >= this.#context.watch.slowMs;
      // What has failed was told of then.
      if (isSlow && receiver !== null) this.#context.watch.slow(exchange, this, null);
    }
    if (receiver === null) {
      buffer.consume(end);
    } else if (receiver.generation !== exchange.generation) {
      exchange.receiver = null;
      this.#link.fault(failures.generationMismatch);
    } else {
      if (this.isSuspect) this.backend.answeredInTime();
      if (end - start > HAND_OVER_BYTES) {
        const { watch } = this.#context;
        if (end - start >= watch.bigBytes) watch.big(exchange, this, end - start, "reply");
        receiver.onReply(exchange, buffer.handOver(end), start, end, isError, true);
      } else {
        buffer.consume(end);
        receiver.onReply(exchange, buffer.bytes, start, end, isError, false);
      }
    }
    this.#release(exchange);
  }

  /** Times out what waited too long; false when nothing is left to watch. */
  #checkReplies(nowMs: number): boolean {
    const { readTimeoutMs } = this.#limits;
    if (isSilent(this.inflight, this.#replies, nowMs, readTimeoutMs)) {
      return this.#link.drop(failures.backendSilent);
    }
    const overdue = overdueExchanges(this.inflight, this.#replies, nowMs, readTimeoutMs);
    for (const exchange of overdue) this.#fail(exchange, failures.backendTimeout);
    if (overdue.length > 0 && !this.#isProbe) this.backend.timedOut(overdue.length);
    return true;
  }

  /** Tells the receiver; the exchange keeps its place in the queue and its reply will be dropped. */
  #fail(exchange: Exchange, failure: Failure): void {
    const receiver = exchange.receiver;
    if (receiver === null) return;
    // Who has given up the connection itself needs no failure, told or counted.
    if (receiver.generation !== exchange.generation) return exchange.swallow();
    if (exchange.row !== null) this.#context.watch.failed(exchange, this, failure);
    exchange.swallow();
    this.#context.metrics.countFailure(failure);
    this.backend.requestFailed(failure);
    receiver.onFailure(exchange, failure, this.backend.shownAddress);
  }

  #refuse(exchange: Exchange, failure: Failure): void {
    this.#fail(exchange, failure);
    this.#context.requests.releaseExchange(exchange);
  }

  #release(exchange: Exchange): void {
    this.#outbox.letGo(exchange);
    this.#context.requests.releaseExchange(exchange);
  }

  #failAll(failed: readonly Exchange[], failure: Failure): void {
    for (const exchange of failed) {
      if (!this.#isTaken(exchange, failure)) this.#fail(exchange, failure);
      this.#release(exchange);
    }
  }

  /** Whether a request of which this backend cannot have seen a byte goes on elsewhere. */
  #isTaken(exchange: Exchange, failure: Failure): boolean {
    const { receiver, isSent, generation } = exchange;
    if (isSent || receiver === null || receiver.generation !== generation) return false;
    if (this.#isDedicated || failure.source !== "backend") return false;
    return this.#context.takeUnsent(exchange, failure);
  }
}
