/**
 * How long to leave a backend alone after failed connects.
 *
 * @module
 */
import { type Failure, failures } from "../failure.ts";

/** Delay after the first failure, milliseconds. */
export const BACKOFF_FIRST_MS = 100;
/** Delay after a failure of the proxy's own, milliseconds: the backend is not to be spared. */
export const OWN_RETRY_MS = 100;
/** Longest delay, milliseconds. */
export const BACKOFF_LONGEST_MS = 2_000;
/** Longest delay where requests wait for the backend (`failover_wait`), milliseconds. */
export const BACKOFF_WAITED_FOR_MS = 500;

/**
 * The delay after `failuresInRow` failed connects (at least 1), milliseconds: doubling, and spread over the
 * upper half so that many workers do not knock at once.
 *
 * @param random A number in [0, 1).
 * @param longestMs Longest delay, milliseconds.
 */
export function backoffDelayMs(
  failuresInRow: number,
  random: number,
  longestMs: number = BACKOFF_LONGEST_MS,
): number {
  const doubled = BACKOFF_FIRST_MS * 2 ** Math.min(failuresInRow - 1, 16);
  return Math.min(doubled, longestMs) * (0.5 + random / 2);
}

/** The failed connects of one connection in a row. */
export class Backoff {
  /** Why the last one failed: what requests are told meanwhile. */
  lastFailure: Failure = failures.connectFailed;
  #failuresInRow = 0;
  #failedAtMs = Infinity;
  #retryAtMs = -Infinity;

  /**
   * Whether the next attempt may start.
   *
   * @param recoveredAtMs When the backend was last known to serve again: earlier failures delay nothing.
   */
  isOver(nowMs: number, recoveredAtMs: number): boolean {
    return nowMs >= this.#retryAtMs || recoveredAtMs >= this.#failedAtMs;
  }

  /**
   * Counts a failed attempt.
   *
   * @param longestMs Longest delay, milliseconds.
   * @returns The delay until the next one may start, milliseconds.
   */
  failed(failure: Failure, nowMs: number, longestMs: number = BACKOFF_LONGEST_MS): number {
    this.lastFailure = failure;
    const delayMs = failure.source === "proxy" ? OWN_RETRY_MS : this.#nextDelayMs(longestMs);
    this.#failedAtMs = nowMs;
    this.#retryAtMs = nowMs + delayMs;
    return delayMs;
  }

  #nextDelayMs(longestMs: number): number {
    this.#failuresInRow += 1;
    return backoffDelayMs(this.#failuresInRow, Math.random(), longestMs);
  }

  /** The backend answered. */
  reset(): void {
    this.#failuresInRow = 0;
  }
}
