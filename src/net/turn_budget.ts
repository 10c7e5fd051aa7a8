/**
 * How much work is done in one turn: each worker has a budget of pieces, taken round-robin by those who have work
 * that may take long, and what is left goes on in later turns. So a request of a hundred thousand names takes its
 * time, and keeps nobody waiting for longer than one budget takes.
 *
 * What is done as it comes, requests and replies, has a budget of its own, which most turns come nowhere near.
 * Whoever has got a long run of them does as many as it is granted, and makes a task of the others.
 *
 * @module
 */

/**
 * Pieces of work in one turn; a piece is what takes about a microsecond. A name that is subscribed to is some
 * of them, a message handed to a client is one.
 */
export const PIECES_PER_TURN_MAX = 8_000;
/** Pieces after which the next of those who have work is at it. */
export const PIECES_AT_ONCE_MAX = 1_000;
/** Pieces of each turn that what is done at once leaves to tasks, while there are any. */
export const PIECES_FOR_TASKS = PIECES_PER_TURN_MAX / 2;

/** Pieces that are done as they come in one turn: a request parsed and sent, a reply delivered. */
export const PIECES_AS_THEY_COME_MAX = 8_000;
/** How many of them one client, or one backend connection, is granted at a time. */
export const GRANT_PIECES = 2_000;
/** Pieces that a request of work is granted at least once this turn's are done: enough for whoever wants little, who so never waits for others. */
export const LEAST_GRANT_PIECES = 64;
/** Keys that are looked at, hashed, grouped or merged, in one piece. */
export const KEYS_PER_PIECE = 8;

/** Work that is done in pieces. */
export interface LongTask {
  /** Whether a budget has it on its list; only {@link TurnBudget} writes it. */
  isQueued: boolean;
  /**
   * Does about `pieces` pieces.
   *
   * @returns How many it did. With fewer than `pieces` it is off the list: it is done, or waits for something.
   */
  work(pieces: number): number;
}

/** One per worker: its flush queue has it. */
export class TurnBudget {
  /** Pieces done as they came, in this turn; whoever does some adds to it. */
  done = 0;
  #left = PIECES_PER_TURN_MAX;
  /** Round robin, the next one first, from `#start` on. */
  #tasks: LongTask[] = [];
  #start = 0;

  /** Whether somebody has work. */
  get hasTasks(): boolean {
    return this.#start < this.#tasks.length;
  }

  /** Whether this turn's budget is as at the turn's start. */
  get isWhole(): boolean {
    return this.#left === PIECES_PER_TURN_MAX && this.done < PIECES_AS_THEY_COME_MAX;
  }

  /** A new turn has begun. */
  refill(): void {
    this.#left = PIECES_PER_TURN_MAX;
    this.done = 0;
  }

  /** The value of {@link TurnBudget.done} at which whoever asks now stops and makes a task of what is left. */
  grant(): number {
    const granted = this.done < PIECES_AS_THEY_COME_MAX ? GRANT_PIECES : LEAST_GRANT_PIECES;
    return this.done + granted;
  }

  /** Takes `pieces` for what is done at once; false where this turn has not so many left: make a task of it. */
  spend(pieces: number): boolean {
    if (pieces > (this.hasTasks ? this.#left - PIECES_FOR_TASKS : this.#left)) return false;
    this.#left -= pieces;
    return true;
  }

  /** Puts a task behind the others, unless it is among them. */
  add(task: LongTask): void {
    if (task.isQueued) return;
    task.isQueued = true;
    this.#tasks.push(task);
  }

  /** Has the tasks work, one after the other, until this turn's budget is used up. */
  run(): void {
    while (this.#left > 0 && this.hasTasks) {
      const task = this.#tasks[this.#start]!;
      this.#start += 1;
      task.isQueued = false;
      const done = task.work(PIECES_AT_ONCE_MAX);
      this.#left = Math.max(0, this.#left - done);
      if (done >= PIECES_AT_ONCE_MAX) this.add(task);
      this.#forgetServed();
    }
  }

  /** Forgets all tasks. */
  clear(): void {
    this.#tasks = [];
    this.#start = 0;
  }

  /** Lets go of the places before `#start`, now and then. */
  #forgetServed(): void {
    if (this.#start < this.#tasks.length && this.#start < PLACES_KEPT_MAX) return;
    this.#tasks.splice(0, this.#start);
    this.#start = 0;
  }
}

/** Places of tasks already served that the list keeps. */
const PLACES_KEPT_MAX = 1_024;
