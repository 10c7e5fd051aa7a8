/**
 * What one backend connection has to send and to hear: the send log's bytes and the queue of exchanges, kept in
 * step. Bytes that are handed to a socket make their exchanges *sent*: from then on they may run.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../bytes/chunk_pool.ts";
import { type HandOverListener, SendLog } from "../bytes/send_log.ts";
import type { Clock } from "../clock.ts";
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import { InflightQueue } from "./inflight_queue.ts";
import type { ReplyStream } from "./reply_stream.ts";
import type { RequestWatch } from "./request_watch.ts";

/** What a request in the queue takes besides its bytes: its objects, and its place. Measured. */
export const REQUEST_OBJECTS_BYTES = 430;

/** Bytes and exchanges of one connection. */
export class Outbox implements HandOverListener {
  readonly log: SendLog;
  readonly inflight: InflightQueue = new InflightQueue();
  readonly #clock: Clock;
  readonly #replies: ReplyStream;
  readonly #retains: boolean;
  readonly #watch: RequestWatch;
  /** Bytes of all exchanges in the queue, where they are kept because they may have to be sent again. */
  #heldBytes = 0;

  /**
   * @param retains Whether bytes stay readable until their exchange is released.
   * @param watch Keeps them otherwise, as far as it wants to tell of them.
   */
  constructor(
    chunks: ChunkPool,
    clock: Clock,
    replies: ReplyStream,
    retains: boolean,
    watch: RequestWatch,
  ) {
    this.log = new SendLog(chunks);
    this.log.listener = this;
    this.#clock = clock;
    this.#replies = replies;
    this.#retains = retains;
    this.#watch = watch;
  }

  /** Bytes of requests that are kept: not yet written, or until they are answered. */
  get keptBytes(): number {
    return this.#retains ? this.#heldBytes : this.log.unwrittenBytes;
  }

  /** Bytes that the queue takes, and that count against the connection's limit: those, and of objects. */
  get queuedBytes(): number {
    const keptBytes = this.#retains ? this.#heldBytes : this.log.unwrittenBytes;
    return keptBytes + this.inflight.size * REQUEST_OBJECTS_BYTES;
  }

  /** The part of them that was not written yet. */
  get unsentBytes(): number {
    return this.log.unwrittenBytes + this.inflight.unsent * REQUEST_OBJECTS_BYTES;
  }

  /** Counts the last `byteCount` bytes of `chunk`, just appended to the log, as this exchange's. */
  enqueue(exchange: Exchange, chunk: Chunk, byteCount: number): void {
    exchange.chunk = chunk;
    exchange.end = chunk.filled;
    exchange.start = chunk.filled - byteCount;
    if (this.#retains) {
      chunk.holders += 1;
      exchange.isHeld = true;
      this.#heldBytes += byteCount;
    }
    this.inflight.push(exchange);
  }

  /** An exchange that left the queue needs its bytes no more. */
  letGo(exchange: Exchange): void {
    if (!exchange.isHeld) return;
    exchange.isHeld = false;
    if (this.#retains) this.#heldBytes -= exchange.end - exchange.start;
    else this.#watch.letGo(exchange.chunk!);
    this.log.letGo(exchange.chunk!);
  }

  handedOver(chunk: Chunk, _position: number): void {
    const { inflight } = this;
    const sentAtMs = this.#clock.nowMs - this.#replies.pausedMs;
    const { realMs } = this.#clock;
    const isKept = this.#retains || this.#watch.mayKeep(chunk);
    let last: Exchange | null = null;
    let exchange = inflight.oldestUnsent();
    while (exchange !== null && exchange.chunk === chunk) {
      exchange.sentAtMs = sentAtMs;
      exchange.handedAtMs = realMs;
      exchange.isSent = true;
      if (exchange.state === ExchangeState.Unsent) exchange.state = ExchangeState.Sent;
      inflight.markSent();
      if (!isKept) this.#watch.leave(exchange);
      last = exchange;
      exchange = inflight.oldestUnsent();
    }
    // Replies come in order: what holds the chunk for the last holds it for all.
    if (isKept && !this.#retains && last !== null) this.#watch.keep(chunk, last);
  }

  /** Removes what was handed to a socket that is gone. */
  takeSent(): Exchange[] {
    const taken: Exchange[] = [];
    while (this.inflight.awaiting > 0) taken.push(this.inflight.shift());
    this.log.dropHanded();
    return taken;
  }

  /** Removes what was not handed to a socket, oldest first, and its bytes from what is to be written. */
  takeUnsent(): Exchange[] {
    const taken: Exchange[] = [];
    while (this.inflight.unsent > 0) taken.push(this.inflight.pop());
    taken.reverse();
    if (!this.#retains) this.#watch.leaveUnsent(taken);
    this.log.dropUnhanded();
    return taken;
  }
}
