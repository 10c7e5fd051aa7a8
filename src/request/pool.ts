/**
 * Recycling of requests and exchanges. A release checks the object's state, so releasing twice fails loudly
 * instead of giving one object to two clients.
 *
 * @module
 */
import { Exchange, ExchangeState, NOBODY } from "./exchange.ts";
import { Request, RequestState } from "./request.ts";

/** Free objects kept of each kind. */
const OBJECTS_KEPT = 65_536;
/** Objects made when there is none: rarely, so that V8 keeps their making out of the code of the hot path. */
const OBJECTS_MADE = 32;

/** One per worker. */
export class RequestPool {
  #requests: Request[] = [];
  #exchanges: Exchange[] = [];
  /** Exchanges that are free or in use. */
  #exchangeCount = 0;

  /** Exchanges that were taken and have not come back. */
  get exchangesInUse(): number {
    return this.#exchangeCount - this.#exchanges.length;
  }

  /** Returns a free request; call its `begin` at once. */
  takeRequest(): Request {
    if (this.#requests.length === 0) this.#makeRequests();
    return this.#requests.pop()!;
  }

  /**
   * Takes back a request that no exchange points at.
   *
   * @throws {Error} If it is free already.
   */
  releaseRequest(request: Request): void {
    if (request.state === RequestState.Free) throw new Error("Cannot release request: it is free");
    request.state = RequestState.Free;
    request.generation += 1;
    request.owner = null;
    request.next = null;
    request.exchange = null;
    request.split = null;
    request.chunk = null;
    request.failure = null;
    if (this.#requests.length < OBJECTS_KEPT) this.#requests.push(request);
  }

  /** Returns a free exchange; call its `begin` at once. */
  takeExchange(): Exchange {
    if (this.#exchanges.length === 0) this.#makeExchanges();
    return this.#exchanges.pop()!;
  }

  /**
   * Takes back an exchange whose reply was read or whose connection is gone.
   *
   * @throws {Error} If it is free already.
   */
  releaseExchange(exchange: Exchange): void {
    if (exchange.state === ExchangeState.Free) {
      throw new Error("Cannot release exchange: it is free");
    }
    exchange.state = ExchangeState.Free;
    exchange.receiver = null;
    exchange.chunk = null;
    exchange.repeatable = null;
    exchange.head = null;
    exchange.row = null;
    exchange.client = NOBODY;
    exchange.sentTo = null;
    if (exchange.window !== null) {
      exchange.window.left();
      exchange.window = null;
    }
    if (this.#exchanges.length < OBJECTS_KEPT) this.#exchanges.push(exchange);
    else this.#exchangeCount -= 1;
  }

  #makeRequests(): void {
    for (let count = 0; count < OBJECTS_MADE; count++) this.#requests.push(new Request());
  }

  #makeExchanges(): void {
    this.#exchangeCount += OBJECTS_MADE;
    for (let count = 0; count < OBJECTS_MADE; count++) this.#exchanges.push(new Exchange());
  }
}
