/**
 * Requests that a node has refused to run for now, until they are sent once more: a little later, or when a fresh slot
 * map is there. Meanwhile their clients are held, so nothing overtakes them on their keys.
 *
 * @module
 */
import { REQUEST_OBJECTS_BYTES } from "../backend/outbox.ts";
import { type Refusals, RefusalState } from "../backend/refusals.ts";
import { type Exchange, ExchangeState, type RoutedClient } from "../request/exchange.ts";
import type { RequestPool } from "../request/pool.ts";

/** What requests may take that are held, bytes: their own, and their objects; one more gets the error of the node. */
export const HELD_BYTES_MAX: number = 64 * 1024 * 1024;

/** Between looks whether those behind a refused request are answered, milliseconds. */
export const REFUSAL_LOOK_MS = 5;

/** What a node has said to a request that is held, and what is known of those behind it. */
export interface Refusal {
  readonly refusals: Refusals;
  readonly error: Uint8Array;
}

/** One that is held. */
interface Held {
  readonly exchange: Exchange;
  readonly bytes: Uint8Array;
  readonly refusal: Refusal | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Sends a request that was held; the exchange is in no connection's queue. */
export type SendHeld = (exchange: Exchange, bytes: Uint8Array, refusal: Refusal | null) => void;

/** One per cluster and worker. */
export class HeldExchanges {
  readonly #requests: RequestPool;
  readonly #send: SendHeld;
  /** In the order in which they came. */
  readonly #held = new Set<Held>();
  /** Those that were refused, by what they belong to, in that order, too. */
  readonly #refused = new Map<Refusals, Set<Held>>();
  #bytes = 0;
  #isClosed = false;

  constructor(requests: RequestPool, send: SendHeld) {
    this.#requests = requests;
    this.#send = send;
  }

  /** Whether there is room for one more of this many bytes. */
  hasRoom(byteCount: number): boolean {
    return !this.#isClosed && this.#bytes + byteCount + REQUEST_OBJECTS_BYTES <= HELD_BYTES_MAX;
  }

  /** Tells what each client has here, in bytes. One that is gone has nothing: it is let go when its time is over. */
  visitClients(visit: (client: RoutedClient, byteCount: number) => void): void {
    for (const held of this.#held) {
      const { exchange } = held;
      if (exchange.state !== ExchangeState.Swallowed) visit(exchange.client, heldBytesOf(held));
    }
  }

  /**
   * Holds `exchange`, which is to send `bytes`, for so long; `bytes` are its own from now on.
   *
   * @param refusal Where it was refused: it waits until those behind it are answered, too, and goes on with all of them
   * that were refused, in their order.
   */
  hold(
    exchange: Exchange,
    bytes: Uint8Array,
    waitMs: number,
    refusal: Refusal | null = null,
  ): void {
    const held: Held = { exchange, bytes, refusal, timer: undefined };
    held.timer = setTimeout(() => this.#letGo(held), waitMs);
    this.#held.add(held);
    this.#bytes += heldBytesOf(held);
    if (refusal === null) return;
    const { refusals } = refusal;
    const together = this.#refused.get(refusals);
    if (together === undefined) this.#refused.set(refusals, new Set([held]));
    else together.add(held);
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
    this.#refused.clear();
    this.#bytes = 0;
  }

  #letGo(held: Held): void {
    if (!this.#held.has(held)) return;
    const { exchange, refusal } = held;
    if (refusal === null || exchange.state === ExchangeState.Swallowed) return this.#take(held);
    const { refusals } = refusal;
    if (refusals.state === RefusalState.Open) {
      // Their client waits for the replies to those behind it as well.
      clearTimeout(held.timer);
      held.timer = setTimeout(() => this.#letGo(held), REFUSAL_LOOK_MS);
      return;
    }
    for (const one of [...this.#refused.get(refusals)!]) this.#take(one);
  }

  #take(held: Held): void {
    clearTimeout(held.timer);
    const { exchange, bytes, refusal } = held;
    this.#held.delete(held);
    this.#bytes -= heldBytesOf(held);
    if (refusal !== null) this.#leave(refusal.refusals, held);
    // Its client may have gone meanwhile.
    if (exchange.state === ExchangeState.Swallowed) this.#requests.releaseExchange(exchange);
    else this.#send(exchange, bytes, refusal);
  }

  #leave(refusals: Refusals, held: Held): void {
    const together = this.#refused.get(refusals)!;
    together.delete(held);
    if (together.size === 0) this.#refused.delete(refusals);
  }
}

/** What a request takes that is held: its bytes, and its objects. */
function heldBytesOf({ bytes }: Held): number {
  return bytes.length + REQUEST_OBJECTS_BYTES;
}
