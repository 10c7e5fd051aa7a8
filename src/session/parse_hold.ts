/**
 * What keeps a client's next request from being parsed: the order of its requests, its limit of them, and backends
 * that do not keep up.
 *
 * @module
 */
import type { SessionContext } from "./session_context.ts";

/** One client's reasons to wait. */
export class ParseHold {
  /** A request was sent elsewhere, or is answered late: nothing new is parsed until all in flight are answered. */
  isHeld = false;
  /** Backend connections whose send logs must drain first. */
  congestedBackends = 0;
  /** The routing epoch under which the requests in flight were sent. */
  #epoch = 0;
  readonly #context: SessionContext;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Whether one more may be parsed beside `inFlight` others, of which there may be `inFlightMax`. */
  allows(inFlight: number, inFlightMax: number): boolean {
    const { router } = this.#context;
    if (inFlight === 0) {
      this.#epoch = router.epoch;
      this.isHeld = false;
    } else if (this.#epoch !== router.epoch || this.isHeld || inFlight >= inFlightMax) {
      return false;
    }
    return this.congestedBackends === 0;
  }

  /**
   * Whether a request that takes several turns may go on beside `inFlight` earlier ones: its keys may have had another
   * owner when those were sent.
   */
  continues(inFlight: number): boolean {
    if (this.congestedBackends > 0) return false;
    return inFlight === 0 || (this.#epoch === this.#context.router.epoch && !this.isHeld);
  }
}
