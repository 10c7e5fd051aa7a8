/**
 * Parsing what has come from a connection in slices: so many frames in one turn, the others in the next ones.
 * Meanwhile nothing more is read from that connection.
 *
 * @module
 */
import type { FlushQueue } from "./flush_queue.ts";
import type { LongTask } from "./turn_budget.ts";

/** Whose bytes are parsed. */
export interface SlicedParser {
  /** Parses one frame; false where there is no whole one, or no connection any more. */
  parseNext(): boolean;
  /** All that has come is parsed: more may be read. */
  parsedAll(): void;
}

/** The slices of one connection. */
export class SlicedParsing implements LongTask {
  isQueued = false;
  /** Whether there are frames that wait for a later turn. */
  isBehind = false;
  readonly #flushQueue: FlushQueue;
  readonly #parser: SlicedParser;

  constructor(flushQueue: FlushQueue, parser: SlicedParser) {
    this.#flushQueue = flushQueue;
    this.#parser = parser;
  }

  /** Parses what has come, as far as this turn goes. */
  parse(): void {
    this.#parseUntil(this.#flushQueue.budget.grant());
  }

  /** Parses what waits, all of it: the connection is gone, and what came over it counts. */
  parseRest(): void {
    if (!this.isBehind) return;
    this.isBehind = false;
    while (this.#parser.parseNext()) continue;
  }

  work(pieces: number): number {
    if (!this.isBehind) return 0;
    const { budget } = this.#flushQueue;
    const before = budget.done;
    this.isBehind = false;
    this.#parseUntil(before + pieces);
    if (!this.isBehind) this.#parser.parsedAll();
    return budget.done - before;
  }

  #parseUntil(stopAt: number): void {
    const { budget } = this.#flushQueue;
    while (this.#parser.parseNext()) {
      budget.done += 1;
      if (budget.done < stopAt) continue;
      this.isBehind = true;
      return this.#flushQueue.workOn(this);
    }
  }
}
