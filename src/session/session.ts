/**
 * One client: its bytes are parsed, its requests dispatched, its replies written in order. Whatever stops a
 * client from being parsed on stops this client only.
 *
 * @module
 */
import type { BackendConnection } from "../backend/connection.ts";
import type { DrainWaiter } from "../backend/drain_waiters.ts";
import { READ_LARGE_BYTES, ReceiveBuffer } from "../bytes/receive_buffer.ts";
import { SendLog } from "../bytes/send_log.ts";
import { type Endpoint, formatPeer } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { holds, nameOf } from "../invariant.ts";
import { type ByteReceiver, type Space, spaceOf } from "../net/byte_receiver.ts";
import type { TurnTask } from "../net/flush_queue.ts";
import type { LongTask } from "../net/turn_budget.ts";
import type { Connection, Socket } from "../net/io_engine.ts";
import { isWriteOverdue } from "../net/write_deadline.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import {
  type Dialect,
  ParseStatus,
  type Profiles,
  type RequestFrame,
  type RequestParser,
} from "../protocol/protocol.ts";
import type { Exchange } from "../request/exchange.ts";
import type { Request, RequestOwner, Split } from "../request/request.ts";
import { type Listed, NOT_LISTED } from "../member_list.ts";
import { dispatch, type DispatchSession } from "./dispatch.ts";
import { Dispatched, type DispatchedCode, type LongDispatch } from "./long_dispatch.ts";
import { type ClientStage, type DeferredReply, REPEATED } from "./stages.ts";
import { type DeferredReplyOwner, QueuedReply } from "./deferred_reply.ts";
import type { OutputWaiter } from "./output_share.ts";
import { dispatchMetered, type Meter } from "./meter.ts";
import type { KeySampler } from "./key_sampler.ts";
import { ParseHold } from "./parse_hold.ts";
import { ReplyQueue, type ReplyQueueOwner } from "./reply_queue.ts";
import type { SessionContext } from "./session_context.ts";
import { reportEnd, reportMalformed } from "./session_end.ts";
import { SessionState, type SessionStateCode } from "./session_state.ts";
import { WriteWatch, type WritingClient } from "./write_watch.ts";

