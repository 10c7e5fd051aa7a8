/**
 * SCAN over all servers, one after the other. The client's cursor is the server's cursor times 1,024 plus the
 * server's number, so that any worker can go on with it:
 *
 * ```text
 *   0 ─► server 1, cursor 0 … ─► its cursor is 0 again: server 2, cursor 0 … ─► … ─► 0
 * ```
 *
 * What Redis promises for one server holds for all: what is there from the start to the end is returned at least
 * once. Not so for keys whose slot moves meanwhile from a server that is still to come to one that is done.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import { failures } from "../../failure.ts";
import {
  arrayReply,
  bulkBytesReply,
  bulkReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  failureReply,
} from "../../protocol/resp/write/replies.ts";
import { ReplyReader } from "../../protocol/resp/parse/reply_reader.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { DeferredReply } from "../../session/stages.ts";
import { type CallReply, sendCall } from "../core/dedicated_call.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { copyRequest } from "../core/request_copy.ts";

/** Bits of a cursor that hold the server's number. */
const NUMBER_BITS = 10n;
const NUMBER_MASK = (1n << NUMBER_BITS) - 1n;
/** Largest cursor of a server. */
const BACKEND_CURSOR_MAX = 2n ** 64n - 1n;
/** Digits of the largest cursor of a client, 74 bits. */
const CURSOR_DIGITS_MAX = 23;

const INVALID_CURSOR = errorReply("ERR invalid cursor");
const NOT_NUMBERED = errorReply(
  "TRYAGAIN the servers of the cluster are changing, or there are more than 1023; try again",
);
const OVER = arrayReply([bulkReply("0"), EMPTY_ARRAY_REPLY]);

/** Where a scan stands. */
interface Position {
  readonly number: number;
  readonly cursor: bigint;
}

/** Answers SCAN. */
export class Scan implements RedisFeature {
  readonly answers: Pick<Answers, "scan">;
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
    this.answers = { scan: (request) => this.#scan(request) };
  }

  #scan(request: LocalRequest): Uint8Array | null {
    const word = request.words[1]!;
    const asked = readCursor(word);
    if (asked === null && /^\d+$/.test(word)) return INVALID_CURSOR;
    const shards = this.#context.router.numberedShards();
    if (shards === null) return NOT_NUMBERED;
    const position = asked === null ? oddPosition(word, shards) : positionFrom(asked, shards);
    if (position === null) {
      if (shards.some((shard) => shard !== null)) return OVER;
      return failureReply(this.#context.router.whyUnplaced(NO_PLACE), "");
    }
    const backend = shards[position.number]!;
    const { client } = request;
    const late = client.answerLater(true);
    const target = {
      connection: backend.connectionFor(client.number, client.profiles.master),
      place: -1,
      client,
      row: request.frame.row,
    };
    const sent = asked === null ? copyRequest(request) : withCursor(request, position.cursor);
    sendCall(this.#context, target, sent, {
      replied: (reply) => this.#replied(late, reply, position, backend),
      failed: (failure, address) => late.fail(failure, address),
    });
    return null;
  }

  #replied(late: DeferredReply, reply: CallReply, { number }: Position, backend: Backend): void {
    const { bytes, start, end, isError, isOwned } = reply;
    if (isError) return late.reply(bytes, start, end, isOwned);
    const scanned = readScanned(bytes, start, end);
    if (scanned === null) return late.fail(failures.backendMalformed, backend.shownAddress);
    const made = replaceCursor(this.#next(number, scanned.cursor), bytes, scanned.elements, end);
    late.reply(made, 0, made.length, true);
  }

  /** The client's cursor behind one of a server's replies. */
  #next(number: number, cursor: bigint): bigint {
    if (cursor !== 0n) return (cursor << NUMBER_BITS) | BigInt(number);
    const shards = this.#context.router.numberedShards();
    // A new server has no number yet: whatever comes behind this one is found when the client goes on.
    if (shards === null) return BigInt((number + 1) & Number(NUMBER_MASK));
    for (let next = number + 1; next < shards.length; next++) {
      if (shards[next] !== null) return BigInt(next);
    }
    return 0n;
  }
}

/** A client's cursor, or null where it is none. */
export function readCursor(word: string): bigint | null {
  if (word.length > CURSOR_DIGITS_MAX || !/^\d+$/.test(word)) return null;
  const cursor = BigInt(word);
  return cursor >> NUMBER_BITS > BACKEND_CURSOR_MAX ? null : cursor;
}

/** Where a client's cursor goes on; null where no server is left. A server that has left is passed over. */
function positionFrom(cursor: bigint, shards: readonly (Backend | null)[]): Position | null {
  const number = Number(cursor & NUMBER_MASK);
  if (shards[number] !== undefined && shards[number] !== null) {
    return { number, cursor: cursor >> NUMBER_BITS };
  }
  for (let next = number + 1; next < shards.length; next++) {
    if (shards[next] !== null) return { number: next, cursor: 0n };
  }
  return null;
}

/**
 * Where a cursor goes that is no plain number, and is read otherwise by each version of the servers: as it is to the
 * first server, or, where it is negative and so near the end, to the last.
 */
function oddPosition(word: string, shards: readonly (Backend | null)[]): Position | null {
  const isNegative = /^-0*[1-9]/.test(word);
  const number = isNegative
    ? shards.findLastIndex((shard) => shard !== null)
    : shards.findIndex((shard) => shard !== null);
  return number < 0 ? null : { number, cursor: 0n };
}

/** The request with the server's own cursor. */
function withCursor(request: LocalRequest, cursor: bigint): Uint8Array {
  const words = Array.from({ length: request.wordCount }, (_, index) => request.raw(index));
  return arrayReply(
    words.map((word, index) =>
      index === 1 ? bulkReply(String(cursor)) : bulkBytesReply(word, 0, word.length)
    ),
  );
}

const encoder = new TextEncoder();
const CURSOR_TEXT = /^\d{1,20}$/;

/** A server's cursor, and where the array behind it begins; null where the reply is something else. */
function readScanned(
  bytes: Uint8Array,
  start: number,
  end: number,
): { cursor: bigint; elements: number } | null {
  const reader = new ReplyReader(bytes, start, end);
  if (reader.readArray() !== 2) return null;
  const text = reader.readText() ?? "";
  return CURSOR_TEXT.test(text) ? { cursor: BigInt(text), elements: reader.position } : null;
}

function replaceCursor(
  cursor: bigint,
  bytes: Uint8Array,
  elements: number,
  end: number,
): Uint8Array {
  const text = String(cursor);
  const head = encoder.encode(`*2\r\n$${text.length}\r\n${text}\r\n`);
  const made = new Uint8Array(head.length + end - elements);
  made.set(head);
  made.set(bytes.subarray(elements, end), head.length);
  return made;
}
