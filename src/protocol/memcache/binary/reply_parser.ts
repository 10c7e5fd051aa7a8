/**
 * Finds binary replies in a backend's bytes. A reply is one packet, but for statistics: those are packets until
 * one without a key.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  ReplyFrame,
  ReplyKind,
  type ReplyParser,
} from "../../protocol.ts";
import { REPLY_LIMIT_BYTES } from "../limits.ts";
import { Operation } from "./commands.ts";
import {
  Field,
  HEADER_BYTES,
  isErrorStatus,
  read16,
  read32,
  REPLY_MAGIC,
  Status,
  statusOf,
} from "./packet.ts";

/** One per backend connection. All state counts from the start of the bytes kept. */
export class BinaryReplyParser implements ReplyParser {
  readonly frame: ReplyFrame = new ReplyFrame();
  frameBytes = 0;
  keepFrom = 0;
  /** Where the packet at hand begins. */
  #packetOffset = 0;
  /** Bytes to come of a packet whose beginning was let go; 0: its header is at the packet's offset. */
  #dueBytes = 0;
  /** Of that packet: whether it ends the reply, and whether it is an error. */
  #endsReply = false;
  #isError = false;

  constructor() {
    this.frame.kind = ReplyKind.Reply;
  }

  reset(): void {
    this.#packetOffset = 0;
    this.#dueBytes = 0;
  }

  parse(bytes: Uint8Array, start: number, end: number, isDiscarded: boolean): ParseStatusCode {
    this.keepFrom = start;
    let position = start + this.#packetOffset;
    if (this.#dueBytes > 0) {
      if (end - start < this.#dueBytes) return this.#letGo(this.#dueBytes - (end - start), end);
      position = start + this.#dueBytes;
      this.#dueBytes = 0;
      if (this.#endsReply) return this.#finish(position, this.#isError);
    }
    for (;;) {
      if (end > position && bytes[position] !== REPLY_MAGIC) return ParseStatus.Malformed;
      if (end - position < HEADER_BYTES) {
        return this.#await(start, position, HEADER_BYTES, isDiscarded);
      }
      const packetBytes = HEADER_BYTES + read32(bytes, position + Field.BodyLength);
      const status = statusOf(bytes, position);
      const isPart = bytes[position + Field.Operation] === Operation.Stat &&
        status === Status.Success && read16(bytes, position + Field.KeyLength) > 0;
      if (!isDiscarded && position - start + packetBytes > REPLY_LIMIT_BYTES) {
        return ParseStatus.Malformed;
      }
      if (end - position < packetBytes) {
        if (!isDiscarded) return this.#await(start, position, packetBytes, false);
        this.#endsReply = !isPart;
        this.#isError = isErrorStatus(status);
        return this.#letGo(packetBytes - (end - position), end);
      }
      position += packetBytes;
      if (!isPart) return this.#finish(position, isErrorStatus(status));
    }
  }

  #finish(end: number, isError: boolean): ParseStatusCode {
    this.frame.end = end;
    this.frame.isError = isError;
    this.reset();
    return ParseStatus.Complete;
  }

  /** @param needed Bytes of the packet at `position`, as far as known. */
  #await(start: number, position: number, needed: number, isDiscarded: boolean): ParseStatusCode {
    this.keepFrom = isDiscarded ? position : start;
    this.#packetOffset = position - this.keepFrom;
    this.frameBytes = this.#packetOffset + needed;
    return ParseStatus.Incomplete;
  }

  /** Nobody wants the packet at hand: only how much of it is to come is kept. */
  #letGo(dueBytes: number, end: number): ParseStatusCode {
    this.#dueBytes = dueBytes;
    this.#packetOffset = 0;
    this.keepFrom = end;
    this.frameBytes = 1;
    return ParseStatus.Incomplete;
  }
}
