/**
 * Requests and exchanges that were given back to their pool: whoever reads or writes a field of one is found, until it
 * is taken again.
 *
 * @module
 */
import type { Exchange } from "../../../src/request/exchange.ts";
import type { RequestPool } from "../../../src/request/pool.ts";
import type { Request } from "../../../src/request/request.ts";

/** Objects of one kind that a pool does not have back yet: so many releases long none is taken again. */
const CLOSED_MAX = 64;
/** Releases of one turn that are watched, as each takes some 20 µs. */
const CLOSED_PER_TURN_MAX = 64;
/**
 * What may be read of a free object, by class. By a request's generation a reply made for an earlier life is known; of
 * two exchanges that race, one may have ended unheard, and is known by its receiver and state.
 */
const READABLE: Record<string, readonly string[]> = {
  Request: ["generation"],
  Exchange: ["receiver", "state"],
};

interface Closed<Kind> {
  readonly object: Kind;
  readonly fields: PropertyDescriptorMap;
}

/** What a pool does with one kind of its objects. */
interface Ways<Kind> {
  take(this: RequestPool): Kind;
  release(this: RequestPool, object: Kind): void;
}

/** The objects of all pools of a thread that are free, and closed to everybody. */
export class ReleasedObjects {
  readonly #report: (broken: Error) => void;
  readonly #released: (object: object) => void;
  readonly #exchanges = new WeakMap<RequestPool, Closed<Exchange>[]>();
  readonly #requests = new WeakMap<RequestPool, Closed<Request>[]>();
  #leftOfTurn = CLOSED_PER_TURN_MAX;

  /**
   * @param report Hears of whatever is thrown ahead of that.
   * @param released Hears of what is closed from now on.
   */
  constructor(report: (broken: Error) => void, released: (object: object) => void) {
    this.#report = report;
    this.#released = released;
  }

  /** Closes what is given back to pools from now on. */
  watch(pool: RequestPool): void {
    const { takeExchange, releaseExchange, takeRequest, releaseRequest } = pool;
    const requests = { take: takeRequest, release: releaseRequest };
    const exchanges = { take: takeExchange, release: releaseExchange };
    const { get } = Object.getOwnPropertyDescriptor(pool, "exchangesInUse")!;
    const [closedRequests, closedExchanges] = [this.#requests, this.#exchanges];
    const release = this.#release.bind(this);
    pool.releaseRequest = function (request) {
      release(this, request, requests, closedRequests);
    };
    pool.releaseExchange = function (exchange) {
      release(this, exchange, exchanges, closedExchanges);
    };
    Object.defineProperty(pool, "exchangesInUse", {
      get(this: RequestPool) {
        return get!.call(this) - (closedExchanges.get(this)?.length ?? 0);
      },
    });
  }

  /** Others are watched again. */
  turnEnded(): void {
    this.#leftOfTurn = CLOSED_PER_TURN_MAX;
  }

  #release<Kind extends Request | Exchange>(
    pool: RequestPool,
    object: Kind,
    { take, release }: Ways<Kind>,
    closedOfPools: WeakMap<RequestPool, Closed<Kind>[]>,
  ): void {
    try {
      release.call(pool, object);
    } catch (error) {
      this.#report(error as Error);
      throw error;
    }
    if (this.#leftOfTurn === 0) return;
    this.#leftOfTurn -= 1;
    const closed = closedOfPools.get(pool) ?? [];
    closedOfPools.set(pool, closed);
    // The one that the pool got last, out of its reach.
    closed.push(this.#close(take.call(pool)));
    if (closed.length <= CLOSED_MAX) return;
    const oldest = closed.shift()!;
    Object.defineProperties(oldest.object, oldest.fields);
    // Any state but free, for the pool to have it back.
    oldest.object.state = 1;
    release.call(pool, oldest.object);
  }

  #close<Kind extends Request | Exchange>(object: Kind): Closed<Kind> {
    this.#released(object);
    const fields = Object.getOwnPropertyDescriptors(object) as PropertyDescriptorMap;
    const readable = READABLE[object.constructor.name] ?? [];
    const traps: PropertyDescriptorMap = {};
    for (const [name, { value }] of Object.entries(fields)) {
      const used = () => this.#used(object, name);
      const get = readable.includes(name) ? () => value : used;
      traps[name] = { get, set: used, configurable: true, enumerable: true };
    }
    Object.defineProperties(object, traps);
    return { object, fields };
  }

  #used(object: object, field: string): never {
    const broken = new Error(
      `Invariant broken: what was given back is not used: ${field} of a free ${object.constructor.name}`,
    );
    this.#report(broken);
    throw broken;
  }
}
