/**
 * Shows parsers a stream in pieces, as a connection does: what they consumed or need no more is
 * gone, the rest has moved to another place of another array by the next call.
 *
 * @module
 */
import { TEXT_PROFILES } from "../../../../src/protocol/memcache/profiles.ts";
import { ChunkPool } from "../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../src/bytes/send_log.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import type { Random } from "../../../support/tools/seed.ts";
import { assert, assertEquals } from "../../../deps.ts";

export const protocol = createMemcacheProtocol();

/** What a request parser said of one frame. */
export interface SeenRequest {
  /** The command's name; null if it is refused. */
  command: string | null;
  keys: string[];
  /** What the backend would get; "" if nothing goes there. */
  sent: string;
  /** The answer that keeps it from a backend, or null. */
  refusal: string | null;
  isQuiet: boolean;
}

/** One byte a character, so that tests can write any byte. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The opposite of {@link toBytes}. */
export function toText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  for (let position = start; position < end; position++) {
    text += String.fromCharCode(bytes[position]!);
  }
  return text;
}

/** All that was appended to a log. */
export function written(write: (target: SendLog) => void): string {
  const log = new SendLog(new ChunkPool());
  write(log);
  let text = "";
  for (let bytes = log.handOver(); bytes !== null; bytes = log.handOver()) {
    text += toText(bytes);
    log.wrote(bytes.length);
  }
  return text;
}

/** The same content in one piece, in single bytes, and at random cuts. */
export function cuttings(content: string, random: Random): Uint8Array[][] {
  const bytes = toBytes(content);
  const cut: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = Math.min(bytes.length, start + random.between(1, 40));
    cut.push(bytes.subarray(start, end));
    start = end;
  }
  return [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte)), cut];
}

/**
 * The requests in a client's stream.
 *
 * @returns What was seen; `isMalformed` if the parser gave the stream up.
 */
export function parseRequests(
  pieces: readonly Uint8Array[],
): { seen: SeenRequest[]; isMalformed: boolean } {
  const frame = new RequestFrame();
  const parser = protocol.createRequestParser(frame);
  const other = protocol.createRequestParser(frame);
  const intruder = toBytes("cas x 1 2 1 3 noreply\r\nx\r\n");
  const seen: SeenRequest[] = [];
  const buffer = new MovingBuffer();
  for (const piece of pieces) {
    buffer.add(piece);
    while (buffer.pending > 0) {
      const status = parser.parse(buffer.bytes, buffer.start, buffer.end);
      if (status === ParseStatus.Incomplete) {
        buffer.consume(parser.keepFrom);
        assert(parser.frameBytes > buffer.pending, "frameBytes asks for nothing");
        assertEquals(other.parse(intruder, 0, intruder.length), ParseStatus.Complete);
        break;
      }
      if (status === ParseStatus.Malformed) {
        seen.push(seenRequest(frame, buffer.bytes));
        return { seen, isMalformed: true };
      }
      assertEquals(frame.start, buffer.start);
      seen.push(seenRequest(frame, buffer.bytes));
      buffer.consume(frame.end);
    }
  }
  return { seen, isMalformed: false };
}

function seenRequest(frame: RequestFrame, bytes: Uint8Array): SeenRequest {
  const { refusal, row } = frame;
  const keys: string[] = [];
  if (refusal === null && row !== null) {
    for (let key = 0; key < frame.keyCount; key++) {
      const word = frame.firstKey + key * frame.keyStep;
      keys.push(toText(bytes, frame.argumentStart(word), frame.argumentEnd(word)));
    }
  }
  return {
    command: refusal === null && row !== null ? row.name : null,
    keys,
    sent: keys.length === 0 ? "" : forwarded(frame, bytes),
    refusal: refusal === null ? null : toText(refusal),
    isQuiet: frame.isQuiet,
  };
}

function forwarded(frame: RequestFrame, bytes: Uint8Array): string {
  if (!frame.isRewritten) return toText(bytes, frame.start, frame.end);
  return written((target) => protocol.writeRequest(frame, bytes, target));
}

/** What a reply parser said of one frame. */
export interface SeenReply {
  text: string;
  isError: boolean;
}

/** The replies in a backend's stream. */
export function parseReplies(
  pieces: readonly Uint8Array[],
): { seen: SeenReply[]; isMalformed: boolean } {
  const parser = protocol.createReplyParser(TEXT_PROFILES.master);
  const seen: SeenReply[] = [];
  const buffer = new MovingBuffer();
  for (const piece of pieces) {
    buffer.add(piece);
    while (buffer.pending > 0) {
      const { bytes, start, end } = buffer;
      const status = parser.parse(bytes, start, end, false);
      if (status === ParseStatus.Malformed) return { seen, isMalformed: true };
      if (status === ParseStatus.Incomplete) {
        assertEquals(parser.keepFrom, start);
        assert(parser.frameBytes > end - start, "frameBytes asks for nothing");
        break;
      }
      seen.push({ text: toText(bytes, start, parser.frame.end), isError: parser.frame.isError });
      buffer.consume(parser.frame.end);
    }
  }
  return { seen, isMalformed: false };
}

/**
 * Holds unparsed bytes at a new place of a new array after each change, amid bytes that mean
 * something.
 */
export class MovingBuffer {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  get pending(): number {
    return this.end - this.start;
  }

  /** Appends bytes. */
  add(piece: Uint8Array): void {
    const lead = (this.start + 3) % 7;
    const moved = new Uint8Array(lead + this.pending + piece.length + 5).fill(0x0a);
    moved.set(this.bytes.subarray(this.start, this.end), lead);
    moved.set(piece, lead + this.pending);
    this.end = lead + this.pending + piece.length;
    this.start = lead;
    this.bytes = moved;
  }

  /** Forgets the bytes before `position`. */
  consume(position: number): void {
    assert(position >= this.start && position <= this.end, "consumed what is not there");
    this.start = position;
  }
}
