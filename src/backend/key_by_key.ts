/**
 * A request with several keys of a slot that is on its way from one node to another: neither node has all of them, so
 * either refuses it whole. Sent key by key each part finds its node, and their replies make the one that is due.
 *
 * @module
 */
import type { BackendContext } from "./backend_context.ts";
import type { BackendConnection } from "./connection.ts";
import { sendFragment } from "./send_written.ts";
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import { concatenate } from "../bytes/copy.ts";
import { SendLog } from "../bytes/send_log.ts";
import type { Failure } from "../failure.ts";
import { Action, CommandFlag } from "../protocol/command_table.ts";
import {
  type KeySelection,
  NO_OPERATION,
  ParseStatus,
  type ReplyPart,
  RequestFrame,
  type RequestMark,
} from "../protocol/protocol.ts";
import { type Exchange, ExchangeState, type ReplyReceiver } from "../request/exchange.ts";

/** A request of more keys is not sent key by key. */
export const SINGLE_KEYS_MAX = 4_096;

/** Looks at an error reply, as a router does. */
export type ErrorLook = (
  exchange: Exchange,
  bytes: Uint8Array,
  start: number,
  end: number,
) => boolean;

/** The reply to one key. */
class KeyReply implements ReplyPart {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  failure: Failure | null = null;
  address = "";
}

/** One key of a frame. */
class OneKey implements KeySelection {
  firstKey = 0;
  readonly keyCount = 1;
  readonly nextKey: Int32Array;

  constructor(keyCount: number) {
    this.nextKey = new Int32Array(keyCount).fill(-1);
  }
}

/** What a merged reply needs to know of its request. */
const PLAIN: RequestMark = { operation: NO_OPERATION, opaque: 0, isQuiet: false };

/**
 * The frame of a request that may be sent key by key; null where it may not, or has only one key, or too many.
 *
 * @param bytes Exactly the request.
 */
export function dividableFrame(
  { protocol }: Pick<BackendContext, "protocol">,
  bytes: Uint8Array,
): RequestFrame | null {
  const frame = new RequestFrame();
  const status = protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
  if (status !== ParseStatus.Complete || frame.refusal !== null) return null;
  const isDividable = frame.row?.action === Action.Split && frame.extraKey < 0;
  return isDividable && frame.keyCount > 1 && frame.keyCount <= SINGLE_KEYS_MAX ? frame : null;
}

/** One request that is sent key by key. */
export class KeyByKey implements ReplyReceiver {
  generation = 0;
  readonly #context: BackendContext;
  readonly #look: ErrorLook;
  /** Stands for all parts at whoever waits for the reply; in no connection's queue. */
  readonly #whole: Exchange;
  readonly #frame: RequestFrame;
  readonly #bytes: Uint8Array;
  readonly #replies: KeyReply[] = [];
  #due = 0;

  /**
   * @param whole Who waits for the reply; released here when it is there.
   * @param frame Of {@link dividableFrame}, with its `bytes`.
   */
  constructor(
    context: BackendContext,
    whole: Exchange,
    { frame, bytes }: { frame: RequestFrame; bytes: Uint8Array },
    look: ErrorLook,
  ) {
    this.#context = context;
    this.#whole = whole;
    this.#frame = frame;
    this.#bytes = bytes;
    this.#look = look;
  }

  /** Sends all parts over this connection, in the order of their keys. */
  send(connection: BackendConnection): void {
    const { keyCount } = this.#frame;
    const { place, client } = this.#whole;
    const isRead = (this.#frame.row!.flags & CommandFlag.Read) !== 0;
    const key = new OneKey(keyCount);
    this.#due = keyCount;
    for (let index = 0; index < keyCount; index++) this.#replies.push(new KeyReply());
    for (key.firstKey = 0; key.firstKey < keyCount; key.firstKey++) {
      const exchange = this.#context.requests.takeExchange();
      exchange.begin(this, key.firstKey, place, isRead, client);
      exchange.measureAs(this.#whole);
      sendFragment(connection, this.#context.protocol, exchange, this.#frame, this.#bytes, key);
    }
  }

  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    isError: boolean,
    isOwned: boolean,
  ): void {
    if (isError && this.#look(exchange, bytes, start, end)) return;
    const reply = this.#replies[exchange.fragment]!;
    reply.bytes = isOwned ? bytes : bytes.slice(start, end);
    reply.start = isOwned ? start : 0;
    reply.end = reply.start + end - start;
    this.#settled();
  }

  onFailure(exchange: Exchange, failure: Failure, address: string): void {
    const reply = this.#replies[exchange.fragment]!;
    reply.failure = failure;
    reply.address = address;
    this.#settled();
  }

  onLargeReply(_exchange: Exchange, byteCount: number): void {
    const whole = this.#whole;
    if (whole.state !== ExchangeState.Swallowed) whole.receiver!.onLargeReply(whole, byteCount);
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}

  #settled(): void {
    this.#due -= 1;
    if (this.#due > 0) return;
    const whole = this.#whole;
    const receiver = whole.receiver;
    // Its client may have gone meanwhile.
    if (receiver !== null) {
      const { keyCount, row } = this.#frame;
      const log = new SendLog(this.#context.chunks);
      const fragmentOfKey = Int32Array.from({ length: keyCount }, (_, key) => key);
      const merge = { row: row!, keyCount, fragmentOfKey, parts: this.#replies };
      this.#context.protocol.writeMerged(merge, log, PLAIN);
      const reply = takenFrom(log);
      receiver.onReply(whole, reply, 0, reply.length, false, reply.length > HAND_OVER_BYTES);
    }
    this.#context.requests.releaseExchange(whole);
  }
}

/** All bytes of a log. */
function takenFrom(log: SendLog): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let part = log.handOver(); part !== null; part = log.handOver()) {
    parts.push(part.slice());
    log.wrote(part.length);
  }
  return concatenate(parts);
}
