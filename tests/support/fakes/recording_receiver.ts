/**
 * A receiver of replies that writes down what it hears.
 *
 * @module
 */
import type { BackendConnection } from "../../../src/backend/connection.ts";
import type { Failure } from "../../../src/failure.ts";
import { type Exchange, NOBODY, type ReplyReceiver } from "../../../src/request/exchange.ts";
import type { RequestPool } from "../../../src/request/pool.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Hears of one exchange or many. */
export class RecordingReceiver implements ReplyReceiver {
  generation = 0;
  /** Replies as text, failures as `!name address`, in the order heard. */
  readonly heard: string[] = [];
  /** Sizes that `onLargeReply` announced. */
  readonly announced: number[] = [];
  /** Whether the last reply came with its array. */
  isOwned = false;
  /** Called with each reply, before it is written down. */
  onEach: (exchange: Exchange) => void = () => {};

  onReply(
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    _isError: boolean,
    isOwned: boolean,
  ): void {
    this.onEach(exchange);
    this.isOwned = isOwned;
    this.heard.push(decoder.decode(bytes.subarray(start, end)));
  }

  onFailure(_exchange: Exchange, failure: Failure, address: string): void {
    this.heard.push(`!${failure.name} ${address}`);
  }

  onLargeReply(_exchange: Exchange, byteCount: number): void {
    this.announced.push(byteCount);
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {
    this.heard.push("redirected");
  }

  /** Returns what was heard since the last call. */
  take(): string[] {
    return this.heard.splice(0);
  }
}

/** Sends text over a connection as one exchange. */
export function sendText(
  requests: RequestPool,
  connection: BackendConnection,
  text: string,
  receiver: ReplyReceiver,
): Exchange {
  const exchange = requests.takeExchange();
  exchange.begin(receiver, 0, 0, true, NOBODY);
  const bytes = encoder.encode(text);
  connection.send(exchange, bytes, 0, bytes.length);
  return exchange;
}
