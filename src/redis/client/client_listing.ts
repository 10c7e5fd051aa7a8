/**
 * The lines of CLIENT LIST about this worker's clients, made in several turns where there are many.
 *
 * @module
 */
import type { LongTask } from "../../net/turn_budget.ts";
import type { LocalClient } from "../../session/stages.ts";
import { type ClientFilter, matchesFilter } from "./client_filter.ts";
import type { ClientLines } from "./client_line.ts";

/** One client's line, with what it is sorted by. */
export type Line = [id: number, text: string];

/** Pieces of work that one client takes. */
const PIECES_PER_CLIENT = 10;
/** Pieces that are done before the others have their turn. */
const PIECES_FIRST = 64 * PIECES_PER_CLIENT;

/** One list. Clients that come or go meanwhile may be in it or not. */
export class ClientListing implements LongTask {
  isQueued = false;
  /** Whether all clients were looked at. */
  isOver = false;
  readonly lines: Line[] = [];
  readonly #describer: ClientLines;
  readonly #clients: Iterator<LocalClient>;
  readonly #filter: ClientFilter;
  #onOver: ((lines: Line[]) => void) | null = null;

  /** Looks at the first ones at once. */
  constructor(describer: ClientLines, clients: Iterable<LocalClient>, filter: ClientFilter) {
    this.#describer = describer;
    this.#clients = clients[Symbol.iterator]();
    this.#filter = filter;
    this.work(PIECES_FIRST);
  }

  /** Calls `onOver` with the lines once; before it returns if it is over. */
  whenOver(onOver: (lines: Line[]) => void): void {
    if (this.isOver) onOver(this.lines);
    else this.#onOver = onOver;
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces) {
      const next = this.#clients.next();
      if (next.done) {
        this.isOver = true;
        this.#onOver?.(this.lines);
        return Math.min(done, pieces - 1);
      }
      const facts = this.#describer.facts(next.value);
      if (matchesFilter(facts, this.#filter)) {
        this.lines.push([next.value.id, this.#describer.describe(next.value, facts)]);
      }
      done += PIECES_PER_CLIENT;
    }
    return done;
  }
}
