/**
 * Replies leave in request order. The reply to the oldest request is copied straight to the client's send log;
 * one that came early is kept until its turn.
 *
 * @module
 */
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import { ReplyStore } from "../bytes/reply_store.ts";
import { SendLog } from "../bytes/send_log.ts";
import type { Failure } from "../failure.ts";
import { holds, nameOf, SHOWN_MAX } from "../invariant.ts";
import { KEYS_PER_PIECE, type LongTask } from "../net/turn_budget.ts";
import { type Dialect, type LongMerge, NO_OPERATION } from "../protocol/protocol.ts";
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import { Fragment, Request, RequestState, type Split } from "../request/request.ts";
import { OUTPUT_SOFT_BYTES, OutputShare, type OutputWaiter } from "./output_share.ts";
import type { SessionContext } from "./session_context.ts";

/**
 * Most requests in flight before replies have shown how long they are: so many of 1 MiB, the longest item of memcached,
 * have room below the default of `client_output_limit`. A server has to make what it is asked for, whether the client
 * is still there by then or not, and all others wait meanwhile. Each reply to a client that is held back lets one more
 * be in flight.
 */
export const UNMEASURED_REQUESTS_MAX = 64;

/** A reply above this many bytes is forgotten bit by bit, as the client takes what it is owed. */
const LONG_REPLY_BYTES = 4 * 1024;

/** Keys of a request whose replies are merged at once; those of more keys take several turns. */
const MERGED_KEYS_AT_ONCE_MAX = 4_096;

/** Whose replies they are. */
export interface ReplyQueueOwner {
  /** A reply was delivered outside of any call. */
  delivered(): void;
}

/** The requests of one client that are not answered, oldest first. */
export class ReplyQueue implements LongTask {
  isQueued = false;
  /** Requests in the queue. */
  size = 0;
  /** Requests that may be in flight, see {@link widen}. */
  inFlightMax = 0;
  /** The most that these may become: so many that there is room for replies as long as the longest of late. */
  #roomRequests = 0;
  /** Replies since the client was last held back, or owed nothing. */
  #answered = 0;
  /** Longest reply of late, bytes; 0 before the first. */
  #longestBytes = 0;
  readonly #share: OutputShare;
  /** How the client speaks. */
  dialect: Dialect;
  readonly #context: SessionContext;
  readonly #log: SendLog;
  readonly #store: ReplyStore;
  /** Where large merged replies stand among all bytes ever appended to the log, oldest first. */
  #merged: { start: number; end: number }[] | null = null;
  readonly #owner: ReplyQueueOwner | null;
  /** The merge of the oldest request, where that takes several turns: into a log of its own, which pushes pass. */
  #merge: LongMerge | null = null;
  #mergeLog: SendLog | null = null;
  #oldest: Request | null = null;
  #newest: Request | null = null;

  /** @param owner Hears of replies that were delivered in a later turn. */
  constructor(context: SessionContext, log: SendLog, owner: ReplyQueueOwner | null = null) {
    this.#context = context;
    this.#owner = owner;
    this.dialect = context.protocol;
    this.#log = log;
    this.#store = new ReplyStore(context.chunks);
    this.#share = new OutputShare(context.output);
    this.limitsChanged();
  }

  /** Bytes of replies that wait for their turn. */
  get keptBytes(): number {
    return this.#store.byteCount;
  }

  /** Bytes of replies that wait for their turn, or to be written. */
  get waitingBytes(): number {
    return this.#log.unwrittenBytes + this.#store.byteCount;
  }

