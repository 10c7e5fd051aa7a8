/**
 * Finds workers that do not answer any more: each is asked once a second, and one that has left as many questions
 * unanswered as make five seconds is silent. The seconds are those in which this thread ran: a process that was stopped
 * finds on waking that it has asked nobody meanwhile.
 *
 * @module
 */

/** How often workers are asked, milliseconds. */
export const PING_INTERVAL_MS = 1_000;
/** Questions without an answer after which a worker is silent. */
export const UNANSWERED_MAX = 5;
/** After so many milliseconds a worker is silent. */
export const SILENT_MS: number = UNANSWERED_MAX * PING_INTERVAL_MS;

/** A worker as the watch sees it. */
export interface WatchedWorker {
  /** All its listeners are open and it has not ended. */
  readonly isListening: boolean;
  /** Questions since its last answer. */
  readonly unanswered: number;
  /** Asks it. */
  ping(): void;
}

/** The rhythm of the questions. */
export class SilenceWatch<Worker extends WatchedWorker> {
  readonly #workers: () => Iterable<Worker>;
  readonly #silent: (worker: Worker) => void;
  #timer: ReturnType<typeof setInterval> | null = null;

  /** @param silent Called for a worker that is silent, which is to be ended by that. */
  constructor(workers: () => Iterable<Worker>, silent: (worker: Worker) => void) {
    this.#workers = workers;
    this.#silent = silent;
  }

  /** Begins to ask. */
  start(): void {
    this.#timer ??= setInterval(() => this.ask(), PING_INTERVAL_MS);
  }

  /** Asks nobody any more. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One round. */
  ask(): void {
    for (const worker of [...this.#workers()]) {
      if (!worker.isListening) continue;
      if (worker.unanswered < UNANSWERED_MAX) worker.ping();
      else this.#silent(worker);
    }
  }
}
