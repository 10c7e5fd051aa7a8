/**
 * Requests that a node has refused to run for now, until they are sent once more: a little later, or when a fresh slot
 * map is there. Meanwhile their clients are held, so nothing overtakes them on their keys.
 *
 * @module
 */
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import type { RequestPool } from "../request/pool.ts";

/** Bytes of requests that are held at the most; one more gets the error of the node. */
export const HELD_BYTES_MAX: number = 64 * 1024 * 1024;

/** One that is held. */
interface Held {
  readonly exchange: Exchange;
  readonly bytes: Uint8Array;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Sends a request that was held; the exchange is in no connection's queue. */
export type SendHeld = (exchange: Exchange, bytes: Uint8Array) => void;

/** One per cluster and worker. */
export class HeldExchanges {
  readonly #requests: RequestPool;
  readonly #send: SendHeld;
  readonly #held = new Set<Held>();
  #bytes = 0;
  #isClosed = false;

  constructor(requests: RequestPool, send: SendHeld) {
    this.#requests = requests;
    this.#send = send;
  }

  /** Whether there is room for one more of this many bytes. */
  hasRoom(byteCount: number): boolean {
    return !this.#isClosed && this.#bytes + byteCount <= HELD_BYTES_MAX;
  }

  /** Holds `exchange`, which is to send `bytes`, for so long; `bytes` are its own from now on. */
  hold(exchange: Exchange, bytes: Uint8Array, waitMs: number): void {
    const held: Held = { exchange, bytes, timer: undefined };
    held.timer = setTimeout(() => this.#letGo(held), waitMs);
    this.#held.add(held);
    this.#bytes += bytes.length;
  }

  /** All of them are sent now, in the order in which they came. */
  sendAll(): void {
    for (const held of [...this.#held]) this.#letGo(held);
  }

  /** Nothing is sent any more: whoever waited is told by its owner. */
  close(): void {
    this.#isClosed = true;
    for (const { exchange, timer } of this.#held) {
      clearTimeout(timer);
      exchange.swallow();
      this.#requests.releaseExchange(exchange);
    }
    this.#held.clear();
    this.#bytes = 0;
  }

  #letGo(held: Held): void {
    clearTimeout(held.timer);
    if (!this.#held.delete(held)) return;
    this.#bytes -= held.bytes.length;
    const { exchange, bytes } = held;
    // Its client may have gone meanwhile.
    if (exchange.state === ExchangeState.Swallowed) this.#requests.releaseExchange(exchange);
    else this.#send(exchange, bytes);
  }
}
