/**
 * One connection to a backend, shared by many clients and pipelined. The object outlives its socket:
 *
 * ```text
 *   idle ──request──► connecting ──► handshaking ──last OK──► ready
 *    ▲                    │               │                     │
 *    └────── failed: back-off ◄───────────┴──── lost ◄──────────┘
 * ```
 *
 * Replies answer exchanges strictly in order. Whatever does not fit (a reply without an exchange, a malformed
 * frame, an exchange of another generation) closes the connection: a reply can go missing, never astray.
 *
 * @module
 */
import { type Chunk, HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { SendLog } from "../bytes/send_log.ts";
import type { Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { ByteReceiver, Space } from "../net/byte_receiver.ts";
import type { Connection, DialListener, Socket } from "../net/io_engine.ts";
import { type SlicedParser, SlicedParsing } from "../net/sliced_parsing.ts";
import { isWriteOverdue } from "../net/write_deadline.ts";
import {
  ParseStatus,
  type ParseStatusCode,
  type Profile,
  ReplyKind,
} from "../protocol/protocol.ts";
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import type { BackendContext, BackendLimits } from "./backend_context.ts";
import type { ConnectionOptions, ConnectionOwner } from "./connection_owner.ts";
import { ConnectionState, type ConnectionStateCode } from "./connection_state.ts";
import { Connector } from "./connector.ts";
import { type DrainWaiter, DrainWaiters } from "./drain_waiters.ts";
import type { InflightQueue } from "./inflight_queue.ts";
import { Outbox } from "./outbox.ts";
import { isOverdue, isSilent, overdueExchanges } from "./reply_deadlines.ts";
import { ReplyStream } from "./reply_stream.ts";

/** One pipelined connection to a backend, shared by many clients. Replies answer exchanges in order, else it closes. */
export class BackendConnection implements ByteReceiver, DialListener, SlicedParser, Watched {
  isWatched = false;
  state: ConnectionStateCode = ConnectionState.Idle;
  readonly log: SendLog;
  readonly inflight: InflightQueue;
  readonly backend: ConnectionOwner;
  readonly profile: Profile;
  readonly #context: BackendContext;
  readonly #limits: BackendLimits;
  readonly #outbox: Outbox;
  readonly #replies: ReplyStream;
  readonly #slices: SlicedParsing;
  readonly #connector: Connector;
  #socket: Socket | null = null;
  #isClosing = false;
  #closeReason: Failure = failures.backendClosed;
  readonly #waiters = new DrainWaiters();
  readonly #isDedicated: boolean;
  readonly #isProbe: boolean;
  /** A request timed out, here or on another connection of the backend, and none was answered since. */
  isSuspect = false;
  /** Called when its socket is lost or could not be had, whatever was due. */
  onLost: ((failure: Failure) => void) | null = null;

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
    this.#isProbe = options.isProbe ?? false;
    this.#connector = new Connector(backend, context, { profile, limits, keepsBackoff }, this);
    const { arrays, chunks, clock, engine, protocol, retainsRequests } = context;
    const parser = protocol.createReplyParser(profile);
    this.#replies = new ReplyStream(arrays, parser, engine.readBytesMin);
    this.#slices = new SlicedParsing(engine.flushQueue, this);
    this.#outbox = new Outbox(chunks, clock, this.#replies, retainsRequests);
    this.log = this.#outbox.log;
    this.inflight = this.#outbox.inflight;
  }

  /** Whether it has a socket that went through its handshake. */
  get isConnected(): boolean {
    return this.state === ConnectionState.Ready;
  }

  /** Whether replies that have come wait for a later turn. */
  get isBehind(): boolean {
    return this.#slices.isBehind;
  }

  /** Whether a new request would fail at once. */
  get isInBackoff(): boolean {
    return this.state === ConnectionState.Idle && !this.#connector.mayConnect;
  }

  /** Whether a request would be sent now, and nothing sent before it is overdue. */
  get isUsable(): boolean {
    if (this.state !== ConnectionState.Ready) return false;
    const { nowMs } = this.#context.clock;
    return !isOverdue(this.inflight, this.#replies, nowMs, this.#limits.readTimeoutMs);
  }

  /** Whether so much waits to be written that clients should be held back. */
  get isCongested(): boolean {
    return this.log.unwrittenBytes > this.#limits.queueSoftBytes;
  }

  /** From now on every request fails at once with `failure`, and nothing is connected to; it has no socket yet. */
  bar(failure: Failure): void {
    this.#connector.barredBy = failure;
  }

  /** Connects ahead of the first request, unless in back-off. */
  open(): void {
    if (this.state === ConnectionState.Idle && this.#connector.mayConnect) this.#connect();
  }

  /** Lets its socket go and makes no other: what comes meanwhile waits. Only where nothing is in flight. */
  park(): void {
    if (this.inflight.size > 0 || this.state === ConnectionState.Parked) return;
    this.close(failures.backendClosed);
    this.state = ConnectionState.Parked;
  }

  /** Connects again, for what has come meanwhile or will. */
  unpark(): void {
    if (this.state !== ConnectionState.Parked) return;
    this.state = ConnectionState.Idle;
    this.#connect();
  }

  /** Whether it is being made. */
  get isConnecting(): boolean {
    return this.state === ConnectionState.Connecting || this.state === ConnectionState.Handshaking;
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
    if (this.state === ConnectionState.Idle && !this.#connector.mayConnect) {
      this.#refuse(exchange, this.#connector.lastFailure);
      return false;
    }
    const queued = this.#outbox.queuedBytes;
    if (queued !== 0 && queued + byteCount > this.#limits.queueBytesMax) {
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
    this.backend.requests += 1;
    if (this.state === ConnectionState.Ready) this.#flush();
    else if (this.state === ConnectionState.Idle) this.#connect();
  }

  /** `waiter` hears once when the unwritten bytes have fallen to half the soft limit. */
  waitForDrain(waiter: DrainWaiter): void {
    this.#waiters.add(waiter);
  }

  /** Fails and forgets what was not sent yet: the backend left the ring or the cluster. */
  failUnsent(failure: Failure): void {
    const failed = this.#outbox.takeUnsent();
    this.wrote();
    this.#failAll(failed, failure);
  }

  /** Closes for good; everything in the queue fails with `failure`. */
  close(failure: Failure): void {
    this.#connector.cancel();
    this.#closeReason = failure;
    this.#isClosing = true;
    if (this.#socket !== null) this.#socket.close(null);
    else this.#lost(failure);
    this.#isClosing = false;
  }

  connected(connection: Connection): void {
    const socket = connection.open(this, this.log);
    this.#socket = socket;
    this.#replies.begin(this.#context.clock.nowMs);
    const handshake = this.#connector.beginHandshake();
    if (handshake === null) {
      this.#becomeReady();
    } else {
      this.state = ConnectionState.Handshaking;
      socket.writeFirst(handshake);
      this.#context.clock.watch(this);
    }
    socket.resume();
  }

  dialFailed(failure: Failure): void {
    this.#lost(failure);
  }

  reserve(): Space | null {
    return this.#slices.isBehind ? null : this.#replies.reserve();
  }

  commit(byteCount: number): void {
    this.#replies.commit(byteCount, this.#context.clock.nowMs);
    this.#slices.parse();
  }

  parsedAll(): void {
    this.#socket?.resume();
  }

  rested(): void {
    this.#replies.buffer.rest();
  }

  wrote(): void {
    if (this.#waiters.isEmpty) return;
    if (this.log.unwrittenBytes <= this.#limits.queueSoftBytes / 2) this.#waiters.wake();
  }

  ended(): void {
    this.#drop(failures.backendClosed);
  }

  closed(error: unknown): void {
    const reason = error === null ? this.#closeReason : failures.backendReset;
    const failure = this.#connector.lossReason(reason);
    this.#slices.parseRest();
    this.#socket = null;
    if (!this.#isClosing) this.#connector.lost(failure, this.inflight.awaiting > 0);
    this.#lost(failure);
  }

  onTick(nowMs: number): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    if (this.state === ConnectionState.Handshaking) {
      if (!this.#connector.isOverdue(nowMs)) return true;
      return this.#drop(failures.connectTimeout);
    }
    const { writeTimeoutMs } = this.#limits;
    if (isWriteOverdue(socket, this.#context.engine, nowMs, writeTimeoutMs)) {
      return this.#drop(failures.backendWriteTimeout);
    }
    if (this.inflight.awaiting === 0) return socket.writingSinceMs > 0;
    if (this.#slices.isBehind) return true;
    return this.#checkReplies(nowMs);
  }

  #connect(): void {
    this.state = ConnectionState.Connecting;
    this.#closeReason = failures.backendClosed;
    this.#connector.connect();
  }

  #becomeReady(): void {
    this.state = ConnectionState.Ready;
    this.#replies.pausedMs = 0;
    this.#socket!.isGated = false;
    if (this.inflight.unsent > 0) this.#flush();
  }

  /** Writes at the end of this turn, and looks at the deadlines from the next tick on. */
  #flush(): void {
    this.#context.engine.flushQueue.add(this.#socket!);
    this.#context.clock.watch(this);
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
      frame.attributeBytes === 0 && head !== null && this.state === ConnectionState.Ready
    ) {
      this.#deliver(head, start, frame.end, frame.isError);
      return this.#socket !== null;
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
    if (frame.kind === ReplyKind.Push) return this.#dropPush(status);
    // Not even its first byte may wait here: the rest would be taken for the reply to the next request.
    if (head === null && this.state === ConnectionState.Ready) {
      return this.#fault(failures.backendStray);
    }
    if (status === ParseStatus.Complete) {
      const { attributeBytes, end } = frame;
      if (this.state === ConnectionState.Handshaking) {
        return this.#handshakeReply(start + attributeBytes, end);
      }
      if (head === null) return this.#fault(failures.backendStray);
      if (this.profile.version === 3) head.attributeBytes = attributeBytes;
      this.#deliver(head, start + attributeBytes, end, frame.isError);
      return this.#socket !== null;
    }
    if (status !== ParseStatus.Incomplete) return this.#fault(failures.backendMalformed);
    if (parser.frameBytes > HAND_OVER_BYTES && head !== null && !isDiscarded) {
      head.receiver!.onLargeReply(head, parser.frameBytes);
    }
    return false;
  }

  /**
   * Drops a push that nobody asked for, which later servers may have invented: it answers nothing, so no reply is
   * mistaken for another by it. Its bytes are let go as they come.
   */
  #dropPush(status: ParseStatusCode): boolean {
    if (status === ParseStatus.Incomplete) return false;
    if (status !== ParseStatus.Complete) return this.#fault(failures.backendMalformed);
    const { buffer, parser } = this.#replies;
    buffer.consume(parser.frame.end);
    parser.frame.kind = ReplyKind.Reply;
    this.backend.pushDropped();
    return true;
  }

  #deliver(exchange: Exchange, start: number, end: number, isError: boolean): void {
    const { buffer } = this.#replies;
    this.inflight.shift();
    if (!this.#connector.hasAnswered) this.#connector.answered(isError);
    const receiver = exchange.receiver;
    if (receiver === null) {
      buffer.consume(end);
    } else if (receiver.generation !== exchange.generation) {
      exchange.receiver = null;
      this.#fault(failures.generationMismatch);
    } else {
      if (this.isSuspect || this.#isDedicated) this.backend.answeredInTime();
      if (!this.#isDedicated) {
        const elapsedMs = this.#replies.elapsedMs(this.#context.clock.nowMs, exchange.sentAtMs);
        this.#context.metrics.remoteTimer.observe(elapsedMs * 1000);
      }
      if (end - start > HAND_OVER_BYTES) {
        receiver.onReply(exchange, buffer.handOver(end), start, end, isError, true);
      } else {
        buffer.consume(end);
        receiver.onReply(exchange, buffer.bytes, start, end, isError, false);
      }
    }
    this.#release(exchange);
  }

  #handshakeReply(start: number, end: number): boolean {
    const { buffer } = this.#replies;
    const failure = this.#connector.acceptHandshake(buffer.bytes, start, end);
    if (failure !== null) return this.#drop(failure);
    buffer.consume(end);
    if (this.#connector.isHandshakeDone) this.#becomeReady();
    return true;
  }

  #fault(failure: Failure): false {
    this.#context.log.warning("Backend connection closed: its replies cannot be trusted", {
      backend: this.backend.address,
      reason: failure.name,
    });
    return this.#drop(failure);
  }

  /** Gives this socket up: what was not sent may go out on the next one. */
  #drop(failure: Failure): false {
    this.#closeReason = failure;
    this.#socket!.close(null);
    return false;
  }

  /** Times out what waited too long; false when nothing is left to watch. */
  #checkReplies(nowMs: number): boolean {
    const { readTimeoutMs } = this.#limits;
    if (isSilent(this.inflight, this.#replies, nowMs, readTimeoutMs)) {
      return this.#drop(failures.backendSilent);
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
    const isCurrent = receiver.generation === exchange.generation;
    exchange.swallow();
    this.#context.metrics.countFailure(failure);
    this.backend.requestFailed(failure);
    if (isCurrent) receiver.onFailure(exchange, failure, this.backend.address);
  }

  #refuse(exchange: Exchange, failure: Failure): void {
    this.#fail(exchange, failure);
    this.#context.requests.releaseExchange(exchange);
  }

  #release(exchange: Exchange): void {
    this.#outbox.letGo(exchange);
    this.#context.requests.releaseExchange(exchange);
  }

  /**
   * The socket is gone, or could not be had. What was handed to it fails; what was not goes out on the next
   * connection, unless there is a reason not to try.
   */
  #lost(failure: Failure): void {
    const { state } = this;
    const wasTrying = state === ConnectionState.Connecting || state === ConnectionState.Handshaking;
    this.state = ConnectionState.Idle;
    this.#replies.buffer.abandon();
    const failed = this.#outbox.takeSent();
    const isOver = wasTrying || this.#isClosing || this.#isDedicated;
    if (isOver || !this.#connector.mayConnect) {
      for (const exchange of this.#outbox.takeUnsent()) failed.push(exchange);
    } else if (this.inflight.unsent > 0) this.#connect();
    this.#waiters.wake();
    this.#failAll(failed, failure);
    const isTimeout = wasTrying && failure === failures.connectTimeout;
    if (isTimeout && !this.#isProbe) this.backend.timedOut(Math.max(1, failed.length));
    this.onLost?.(failure);
  }

  #failAll(failed: readonly Exchange[], failure: Failure): void {
    for (const exchange of failed) {
      this.#fail(exchange, failure);
      this.#release(exchange);
    }
  }
}