  /** Bytes that replies take, those of a merge under way included. */
  get heldBytes(): number {
    return this.waitingBytes + (this.#mergeLog === null ? 0 : this.#mergeLog.unwrittenBytes);
  }

  /** Gives a request its place; before anything of it is sent. */
  push(request: Request): void {
    if (this.#newest === null) this.#oldest = request;
    else this.#newest.next = request;
    this.#newest = request;
    this.size += 1;
  }

  /**
   * Whether one more request may be sent, as far as its reply is concerned: there must be room for the replies to those
   * in flight as well. `waiter` hears when there is room again; not if only its own client has to take some.
   */
  mayGrow(waiter: OutputWaiter): boolean {
    const waiting = this.waitingBytes;
    if (waiting <= OUTPUT_SOFT_BYTES) return true;
    const { limits, output } = this.#context;
    this.#share.set(waiting);
    if (waiting + (this.size + 1) * this.#longestBytes > limits.outputBytesMax) return false;
    if (!output.isFull) return true;
    output.wait(waiter);
    return false;
  }

  /**
   * The client was held back, and is to be parsed on. As many more requests may be in flight from now on as replies
   * have come meanwhile, none of which was longer than expected: so nobody has more long replies under way than it has
   * had short ones, and {@link UNMEASURED_REQUESTS_MAX} beside them.
   */
  widen(): void {
    this.inFlightMax = Math.min(this.#roomRequests, this.inFlightMax + this.#answered);
    this.#answered = 0;
  }

  /** The limits are new, or may be others. */
  limitsChanged(): void {
    if (this.#longestBytes > 0) return this.#expect(this.#longestBytes);
    this.inFlightMax = Math.min(this.#context.limits.pipelineMax, UNMEASURED_REQUESTS_MAX);
    this.#roomRequests = this.inFlightMax;
  }

  /** The client has taken some. */
  taken(): void {
    if (this.#share.heldBytes > 0) this.#share.set(this.waitingBytes);
    if (this.size > 0 || this.#log.unwrittenBytes > 0) return;
    this.#answered = 0;
    if (this.#longestBytes > LONG_REPLY_BYTES) this.#expect(Math.floor(this.#longestBytes / 2));
  }

  /** Whether `byteCount` more that nobody asked for would pass the limit; they may if nothing else waits. */
  isFull(byteCount: number): boolean {
    const waiting = this.waitingBytes;
    return waiting > 0 && waiting + byteCount > this.#context.limits.outputBytesMax;
  }

  /** Whether `byteCount` more for a request would pass the limit beyond the reply being delivered. */
  wouldOverflow(request: Request, byteCount: number): boolean {
    if (byteCount > this.#longestBytes) this.#expect(byteCount);
    const waiting = this.waitingBytes;
    const most = this.#context.limits.outputBytesMax;
    if (waiting + byteCount <= OUTPUT_SOFT_BYTES && waiting + byteCount <= most) return false;
    return this.#overflows(request, byteCount, waiting, most);
  }

  /** The same beyond what a client may leave untaken without asking. */
  #overflows(request: Request, byteCount: number, waiting: number, most: number): boolean {
    this.#share.set(waiting + byteCount);
    if (waiting + byteCount <= most) return false;
    // One reply above the limit may pass, alone; a merged one is one reply.
    const gathered = request.split === null ? 0 : request.split.keptBytes;
    const front = this.#frontBytes();
    if (waiting - front === gathered) return false;
    const next = request === this.#oldest ? gathered + byteCount : this.#gatheredByOldest();
    return waiting + byteCount - Math.max(front, next) > most;
  }

  /** The whole reply to an unsplit request. */
  answer(request: Request, bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    request.exchange = null;
    if (request.isQuiet) request.isQuiet = !this.#breaksSilence(request, bytes, start, end);
    if (request === this.#oldest) {
      if (!request.isQuiet) this.#write(bytes, start, end, isOwned);
      this.#finishOldest(request);
    } else {
      this.#keep(request, bytes, start, end, isOwned);
    }
  }

  /** A reply came before its turn. */
  #keep(request: Request, bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    request.state = RequestState.Answered;
    if (request.isQuiet) return;
    request.chunk = isOwned
      ? this.#store.adopt(bytes, start, end)
      : this.#store.keep(bytes, start, end);
    request.replyEnd = request.chunk.filled;
    request.replyStart = request.replyEnd - (end - start);
  }

  /** Whether the client of a quiet request is to see this reply to it. */
  #breaksSilence(request: Request, bytes: Uint8Array, start: number, end: number): boolean {
    if (request.operation === NO_OPERATION) return false;
    return this.dialect.breaksSilence!(request, bytes, start, end);
  }

  /** An unsplit request has no reply. */
  fail(request: Request, failure: Failure, address: string): void {
    request.exchange = null;
    request.failure = failure;
    request.failureAddress = address;
    this.#settle(request);
  }

  /** The reply to one fragment of a split request; returns whether it was the last one due. */
  answerFragment(
    request: Request,
    fragment: Fragment,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): boolean {
    fragment.exchange = null;
    const chunk = isOwned
      ? this.#store.adopt(bytes, start, end)
      : this.#store.keep(bytes, start, end);
    fragment.chunk = chunk;
    fragment.bytes = chunk.bytes;
    fragment.end = chunk.filled;
    fragment.start = chunk.filled - (end - start);
    request.split!.keptBytes += end - start;
    return this.#fragmentSettled(request);
  }

  /** One fragment has no reply. */
  failFragment(request: Request, fragment: Fragment, failure: Failure, address: string): void {
    fragment.exchange = null;
    fragment.failure = failure;
    fragment.address = address;
    this.#fragmentSettled(request);
  }

  /** The client is gone: nobody waits for these replies any more. */
  abandon(): void {
    for (let request = this.#oldest; request !== null;) {
      const next: Request | null = request.next;
      request.exchange?.swallow();
      if (request.split !== null) {
        for (const fragment of request.split.parts) fragment.exchange?.swallow();
      }
      this.#letGo(request);
      this.#context.requests.releaseRequest(request);
      request = next;
    }
    this.#oldest = null;
    this.#newest = null;
    this.size = 0;
    this.#merge = null;
    this.#mergeLog?.clear();
    this.#mergeLog = null;
    this.#share.set(0);
  }

  /**
   * The invariants: a chain of as many requests as are counted, all of one owner and none given back; the oldest waits
   * for its reply, unless that is being merged.
   *
   * @throws {Error} If one is broken.
   */
  checkInvariants(): void {
    let count = 0;
    let last: Request | null = null;
    for (let request = this.#oldest; request !== null; request = request.next) {
      count += 1;
      holds(count <= this.size, "the chain of requests is as long as it is counted");
      holds(request.state !== RequestState.Free, "no request in the queue was given back");
      holds(request.owner === this.#oldest!.owner, "all requests in the queue are one client's");
      const { exchange, split } = request;
      if (request.state === RequestState.Answered) {
        holds(exchange === null, "what is answered is not being sent");
        holds(split === null || split.due === 0, "what is answered has all parts");
      }
      if (exchange !== null) checkSending(request, exchange);
      if (split !== null) checkSplit(request, split);
      last = request;
    }
    holds(count === this.size && last === this.#newest, "the chain of requests is whole");
    const isWaiting = this.#oldest === null || this.#oldest.state === RequestState.Waiting;
    holds(isWaiting || this.#merge !== null, "the oldest request is delivered once it is answered");
    holds((this.#merge === null) === (this.#mergeLog === null), "a merge has a log");
    holds(this.size > 0 || this.#store.byteCount === 0, "an empty queue keeps no replies");
  }

  /** Its state, for a report of an invariant that is broken. */
  describeState(): Record<string, unknown> {
    const requests: unknown[] = [];
    let request = this.#oldest;
    for (; request !== null && requests.length < SHOWN_MAX; request = request.next) {
      requests.push(describeRequest(request));
    }
    return {
      size: this.size,
      inFlightMax: this.inFlightMax,
      isMerging: this.#merge !== null,
      keptBytes: this.#store.byteCount,
      requests,
      isMore: request !== null,
    };
  }

  /** Further replies are taken to be as long as this. */
  #expect(byteCount: number): void {
    const { pipelineMax, outputBytesMax } = this.#context.limits;
    // Beside them the client may leave a little untaken.
    const room = outputBytesMax - Math.min(OUTPUT_SOFT_BYTES, outputBytesMax / 2);
    this.#longestBytes = byteCount;
    this.#roomRequests = Math.max(1, Math.min(pipelineMax, Math.floor(room / byteCount)));
    const least = Math.max(this.inFlightMax, UNMEASURED_REQUESTS_MAX);
    this.inFlightMax = Math.min(this.#roomRequests, least);
  }

  /** Bytes not written of the reply at the front of the log. */
  #frontBytes(): number {
    const { writtenBytes, oldestUnwrittenBytes } = this.#log;
    this.#forgetWritten();
    const merged = this.#merged?.[0];
    return merged !== undefined && merged.start <= writtenBytes
      ? merged.end - writtenBytes
      : oldestUnwrittenBytes;
  }

  /** Bytes that have come of the reply that is delivered next, while it is not whole. */
  #gatheredByOldest(): number {
    return this.#oldest?.split?.keptBytes ?? 0;
  }

  #forgetWritten(): void {
    const merged = this.#merged;
    if (merged === null) return;
    while (merged.length > 0 && merged[0]!.end <= this.#log.writtenBytes) merged.shift();
  }

  /** Writes one reply of several; a large one is remembered, since it takes many chunks of the log. */
  #writeMerged(request: Request, split: Split): void {
    const log = this.#log;
    const start = log.writtenBytes + log.unwrittenBytes;
    this.dialect.writeMerged(split, log, request);
    this.#noteMerged(start);
  }

  /** One reply stands from `start` to the end of the log. */
  #noteMerged(start: number): void {
    const end = this.#log.writtenBytes + this.#log.unwrittenBytes;
    if (end - start <= HAND_OVER_BYTES) return;
    this.#forgetWritten();
    this.#merged ??= [];
    this.#merged.push({ start, end });
  }

  #fragmentSettled(request: Request): boolean {
    const split = request.split!;
    split.due -= 1;
    if (split.due > 0) return false;
    this.#settle(request);
    return true;
  }

  #settle(request: Request): void {
    request.state = RequestState.Answered;
    if (request === this.#oldest) this.#drain();
  }

  #finishOldest(request: Request): void {
    this.#unlinkOldest(request);
    const next = this.#oldest;
    if (next !== null && next.state === RequestState.Answered) this.#drain();
  }

  #drain(): void {
    let request = this.#oldest;
    while (request !== null && request.state === RequestState.Answered) {
      if (this.#mergesLong(request)) return;
      this.#deliver(request);
      this.#letGo(request);
      this.#unlinkOldest(request);
      request = this.#oldest;
    }
  }

  /** Whether the merge of this request, the oldest, takes several turns; begins it. */
  #mergesLong({ split, isQuiet }: Request): boolean {
    if (this.#merge !== null) return true;
    if (split === null || isQuiet || split.keyCount <= MERGED_KEYS_AT_ONCE_MAX) return false;
    const { chunks, engine } = this.#context;
    this.#merge = this.dialect.beginMerge?.(split) ?? null;
    if (this.#merge === null) return false;
    this.#mergeLog = new SendLog(chunks);
    engine.flushQueue.workOn(this);
    return true;
  }

  work(pieces: number): number {
    const log = this.#mergeLog;
    if (this.#merge === null || log === null) return 0;
    if (!this.#merge.writeSome(log, pieces * KEYS_PER_PIECE)) return pieces;
    const request = this.#oldest!;
    const start = this.#log.writtenBytes + this.#log.unwrittenBytes;
    this.#log.join(log);
    this.#noteMerged(start);
    this.#merge = null;
    this.#mergeLog = null;
    this.#letGo(request);
    this.#unlinkOldest(request);
    this.#drain();
    this.#owner?.delivered();
    return pieces - 1;
  }

  #deliver(request: Request): void {
    if (request.isQuiet && this.#isSilent(request)) return;
    if (request.split !== null) {
      this.#writeMerged(request, request.split);
    } else if (request.failure !== null) {
      this.#writeFailure(request, request.failure);
    } else {
      const chunk = request.chunk!;
      // A pooled chunk goes back to the pool behind this: the log must have a copy.
      this.#write(chunk.bytes, request.replyStart, request.replyEnd, !chunk.isPooled);
    }
  }

  /** Failures and what is merged may have to be said to quiet requests, too. */
  #isSilent({ operation, failure, split }: Request): boolean {
    return operation === NO_OPERATION || (failure === null && split === null);
  }

  /** A request whose reply has an element a key fails as its only fragment would: by an error a key. */
  #writeFailure(request: Request, failure: Failure): void {
    const { wholeRow: row, keyCount, failureAddress } = request;
    const { dialect } = this;
    if (row === null) return dialect.writeFailure(failure, failureAddress, this.#log, request);
    const part = new Fragment(0, 0);
    part.failure = failure;
    part.address = failureAddress;
    const fragmentOfKey = new Int32Array(keyCount);
    dialect.writeMerged({ row, keyCount, fragmentOfKey, parts: [part] }, this.#log, request);
  }

  #write(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    if (isOwned) this.#log.adopt(bytes, start, end);
    else this.#log.append(bytes, start, end);
  }

  #letGo(request: Request): void {
    if (request.chunk !== null) {
      this.#store.letGo(request.chunk, request.replyEnd - request.replyStart);
    }
    if (request.split === null) return;
    request.split.window?.giveBack(request.split.takenBytes);
    for (const fragment of request.split.parts) {
      if (fragment.chunk !== null) {
        this.#store.letGo(fragment.chunk, fragment.end - fragment.start);
      }
    }
  }

  #unlinkOldest(request: Request): void {
    this.#oldest = request.next;
    if (this.#oldest === null) this.#newest = null;
    this.size -= 1;
    this.#answered += 1;
    const { clock, metrics, requests } = this.#context;
    metrics.totalTimer.observe((clock.realMs - request.startedAtMs) * 1000);
    requests.releaseRequest(request);
  }
}

function checkSending(request: Request, exchange: Exchange): void {
  exchange.checkInvariants();
  const { state, receiver, generation } = exchange;
  holds(state !== ExchangeState.Free, "what is being sent was not given back");
  // Where two nodes are asked, somebody else hears of both.
  if (!(receiver instanceof Request)) return;
  holds(receiver === request, "a reply to what is being sent is for its request");
  holds(generation === request.generation, "a reply to what is being sent fits its request");
}

function checkSplit(request: Request, { due, parts }: Split): void {
  let open = 0;
  for (const { exchange, chunk, failure } of parts) {
    if (exchange !== null) checkSending(request, exchange);
    if (chunk === null && failure === null) open += 1;
    else holds(exchange === null, "a part that is answered is not being sent");
  }
  holds(due === open, "so many parts are due as have no reply");
}

function describeRequest({ state, generation, isQuiet, exchange, split, failure }: Request) {
  return {
    state: nameOf(RequestState, state),
    generation,
    isQuiet,
    failure: failure?.name ?? null,
    exchange: exchange?.describeState() ?? null,
    due: split?.due ?? 0,
    parts: split?.parts.slice(0, SHOWN_MAX).map((part) => part.exchange?.describeState() ?? null) ??
      [],
  };
}
