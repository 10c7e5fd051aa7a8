/**
 * The bytes of one backend connection as replies: buffer, parser, and how long a large reply has been on its
 * way. The time in which a reply above 64 KiB arrives counts against no request.
 *
 * @module
 */
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import { type ArrayPool, READ_SMALL_BYTES, ReceiveBuffer } from "../bytes/receive_buffer.ts";
import { type Space, spaceOf } from "../net/byte_receiver.ts";
import { ParseStatus, type ParseStatusCode, type ReplyParser } from "../protocol/protocol.ts";

/** One socket's replies; begun anew for each socket. */
export class ReplyStream {
  readonly buffer: ReceiveBuffer;
  readonly parser: ReplyParser;
  /** When bytes came last, milliseconds on the worker's clock. */
  lastBytesAtMs = 0;
  /** Time in which large replies were arriving, milliseconds. */
  pausedMs = 0;
  /** Bytes that have come, over all sockets. */
  receivedBytes = 0;
  /** Bytes of the reply begun that were let go as they came. */
  #droppedBytes = 0;
  /** Bytes of the reply begun as far as known, those let go included; 0 between replies. */
  #arrivingBytes = 0;

  /** @param readBytesMin Least room that is offered to a read, bytes. */
  constructor(arrays: ArrayPool, parser: ReplyParser, readBytesMin: number = READ_SMALL_BYTES) {
    this.buffer = new ReceiveBuffer(arrays, readBytesMin);
    this.parser = parser;
  }

  /** Whether a reply above 64 KiB has begun to arrive. */
  get isLargeArriving(): boolean {
    return this.#arrivingBytes > HAND_OVER_BYTES;
  }

  /** Begins with a new socket. */
  begin(nowMs: number): void {
    this.parser.reset();
    this.#droppedBytes = 0;
    this.#arrivingBytes = 0;
    this.lastBytesAtMs = nowMs;
  }

  /** Room for the next bytes. */
  reserve(): Space {
    const { buffer } = this;
    buffer.prepare(buffer.pending === 0 ? 0 : this.parser.frameBytes);
    return spaceOf(buffer.bytes, buffer.received, buffer.bytes.length);
  }

  /** `byteCount` bytes came. */
  commit(byteCount: number, nowMs: number): void {
    if (this.isLargeArriving) this.pausedMs += nowMs - this.lastBytesAtMs;
    this.lastBytesAtMs = nowMs;
    this.receivedBytes += byteCount;
    this.buffer.commit(byteCount);
  }

  /** Looks for a reply at the start of the buffer; when Complete the parser's frame describes it. */
  parse(isDiscarded: boolean): ParseStatusCode {
    const { buffer, parser } = this;
    const start = buffer.consumed;
    const status = parser.parse(buffer.bytes, start, buffer.received, isDiscarded);
    if (status === ParseStatus.Complete) {
      this.#droppedBytes = 0;
      this.#arrivingBytes = 0;
    } else if (status === ParseStatus.Incomplete) {
      if (parser.keepFrom > start) {
        this.#droppedBytes += parser.keepFrom - start;
        buffer.consume(parser.keepFrom);
      }
      this.#arrivingBytes = this.#droppedBytes + parser.frameBytes;
    }
    return status;
  }
}
