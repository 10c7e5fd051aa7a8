/**
 * Finds binary requests in a client's bytes. What memcached answers by an error and goes on behind is
 * refused; where it gives up, the client is answered as it answers and closed.
 *
 * @module
 */
import {
  ParseStatus,
  type ParseStatusCode,
  type RequestFrame,
  type RequestParser,
} from "../../protocol.ts";
import { KEY_LIMIT_BYTES, VALUE_LIMIT_BYTES } from "../limits.ts";
import { RefusedRequest } from "../refused_request.ts";
import { clearFrame } from "../request_frame.ts";
import { loudOf, PacketForm, packetFormOf, rowOf } from "./commands.ts";
import {
  Field,
  HEADER_BYTES,
  read16,
  read32,
  replyPacket,
  REQUEST_MAGIC,
  Status,
  statusTexts,
} from "./packet.ts";

/** Bytes of extras, key and value that no server would take: they are skipped as they come. */
const BODY_LIMIT_BYTES = VALUE_LIMIT_BYTES + KEY_LIMIT_BYTES + 20;

/** One per client. */
export class BinaryRequestParser implements RequestParser {
  readonly frame: RequestFrame;
  frameBytes = 0;
  keepFrom = 0;
  readonly #refused = new RefusedRequest(this);

  constructor(frame: RequestFrame) {
    this.frame = frame;
  }

  parse(bytes: Uint8Array, start: number, end: number): ParseStatusCode {
    this.keepFrom = start;
    if (this.#refused.bytesToCome > 0) return this.#refused.skip(start, end);
    if (bytes[start] !== REQUEST_MAGIC) return this.#giveUp(null);
    if (end - start < HEADER_BYTES) return this.#await(HEADER_BYTES);
    const { frame } = this;
    clearFrame(frame);
    const operation = bytes[start + Field.Operation]!;
    const keyBytes = read16(bytes, start + Field.KeyLength);
    const extrasBytes = bytes[start + Field.ExtrasLength]!;
    const bodyBytes = read32(bytes, start + Field.BodyLength);
    frame.operation = operation;
    frame.opaque = read32(bytes, start + Field.Opaque) | 0;
    if (keyBytes + extrasBytes > bodyBytes) return this.#giveUp(this.#unknown());
    if (keyBytes > KEY_LIMIT_BYTES) return this.#giveUp(this.#invalid());
    const row = rowOf(operation);
    if (row === null) return this.#refuse(start, end, bodyBytes, this.#unknown());
    if (!isOfForm(packetFormOf(row), keyBytes, extrasBytes, bodyBytes)) {
      return this.#giveUp(this.#invalid());
    }
    if (bodyBytes > BODY_LIMIT_BYTES) {
      return this.#refuse(
        start,
        end,
        bodyBytes,
        this.#error(Status.TooLarge, statusTexts.tooLarge),
      );
    }
    if (end - start < HEADER_BYTES + bodyBytes) return this.#await(HEADER_BYTES + bodyBytes);
    frame.row = row;
    frame.start = start;
    frame.end = start + HEADER_BYTES + bodyBytes;
    const { offsets } = frame;
    offsets[0] = 0;
    offsets[1] = HEADER_BYTES;
    offsets[2] = HEADER_BYTES + extrasBytes;
    offsets[3] = HEADER_BYTES + extrasBytes + keyBytes;
    frame.argumentCount = keyBytes > 0 ? 2 : 1;
    frame.firstKey = row.firstKey;
    frame.keyCount = row.firstKey;
    if (loudOf(operation) >= 0) {
      frame.isQuiet = true;
      frame.isRewritten = true;
    }
    return ParseStatus.Complete;
  }

  #await(frameBytes: number): ParseStatusCode {
    this.frameBytes = frameBytes;
    return ParseStatus.Incomplete;
  }

  #unknown(): Uint8Array {
    return this.#error(Status.UnknownCommand, statusTexts.unknownCommand);
  }

  #invalid(): Uint8Array {
    return this.#error(Status.InvalidArguments, statusTexts.invalidArguments);
  }

  #error(status: number, value: Uint8Array): Uint8Array {
    return replyPacket(this.frame.operation, this.frame.opaque, { status, value });
  }

  /** The stream cannot be followed any further. */
  #giveUp(refusal: Uint8Array | null): ParseStatusCode {
    clearFrame(this.frame);
    this.frame.refusal = refusal;
    return ParseStatus.Malformed;
  }

  /** Answers by an error behind the body, of which nothing is kept. */
  #refuse(start: number, end: number, bodyBytes: number, refusal: Uint8Array): ParseStatusCode {
    const frameEnd = start + HEADER_BYTES + bodyBytes;
    return this.#refused.begin({ start, frameEnd, end }, refusal);
  }
}

function isOfForm(
  form: number,
  keyBytes: number,
  extrasBytes: number,
  bodyBytes: number,
): boolean {
  switch (form) {
    case PacketForm.Key:
      return keyBytes > 0 && extrasBytes === 0 && bodyBytes === keyBytes;
    case PacketForm.Storage:
      return keyBytes > 0 && extrasBytes === 8;
    case PacketForm.KeyValue:
      return keyBytes > 0 && extrasBytes === 0;
    case PacketForm.Arithmetic:
      return keyBytes > 0 && extrasBytes === 20 && bodyBytes === keyBytes + 20;
    case PacketForm.Touch:
      return keyBytes > 0 && extrasBytes === 4 && bodyBytes === keyBytes + 4;
    case PacketForm.Empty:
      return bodyBytes === 0;
    case PacketForm.Delay:
      return keyBytes === 0 && bodyBytes === extrasBytes && (bodyBytes === 0 || bodyBytes === 4);
    case PacketForm.OptionalKey:
      return extrasBytes === 0 && bodyBytes === keyBytes;
    default:
      return true;
  }
}
