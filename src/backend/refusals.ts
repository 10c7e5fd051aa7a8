/**
 * Requests that a server has refused to run for now, and whether they may be sent once more: only if their server has
 * refused, too, all that their client had in flight behind them there for the same keys. Else a later request has
 * overtaken them, and they must not be run behind it.
 *
 * ```text
 *   in flight:  SET k 1    SET k 2            SET k 1    SET k 2
 *               refused    refused            refused    run
 *               ─► both are sent again        ─► the first is not
 * ```
 *
 * @module
 */
import type { Exchange, RoutedClient } from "../request/exchange.ts";
import { Backend } from "./backend.ts";
import type { InflightQueue } from "./inflight_queue.ts";

/** Requests in flight behind a refused one that are looked at; with more of them it is not sent again. */
export const LOOKED_AT_MAX = 1_000;

/** What is known of those that were in flight together. */
export const RefusalState = {
  /** Some are not answered yet. */
  Open: 0,
  /** All were refused: they may be sent again, in their order. */
  Complete: 1,
  /** A later one was not refused, or has no answer: none of them may be sent again. */
  Overtaken: 2,
} as const;
/** One of the values of {@link RefusalState}. */
export type RefusalStateCode = 0 | 1 | 2;

/** Refused requests of one client that were in flight together, for one place over one connection. */
export class Refusals {
  /**
   * When those that are kept may be sent again, milliseconds on the worker's clock: all at once, so that none can be
   * refused once more and be overtaken by the next. Whoever keeps them sets it.
   */
  notBeforeMs = 0;
  readonly #place: number;
  readonly #inflight: InflightQueue;
  /** When the queue has answered so many, all of them are answered. */
  readonly #endCount: number;
  /** Requests that have to be refused, the first one included, so that none has overtaken another. */
  readonly #expected: number;
  #refused = 1;

  /** @param inflight What is in flight behind the first of them, which `client` has sent. */
  constructor(client: RoutedClient, place: number, inflight: InflightQueue) {
    this.#place = place;
    this.#inflight = inflight;
    this.#endCount = inflight.shiftedCount + inflight.size;
    let expected = 1;
    for (let index = 0; index < inflight.size; index++) {
      const later = inflight.at(index);
      if (later.client === client && later.place === place) expected += 1;
    }
    this.#expected = expected;
  }

  /** Read it behind the turn of a reply, not within. */
  get state(): RefusalStateCode {
    if (this.#refused >= this.#expected) return RefusalState.Complete;
    const isOver = this.#inflight.size === 0 || this.#inflight.shiftedCount >= this.#endCount;
    return isOver ? RefusalState.Overtaken : RefusalState.Open;
  }

  /** Whether one of these may still be refused. */
  get canGrow(): boolean {
    return this.#refused < this.#expected && this.#inflight.shiftedCount <= this.#endCount;
  }

  /** Counts a further one; false where it is none of these. */
  add(place: number, inflight: InflightQueue): boolean {
    if (place !== this.#place || inflight !== this.#inflight || !this.canGrow) return false;
    this.#refused += 1;
    return true;
  }
}

/** One for each who sends refused requests again. */
export class RefusalBook {
  /** The latest of each client, by place and connection. */
  readonly #latest = new WeakMap<RoutedClient, Refusals[]>();

  /**
   * Notes a request that was refused; its exchange has left the queue.
   *
   * @returns What it belongs to; null where that cannot be told, or too much is in flight: it is not to be sent again.
   */
  note(exchange: Exchange): Refusals | null {
    return this.join(exchange) ?? this.begin(exchange);
  }

  /** Notes one that was in flight together with others that were noted; null where it was not. */
  join(exchange: Exchange): Refusals | null {
    const inflight = queueOf(exchange);
    if (inflight === null) return null;
    const latest = this.#latest.get(exchange.client) ?? [];
    return latest.find((one) => one.add(exchange.place, inflight)) ?? null;
  }

  /** Notes the first of those that were in flight together; null as for {@link RefusalBook.note}. */
  begin(exchange: Exchange): Refusals | null {
    const inflight = queueOf(exchange);
    if (inflight === null || inflight.size > LOOKED_AT_MAX) return null;
    const { client, place } = exchange;
    const refusals = new Refusals(client, place, inflight);
    const latest = this.#latest.get(client) ?? [];
    this.#latest.set(client, [...latest.filter(({ canGrow }) => canGrow), refusals]);
    return refusals;
  }
}

/** What is in flight where an exchange has been. */
function queueOf({ client, sentTo, isAtReplica }: Exchange): InflightQueue | null {
  if (!(sentTo instanceof Backend)) return null;
  const { master, replica } = client.profiles;
  return sentTo.inflightOf(client.number, isAtReplica ? replica : master);
}
