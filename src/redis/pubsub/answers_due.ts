/**
 * The answers that a backend owes on its connection for messages, oldest first.
 *
 * @module
 */
import type { Site } from "./topic.ts";

/** Answered ones that are remembered before the list is cut. */
const ANSWERED_KEPT_MAX = 1_024;

/** An answer that is due. */
export interface DueAnswer {
  readonly verb: string;
  readonly name: string;
  /** Null where nobody waits for it any more. */
  readonly site: Site | null;
}

/** One per connection. */
export class AnswersDue {
  /** The oldest stands at `#answered`. */
  #answers: DueAnswer[] = [];
  #answered = 0;

  get isEmpty(): boolean {
    return this.#answered === this.#answers.length;
  }

  /** The one that comes next, or null. */
  get oldest(): DueAnswer | null {
    return this.#answers[this.#answered] ?? null;
  }

  push(answer: DueAnswer): void {
    this.#answers.push(answer);
  }

  /** The oldest has come. */
  shift(): void {
    this.#answered += 1;
    const { length } = this.#answers;
    // What is kept is no longer than what goes, so each is moved about once.
    const isLong = this.#answered >= ANSWERED_KEPT_MAX && 2 * this.#answered >= length;
    if (this.#answered !== length && !isLong) return;
    this.#answers = this.#answers.slice(this.#answered);
    this.#answered = 0;
  }

  clear(): void {
    this.#answers = [];
    this.#answered = 0;
  }
}
