/**
 * Something that only servers know and that seldom changes: asked for when somebody wants to know it, then believed
 * for a while. Whoever wants to know it before the first answer waits for that.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** How long what was learned is believed, milliseconds. */
export const REFRESH_INTERVAL_MS = 60_000;
/** How long a question is not repeated that nobody answered, milliseconds. */
export const RETRY_INTERVAL_MS = 5_000;

/** A fact of the kind T. */
export class AskedFact<T> {
  readonly #clock: Clock;
  readonly #unknown: T;
  #known: T | null = null;
  #askedAtMs = -Infinity;
  #isAsking = false;
  /** Who asked before anything was known. */
  readonly #waiting: ((fact: T) => void)[] = [];

  /** @param unknown What is said while no server has answered. */
  constructor(clock: Clock, unknown: T) {
    this.#clock = clock;
    this.#unknown = unknown;
  }

  /** What is known now. */
  get value(): T {
    return this.#known ?? this.#unknown;
  }

  /** Whether nothing is known yet, and the servers are being asked. */
  get isAwaited(): boolean {
    return this.#known === null && this.#isAsking;
  }

  /** Whether the servers are to be asked, by {@link begin}. */
  get isDue(): boolean {
    if (this.#isAsking) return false;
    const intervalMs = this.#known === null ? RETRY_INTERVAL_MS : REFRESH_INTERVAL_MS;
    return this.#clock.nowMs - this.#askedAtMs >= intervalMs;
  }

  /** The servers are being asked; {@link learn} is called once, perhaps at once. */
  begin(): void {
    this.#askedAtMs = this.#clock.nowMs;
    this.#isAsking = true;
  }

  /**
   * What the servers have said; null: nothing.
   *
   * @param isSoonDue Whether there was nobody to ask, so that it is due again at once.
   */
  learn(fact: T | null, isSoonDue = false): void {
    this.#isAsking = false;
    if (isSoonDue) this.#askedAtMs = -Infinity;
    this.#known = fact ?? this.#known;
    for (const heard of this.#waiting.splice(0)) heard(this.value);
  }

  /** Tells the fact: at once, or when the servers have answered for the first time. */
  tell(heard: (fact: T) => void): void {
    if (this.isAwaited) this.#waiting.push(heard);
    else heard(this.value);
  }
}
