/**
 * Says when clients have to wait to be accepted, and when they no longer do: two lines for as long as it lasts, not
 * one for each try.
 *
 * @module
 */
import type { Failure } from "../failure.ts";
import type { Log } from "../observe/log.ts";

/** Accepting counts as going well again when no try has failed for so long, milliseconds. */
export const PAUSE_OVER_MS = 1_000;

/** What a listener's failed tries come to. */
export class AcceptPause {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #isPaused = false;
  #lastFailedMs = -Infinity;

  /** @param nowMs Milliseconds on any scale that does not go back. */
  constructor(log: Log, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Nothing is accepted for now, since the proxy lacks something. */
  began(failure: Failure): void {
    this.#lastFailedMs = this.#nowMs();
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#log.error("Clients wait to be accepted", { reason: failure.name });
  }

  /** A client was accepted. */
  ended(): void {
    if (!this.#isPaused || this.#nowMs() - this.#lastFailedMs < PAUSE_OVER_MS) return;
    this.#isPaused = false;
    this.#log.info("Clients are accepted again");
  }
}