/** One client's connection. */
export class Session
  implements
    ByteReceiver,
    DispatchSession,
    DrainWaiter,
    DeferredReplyOwner,
    Listed,
    LongTask,
    OutputWaiter,
    ReplyQueueOwner,
    RequestOwner,
    TurnTask,
    WritingClient {
  isQueued = false;
  listedAt: number = NOT_LISTED;
  stage: ClientStage | null = null;
  /** What limits its requests; null for all where none is configured. */
  meter: Meter | null = null;
  isMuted = false;
  isMovingOn = false;
  readonly connectedAtMs: number;
  lastRequestAtMs: number;
  lastRow: SessionContext["frame"]["row"] = null;
  readonly number: number;
  readonly buffer: ReceiveBuffer;
  readonly output: ReplyQueue;
  dialect: Dialect;
  profiles: Profiles;
  readonly #context: SessionContext;
  /** Null until the first bytes show how the client speaks. */
  #parser: RequestParser | null = null;
  readonly #log: SendLog;
  readonly #replies: ReplyQueue;
  readonly #socket: Socket;
  readonly #hold: ParseHold;
  readonly #writeWatch = new WriteWatch(this);
  #state: SessionStateCode = SessionState.Open;
  /** Parsing stopped with bytes left, for one of the reasons above or a limit. */
  #isStalled = false;
  /** A request at hand may be answered at once: that must not be taken for the last one. */
  #isParsing = false;
  #isScheduled = false;
  /** The request at hand has had to wait, and comes again. */
  #isShownAgain = false;
  /** When bytes came last, milliseconds on the worker's clock. */
  #readAtMs = 0;
  /** The request at hand, if it takes several turns. */
  #long: LongDispatch | null = null;
  #failure: Failure | null = null;

  constructor(connection: Connection, number: number, context: SessionContext) {
    this.number = number;
    this.#context = context;
    this.connectedAtMs = context.clock.realMs;
    this.lastRequestAtMs = context.clock.realMs;
    // No larger array for a read: there may be thousands of clients.
    const { arrays, engine } = context;
    this.buffer = new ReceiveBuffer(arrays, engine.readBytesMin, READ_LARGE_BYTES);
    this.dialect = context.protocol;
    this.profiles = this.dialect.profiles;
    this.#log = new SendLog(context.chunks);
    this.output = this.#replies = new ReplyQueue(context, this.#log, this);
    this.#hold = new ParseHold(context);
    this.#socket = connection.open(this, this.#log);
    context.metrics.clientsConnected += 1;
    context.metrics.clientsAccepted += 1;
  }

  get id(): number {
    return this.#context.firstClientId + this.number;
  }

  get local(): Endpoint | null {
    return this.#socket.local;
  }

  get peer(): Endpoint | null {
    return this.#socket.peer;
  }

  get hasRequestsInFlight(): boolean {
    return this.#replies.size > 0;
  }

  get isIdle(): boolean {
    return this.#replies.size === 0 && this.buffer.pending === 0 && this.#log.unwrittenBytes === 0;
  }

  /** Bytes that it has taken. */
  get takenBytes(): number {
    return this.#log.writtenBytes;
  }

  /** What its buffers take: what is read and not carried out, replies that wait, and what TLS and its state keep. */
  get heldBytes(): number {
    const ownBytes = (this.#socket.ownBytes ?? 0) + (this.stage?.heldBytes ?? 0);
    return this.buffer.bytes.length + this.#replies.heldBytes + ownBytes;
  }

  /** What it is, for the log. */
  get holderFields(): Record<string, string | number> {
    return { client: this.id, address: formatPeer(this.peer) };
  }

  /** Whether a request is being sent that takes several turns. */
  get isSendingLong(): boolean {
    return this.#long?.isEnqueued ?? false;
  }

  get hasEnded(): boolean {
    return this.#state === SessionState.Ended;
  }

  get isClosed(): boolean {
    return this.#state === SessionState.Closed;
  }

  /** The limits may be others: what held it back may be over. */
  limitsChanged(): void {
    this.#replies.limitsChanged();
    this.parseOn();
  }

  /** Begins to read. */
  start(): void {
    this.#socket.resume();
  }

  /** Closes now, whatever is due; `failure` is counted and logged. */
  close(failure: Failure): void {
    if (this.isClosed) return;
    this.#failure = failure;
    this.#socket.close(null);
  }

  reserve(): Space | null {
    const buffer = this.buffer;
    if (this.#state >= SessionState.Finishing && this.#long === null) {
      // Read and dropped: closing with bytes unread resets the connection, and replies on their way are lost.
      buffer.consume(buffer.received);
      buffer.prepare(0);
    } else if (this.#isStalled) {
      if (buffer.pending >= this.#context.limits.readAheadBytes) return null;
      buffer.prepare(0);
    } else {
      buffer.prepare(buffer.pending === 0 ? 0 : this.#parser!.frameBytes);
    }
    return spaceOf(buffer.bytes, buffer.received, buffer.bytes.length);
  }

  commit(byteCount: number): void {
    this.buffer.commit(byteCount);
    this.#context.metrics.clientReceivedBytes += byteCount;
    this.#readAtMs = this.#context.clock.nowMs;
    if (this.#parser === null) this.#chooseDialect();
    if (this.#isStalled) this.#stall();
    else this.#parse(this.#context.engine.flushQueue.budget.grant());
  }

  rested(): void {
    this.buffer.rest();
  }

  wrote(): void {
    this.#replies.taken();
    this.parseOn();
  }

  ended(): void {
    // No read has the array any more.
    this.buffer.rest();
    this.#goTo(SessionState.Ended);
    if (!this.#dropsInput()) this.#closeIfDone();
  }

  closed(error: unknown): void {
    this.#goTo(SessionState.Closed);
    reportEnd(
      this.#context,
      this.id,
      this.#failure ?? (error === null ? null : failures.clientReset),
    );
    this.#long?.abandon();
    this.#writeWatch.end();
    this.stage?.onClose();
    this.stage = null;
    this.#replies.abandon();
    this.#log.clear();
    this.buffer.abandon();
    this.#context.sessionEnded(this);
  }

  checkWrite(nowMs: number): boolean {
    if (this.#socket.writingSinceMs === 0) return this.#socket.isDirty;
    const { engine, limits } = this.#context;
    // Whoever still sends may read when all is sent.
    if (nowMs - this.#readAtMs <= limits.writeTimeoutMs) return true;
    if (!isWriteOverdue(this.#socket, engine, nowMs, limits.writeTimeoutMs)) return true;
    this.close(failures.clientWriteTimeout);
    return false;
  }

  enqueue(isQuiet: boolean): Request {
    const { requests, clock } = this.#context;
    const request = requests.takeRequest();
    request.begin(this, isQuiet || this.isMuted, clock.realMs);
    this.#replies.push(request);
    return request;
  }

  reply(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const { metrics, frame } = this.#context;
    if (this.dialect.isErrorReply(bytes, start, end)) metrics.countFailed(frame.row);
    this.#say(bytes, start, end);
  }

  #say(bytes: Uint8Array, start: number, end: number): void {
    if (this.#replies.size === 0) {
      // Nothing to write (memcache's noreply) must not leave an idle client with a chunk.
      if (end > start && !this.isMuted) this.#log.append(bytes, start, end);
      this.#flush();
    } else {
      const request = this.enqueue(false);
      this.#replies.answer(request, bytes, start, end, false);
    }
  }

  answerLater(goesOn = false): DeferredReply {
    if (!goesOn) this.#hold.isHeld = true;
    const { frame } = this.#context;
    const request = this.enqueue(false);
    request.mark(frame);
    return new QueuedReply(this, request, frame.row);
  }

  settle(
    request: Request,
    row: CommandRow | null,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    if (this.dialect.isErrorReply(bytes, start, end)) this.#context.metrics.countFailed(row);
    if (this.#replies.wouldOverflow(request, end - start)) {
      this.close(failures.clientOutputLimit);
    } else {
      this.#replies.answer(request, bytes, start, end, isOwned);
      this.#flush();
    }
  }

  settleFailed(
    request: Request,
    row: CommandRow | null,
    failure: Failure,
    address: string,
  ): void {
    this.#context.metrics.countFailed(row);
    this.fail(request, failure, address);
  }

  settlePart(bytes: Uint8Array, start: number, end: number): void {
    this.#log.append(bytes, start, end);
    this.#flush();
  }

  push(bytes: Uint8Array, start = 0, end: number = bytes.length, isShared = false): void {
    // What only waits for a later turn is not the client's fault.
    if (this.#socket.mayBeLate && this.#replies.isFull(end - start)) this.#socket.flush();
    if (this.#state >= SessionState.Leaving) return;
    if (this.#replies.isFull(end - start)) return this.close(failures.clientOutputLimit);
    if (isShared) this.#log.adopt(bytes, start, end);
    else this.#log.append(bytes, start, end);
    this.#flush(true);
  }

  parseOn(): void {
    if (this.#isStalled) this.#scheduleParse();
  }

  windowOpened(): void {
    this.parseOn();
  }

  delivered(): void {
    this.#flush();
  }

  outputTaken(): void {
    this.parseOn();
  }

  goOnLater(work: LongDispatch): DispatchedCode {
    this.#long = work;
    return Dispatched.GoesOn;
  }

  /** Says `reply` to a client that has asked for nothing yet, and closes it behind that; `failure` is counted. */
  refuse(failure: Failure, reply: Uint8Array): void {
    this.#goTo(SessionState.Finishing);
    this.#context.metrics.countFailure(failure);
    this.#context.metrics.otherErrors += 1;
    this.#say(reply, 0, reply.length);
  }

  closeWhenAnswered(): void {
    this.#goTo(SessionState.Finishing);
  }

  /** Reads nothing more, and closes when what is owed has left: at once where nothing is. */
  finish(): void {
    this.#goTo(SessionState.Finishing);
    // A request that takes several turns is under way, and goes on to its reply.
    if (this.#long === null) this.#isStalled = false;
    this.#closeIfDone();
  }

  leave(): void {
    this.#goTo(SessionState.Leaving);
    this.#isStalled = false;
    this.#socket.closeWhenWritten();
  }

  fail(request: Request, failure: Failure, address: string): void {
    this.#replies.fail(request, failure, address);
    this.#flush();
  }

  failFragment(request: Request, fragment: number, failure: Failure, address: string): void {
    this.#countFailedPart(request.split!);
    this.#replies.failFragment(request, request.split!.parts[fragment]!, failure, address);
    this.#flush();
  }

  get isCongested(): boolean {
    return this.#hold.congestedBackends > 0;
  }

  sentOver(connection: BackendConnection): void {
    this.#hold.congestedBackends += 1;
    connection.waitForDrain(this);
  }

  backendDrained(): void {
    this.#hold.congestedBackends -= 1;
    this.parseOn();
  }

  requestReplied(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void {
    if (isError && this.#isDealtWith(request, exchange, bytes, start, end)) return;
    if (end - start > 0 && this.#replies.wouldOverflow(request, end - start)) {
      return this.close(failures.clientOutputLimit);
    }
    if (request.split === null) {
      // A client of RESP3 gets the attributes, too. Where a reply is one of several, they are dropped.
      this.#replies.answer(request, bytes, start - exchange.attributeBytes, end, isOwned);
    } else {
      const fragment = request.split.parts[exchange.fragment]!;
      if (!this.#replies.answerFragment(request, fragment, bytes, start, end, isOwned)) return;
    }
    this.#flush();
  }

  /** Whether an error reply is not passed on: its request is sent again, or fails otherwise. */
  #isDealtWith(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const { router, metrics, local } = this.#context;
    if (router.onErrorReply(exchange, bytes, start, end)) return true;
    const verdict = local.onErrorReply?.(request, exchange, bytes, start, end) ?? null;
    if (verdict === REPEATED) return true;
    if (verdict !== null) {
      this.requestFailed(request, exchange, verdict, exchange.sentTo!.shownAddress);
    } else if (request.split !== null) {
      this.#countFailedPart(request.split);
    } else if (exchange.row !== null) {
      metrics.countFailed(exchange.row);
    }
    return verdict !== null;
  }

  requestFailed(request: Request, exchange: Exchange, failure: Failure, address: string): void {
    if (request.split !== null) {
      return this.failFragment(request, exchange.fragment, failure, address);
    }
    if (exchange.row !== null) this.#context.metrics.countFailed(exchange.row);
    this.fail(request, failure, address);
  }

  /** A split request counts once, however many of its parts fail. */
  #countFailedPart(split: Split): void {
    if (!split.hasFailed) this.#context.metrics.countFailed(split.row);
    split.hasFailed = true;
  }

  requestRedirected(_request: Request): void {
    this.#hold.isHeld = true;
  }

  requestGrows(request: Request, byteCount: number): void {
    if (this.#replies.wouldOverflow(request, byteCount)) this.close(failures.clientOutputLimit);
  }

  #chooseDialect(): void {
    const { protocol, frame } = this.#context;
    this.dialect = protocol.dialectOf?.(this.buffer.bytes[this.buffer.consumed]!) ?? protocol;
    this.#replies.dialect = this.dialect;
    this.profiles = this.dialect.profiles;
    this.#parser = this.dialect.createRequestParser(frame);
  }

  /** Parses and dispatches until the bytes are used up, something holds this client back, or others have their turn. */
  #parse(stopAt: number): void {
    const { buffer } = this;
    const context = this.#context;
    const parser = this.#parser!;
    const { flushQueue } = context.engine;
    const { budget } = flushQueue;
    this.lastRequestAtMs = context.clock.realMs;
    const { requestBytesMax } = context.limits;
    // Mostly all that is there is less: then no request is looked at for its size.
    const mayBeTooLarge = buffer.received - buffer.consumed > requestBytesMax;
    while (buffer.consumed < buffer.received && this.#state < SessionState.Finishing) {
      if (!this.#mayParse()) return this.#stall();
      if (budget.done >= stopAt) {
        this.#isStalled = true;
        return flushQueue.workOn(this);
      }
      budget.done += 1;
      const status = parser.parse(buffer.bytes, buffer.consumed, buffer.received);
      if (status === ParseStatus.Complete) {
        if (mayBeTooLarge && parser.frame.end - buffer.consumed > requestBytesMax) {
          return this.#refuseLarge();
        }
        this.lastRow = parser.frame.row;
        if (context.sampler !== null) this.#sample(context.sampler, parser.frame);
        const { meter } = this;
        const dispatched = meter === null
          ? dispatch(context, this, parser.frame)
          : dispatchMetered(context, this, meter, parser.frame);
        if (dispatched !== Dispatched.Done) {
          if (dispatched === Dispatched.GoesOn) {
            context.metrics.countRequest(parser.frame.row);
            flushQueue.workOn(this);
          } else {
            this.#isShownAgain = true;
            this.#hold.isHeld = true;
            if (this.hasEnded && this.#dropsInput()) return;
          }
          return this.#stall();
        }
        context.metrics.countRequest(parser.frame.row);
        if (this.isClosed) return;
        buffer.consume(parser.frame.end);
      } else if (status === ParseStatus.Incomplete) {
        if (parser.keepFrom > buffer.consumed) buffer.consume(parser.keepFrom);
        if (this.stage !== null && this.#isTooLarge(parser.frameBytes)) return;
        if (parser.frameBytes > requestBytesMax) return this.#refuseLarge();
        break;
      } else {
        this.#refuseInput();
      }
    }
    this.#closeIfDone();
  }

  /** Has the keys of the request at hand sampled, once. */
  #sample(sampler: KeySampler, frame: RequestFrame): void {
    if (this.#isShownAgain) this.#isShownAgain = false;
    else sampler.see(frame, this.buffer.bytes);
  }

  /** Whether the stage allows no request of this size: then the client is closed. */
  #isTooLarge(byteCount: number): boolean {
    const limit = this.stage?.requestBytesMax ?? Infinity;
    if (byteCount > limit) this.close(failures.clientStranger);
    return byteCount > limit;
  }

  /** A request beyond the limit gets an error in its turn, and is the last: what is left of it is read and dropped. */
  #refuseLarge(): void {
    const { frame } = this.#context;
    const request = this.enqueue(false);
    if (frame.operation >= 0) request.mark(frame);
    this.#goTo(SessionState.Finishing);
    this.#context.metrics.countFailure(failures.clientRequestLimit);
    this.#context.metrics.otherErrors += 1;
    this.fail(request, failures.clientRequestLimit, "");
  }

  /** What is read so far has to wait. */
  #stall(): void {
    this.#isStalled = true;
    if (this.stage === null || this.buffer.pending < this.#context.limits.readAheadBytes) return;
    this.stage.onInputFull?.();
  }

  /** Behind the end of the input: whether the stage drops the request that has to wait, and all behind it. */
  #dropsInput(): boolean {
    if (this.stage === null || !this.stage.onInputEnd()) return false;
    this.#isStalled = false;
    this.#goTo(SessionState.Finishing);
    this.#closeIfDone();
    return true;
  }

  #mayParse(): boolean {
    const long = this.#long;
    if (long !== null) return this.#hold.continues(this.#replies.size - (long.isEnqueued ? 1 : 0));
    return this.#hold.allows(this.#replies.size, this.#replies.inFlightMax) &&
      this.#replies.mayGrow(this);
  }

  #refuseInput(): void {
    const { refusal } = this.#context.frame;
    reportMalformed(this.#context, this.id, this.buffer.bytes[this.buffer.consumed]!);
    this.#goTo(SessionState.Finishing);
    if (refusal === null) return;
    this.#context.metrics.otherErrors += 1;
    this.#say(refusal, 0, refusal.length);
  }

  /** After a reply, or what is pushed: writes it, and looks whether what held this client back is over. */
  #flush(isPushed = false): void {
    const { flushQueue } = this.#context.engine;
    if (isPushed) flushQueue.addLater(this.#socket);
    else flushQueue.add(this.#socket);
    this.#context.clock.watch(this.#writeWatch);
    if (this.#isStalled) this.#scheduleParse();
    else this.#closeIfDone();
  }

  /** Parses on behind this turn: never within a reply's delivery. */
  #scheduleParse(): void {
    if (this.#isScheduled || this.isQueued || !this.#mayParse()) return;
    this.#isScheduled = true;
    this.#context.engine.flushQueue.defer(this);
  }

  runAtTurnEnd(): void {
    this.#isScheduled = false;
    this.#parseStalled(this.#context.engine.flushQueue.budget.grant());
  }

  work(pieces: number): number {
    const { budget } = this.#context.engine.flushQueue;
    const before = budget.done;
    if (this.#isStalled) this.#parseStalled(before + pieces);
    return budget.done - before;
  }

  /** Goes on with a request that takes several turns; false where it is not done, or its client is gone. */
  #goOn(long: LongDispatch, stopAt: number): boolean {
    const { buffer } = this;
    const { engine } = this.#context;
    const dispatched = long.goOn(buffer.bytes, buffer.consumed, stopAt);
    if (this.isClosed) return false;
    if (dispatched === Dispatched.GoesOn) {
      // If it is not its grant that is used up, somebody tells this client when it can go on.
      if (engine.flushQueue.budget.done >= stopAt) engine.flushQueue.workOn(this);
      return false;
    }
    this.#long = null;
    buffer.consume(long.frameEnd);
    return true;
  }

  #parseStalled(stopAt: number): void {
    if (this.isClosed) return;
    this.#replies.widen();
    if (!this.#mayParse()) return;
    if (this.#long !== null && !this.#goOn(this.#long, stopAt)) return;
    this.#isStalled = false;
    this.#isParsing = true;
    this.#parse(stopAt);
    this.#isParsing = false;
    if (this.isClosed) return;
    this.#closeIfDone();
    this.#socket.resume();
  }

  /**
   * The invariants between two turns.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    this.#replies.checkInvariants();
    holds(!this.#isParsing, "nothing is parsed between two turns");
    holds(this.#hold.congestedBackends >= 0, "no backend is drained that was not congested");
    if (this.#long !== null && !this.isClosed) {
      holds(this.#isStalled, "a long request stalls others");
    }
    if (this.#state >= SessionState.Leaving) {
      // Who is in a blocking command as it leaves has no reply to it; all before it were answered.
      holds(this.#replies.size <= 1, "whoever leaves is owed no more than what it waits in");
      holds(!this.#isStalled || this.isClosed, "whoever leaves is not parsed on");
    }
    if (this.isClosed) {
      holds(this.stage === null, "a closed client has no stage");
      holds(this.#log.unwrittenBytes === 0, "nothing is written to a closed client");
    }
    if (!this.isClosed && this.#log.unwrittenBytes > 0) {
      const { isDirty, writingSinceMs } = this.#socket;
      holds(isDirty || writingSinceMs > 0, "what a client is owed is being written");
      holds(this.#writeWatch.isWatched, "a client has a deadline to take what it is owed");
    }
    if (this.#mustParseOn) {
      holds(this.isQueued || this.#isScheduled, "whom nothing holds back is parsed on");
    }
    if (this.#state !== SessionState.Ended && this.#state !== SessionState.Finishing) return;
    const mayStay = this.#replies.size > 0 || this.#isStalled;
    holds(mayStay, "whoever wants no more stays only for what is due");
  }

  /** Whether it is stalled, and waits neither for replies nor for anybody else. */
  get #mustParseOn(): boolean {
    if (!this.#isStalled || this.isClosed || this.#isShownAgain || this.#long !== null) {
      return false;
    }
    return this.#replies.size === 0 && this.#hold.congestedBackends === 0 && this.stage === null &&
      this.#replies.waitingBytes === 0;
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    return {
      id: this.id,
      state: nameOf(SessionState, this.#state),
      isStalled: this.#isStalled,
      isParsing: this.#isParsing,
      isScheduled: this.#isScheduled,
      isQueued: this.isQueued,
      isShownAgain: this.#isShownAgain,
      isHeld: this.#hold.isHeld,
      congestedBackends: this.#hold.congestedBackends,
      long: this.#long === null ? null : { isEnqueued: this.#long.isEnqueued },
      stage: this.stage?.constructor.name ?? null,
      failure: this.#failure?.name ?? null,
      unparsedBytes: this.buffer.pending,
      unwrittenBytes: this.#log.unwrittenBytes,
      replies: this.#replies.describeState(),
    };
  }

  /** Closes a client that wants no more once all that it asked for is on its way. */
  #closeIfDone(): void {
    if (this.#state === SessionState.Open || this.#isStalled || this.#isParsing) return;
    if (this.#replies.size > 0) return;
    this.leave();
  }

  #goTo(state: SessionStateCode): void {
    if (state > this.#state) this.#state = state;
  }
}
