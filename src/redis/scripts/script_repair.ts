/**
 * An EVALSHA whose server has lost its scripts behind the proxy's back, though the body is known here:
 *
 * ```text
 *   EVALSHA ─► NOSCRIPT ─► SCRIPT LOAD, and the EVALSHA once more
 *
 *   where the script itself has that word:
 *   EVALSHA ─► NOSCRIPT ─► SCRIPT EXISTS ─► 0: the same
 *                                       └─► 1, or no reply: the NOSCRIPT is the client's
 * ```
 *
 * A script may say what servers say of unknown ones, after it has written; what may have run is never sent twice.
 * Meanwhile nothing else of its client is on its way, so that the order is kept.
 *
 * @module
 */
import type { BackendConnection } from "../../backend/connection.ts";
import type { Exchange, ReplyReceiver } from "../../request/exchange.ts";
import type { Request } from "../../request/request.ts";
import type { RequestPool } from "../../request/pool.ts";
import { requestBytes } from "../../protocol/resp/replies.ts";

const encoder = new TextEncoder();
/** What servers say, in these words. */
export const NO_SCRIPT_REPLY: Uint8Array = encoder.encode(
  "-NOSCRIPT No matching script. Please use EVAL.\r\n",
);
/** Without this word a body cannot say it of itself. */
const NO_SCRIPT = encoder.encode("NOSCRIPT");
/** What SCRIPT EXISTS says of one script that is not there. */
const NOT_THERE = encoder.encode("*1\r\n:0\r\n");

/** What a repair is made with. */
export interface RepairParts {
  readonly requests: RequestPool;
  readonly request: Request;
  /** Where the request is sent again. */
  readonly connection: BackendConnection;
  readonly sha: string;
  readonly body: Uint8Array;
  /** Sends SCRIPT LOAD with room for as many bytes right behind it. */
  load(byteCount: number): void;
}

/** See above. */
export class ScriptRepair implements ReplyReceiver {
  generation = 0;
  readonly #parts: RepairParts;
  /** The EVALSHA as it was sent. */
  readonly #bytes: Uint8Array;
  readonly #place: number;
  readonly #isRead: boolean;

  /** @param failed The exchange that was answered by NOSCRIPT; its bytes are copied. */
  constructor(parts: RepairParts, failed: Exchange) {
    this.#parts = parts;
    this.#bytes = failed.chunk!.bytes.slice(failed.start, failed.end);
    this.#place = failed.place;
    this.#isRead = failed.isRead;
    if (includes(parts.body, NO_SCRIPT)) this.#ask(failed);
    else this.#repeat(failed);
  }

  onReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    const reply = bytes.subarray(start, end);
    const isGone = reply.length === NOT_THERE.length &&
      NOT_THERE.every((byte, index) => reply[index] === byte);
    if (isGone) this.#repeat(exchange);
    else this.#giveUp(exchange);
  }

  onFailure(exchange: Exchange): void {
    this.#giveUp(exchange);
  }

  onLargeReply(): void {}

  onRedirect(): void {}

  #ask(former: Exchange): void {
    const asking = this.#successorOf(former, this);
    const exists = requestBytes("SCRIPT", "EXISTS", this.#parts.sha);
    this.#parts.connection.send(asking, exists, 0, exists.length);
  }

  #repeat(former: Exchange): void {
    const { request, connection, load } = this.#parts;
    const repeated = this.#successorOf(former, request);
    repeated.isScript = true;
    repeated.isRepeated = true;
    load(this.#bytes.length);
    connection.send(repeated, this.#bytes, 0, this.#bytes.length);
  }

  #successorOf(former: Exchange, receiver: ReplyReceiver): Exchange {
    const successor = this.#parts.requests.takeExchange();
    successor.begin(receiver, 0, this.#place, this.#isRead, former.client);
    this.#parts.request.onRedirect(former, successor);
    return successor;
  }

  #giveUp(exchange: Exchange): void {
    const { request } = this.#parts;
    request.onReply(exchange, NO_SCRIPT_REPLY, 0, NO_SCRIPT_REPLY.length, true, false);
  }
}

/** Whether `wanted` stands somewhere in `bytes`. */
export function includes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  let at = bytes.indexOf(wanted[0]!);
  while (at >= 0) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return true;
    at = bytes.indexOf(wanted[0]!, at + 1);
  }
  return false;
}
