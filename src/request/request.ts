/**
 * A request lives from parse to reply. One that goes to a single backend is its own receiver; a split one has a
 * fragment for each backend.
 *
 * @module
 */
import type { Chunk } from "../bytes/chunk_pool.ts";
import type { Failure } from "../failure.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import { NO_OPERATION, type ReplyPart, type RequestMark } from "../protocol/protocol.ts";
import type { Exchange, ReplyReceiver } from "./exchange.ts";

/** Who a request belongs to: hears of replies in whatever order backends give them. */
export interface RequestOwner {
  /** See {@link ReplyReceiver.onReply}. */
  requestReplied(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void;
  requestFailed(request: Request, exchange: Exchange, failure: Failure, address: string): void;
  requestRedirected(request: Request): void;
  /** See {@link ReplyReceiver.onLargeReply}. */
  requestGrows(request: Request, byteCount: number): void;
}

/** The part of a split request that goes to one backend, and its reply. */
export class Fragment implements ReplyPart {
  /** The router's place of its keys. */
  readonly place: number;
  /** Ordinal of its first and last key in the request. */
  readonly firstKey: number;
  lastKey: number;
  keyCount = 1;
  /** Bytes of its keys with a separator each, where the request limits them; else 0. */
  keyBytes = 0;
  /** Its sending under way; null before and after. */
  exchange: Exchange | null = null;
  /** Chunk that keeps its reply. */
  chunk: Chunk | null = null;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  failure: Failure | null = null;
  address = "";

  constructor(place: number, firstKey: number) {
    this.place = place;
    this.firstKey = firstKey;
    this.lastKey = firstKey;
  }
}

/** What bounds the memory of split requests. */
export interface SplitMemory {
  giveBack(byteCount: number): void;
}

/** What a split request needs beyond a plain one. */
export interface Split {
  row: CommandRow;
  keyCount: number;
  /** Entry `i` is the index of the fragment with key `i`. */
  fragmentOfKey: Int32Array;
  /** Entry `i` is the mark of key `i`, where the merge puts values in key order by it; else null. */
  keyMarks: Int32Array | null;
  parts: Fragment[];
  /** Fragments not answered yet. */
  due: number;
  /** Whether a part was answered by an error, or failed. */
  hasFailed: boolean;
  /** Bytes of the fragments' replies so far. */
  keptBytes: number;
  /** Where {@link Split.takenBytes} are given back to when it is over; null where none were taken. */
  window: SplitMemory | null;
  takenBytes: number;
}

/** Where a request is in its life. */
export const RequestState = {
  Free: 0,
  /** In its client's reply queue; at least one reply is due. */
  Waiting: 1,
  /** All replies are in; it waits for its turn. */
  Answered: 2,
} as const;
/** One of the values of {@link RequestState}. */
export type RequestStateCode = 0 | 1 | 2;

/** One command of one client. Recycled; {@link Request.begin} sets every field. */
export class Request implements ReplyReceiver, RequestMark {
  generation = 0;
  state: RequestStateCode = RequestState.Free;
  owner: RequestOwner | null = null;
  /** The client's next request. */
  next: Request | null = null;
  /** The client asked for no reply; where `operation` is set, what the reply says decides. */
  isQuiet = false;
  /** When it was parsed, milliseconds on the worker's clock. */
  startedAtMs = 0;
  /** Its sending under way, if it is not split. */
  exchange: Exchange | null = null;
  /** Set for a split request. */
  split: Split | null = null;
  /** Chunk that keeps its reply until its turn: `chunk.bytes[replyStart, replyEnd)`. */
  chunk: Chunk | null = null;
  replyStart = 0;
  replyEnd = 0;
  /** Set where no reply came: it is written when the request's turn comes. */
  failure: Failure | null = null;
  /** Row of a request whose failure has an element a key though it is not split; else null. */
  wholeRow: CommandRow | null = null;
  /** Number of its keys. */
  keyCount = 0;
  /** Backend that failed, for the text. */
  failureAddress = "";
  operation: number = NO_OPERATION;
  opaque = 0;

  /** Sets a taken request up. */
  begin(owner: RequestOwner, isQuiet: boolean, realMs: number): void {
    this.state = RequestState.Waiting;
    this.owner = owner;
    this.next = null;
    this.isQuiet = isQuiet;
    this.startedAtMs = realMs;
    this.exchange = null;
    this.split = null;
    this.chunk = null;
    this.failure = null;
    this.failureAddress = "";
    this.wholeRow = null;
    this.keyCount = 0;
    this.replyStart = 0;
    this.replyEnd = 0;
    this.operation = NO_OPERATION;
    this.opaque = 0;
  }

  /** Remembers what its reply needs of it. */
  mark({ operation, opaque }: RequestMark): void {
    this.operation = operation;
    this.opaque = opaque;
  }

  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void {
    this.owner!.requestReplied(this, exchange, bytes, start, end, isError, isOwned);
  }

  onFailure(exchange: Exchange, failure: Failure, address: string): void {
    this.owner!.requestFailed(this, exchange, failure, address);
  }

  onLargeReply(_exchange: Exchange, byteCount: number): void {
    this.owner!.requestGrows(this, byteCount);
  }

  onRedirect(exchange: Exchange, successor: Exchange): void {
    if (this.split === null) this.exchange = successor;
    else this.split.parts[exchange.fragment]!.exchange = successor;
    this.owner!.requestRedirected(this);
  }
}

const EMPTY = new Uint8Array(0);
