/**
 * Topics that may have to be subscribed elsewhere, as owners have changed or a backend was lost: placed anew in
 * pieces, however many there are.
 *
 * @module
 */
import type { LongTask } from "../../net/turn_budget.ts";
import type { Topic } from "./topic.ts";

/** Pieces of work that a topic takes, where it is at one backend. */
const PIECES_TO_PLACE = 3;

/** One per hub. */
export class PlaceTask implements LongTask {
  isQueued = false;
  readonly #place: (topic: Topic) => void;
  readonly #done: (moved: number) => void;
  #runs: Iterator<Topic>[] = [];
  /** Topics that were confirmed, and are not where they have to be now. */
  #moved = 0;

  /** @param done Told when all is placed, if clients may have missed messages of `moved` topics. */
  constructor(place: (topic: Topic) => void, done: (moved: number) => void) {
    this.#place = place;
    this.#done = done;
  }

  /** Adds a run of topics; returns about how many pieces of work it is. */
  add(topics: Iterator<Topic>, count: number): number {
    this.#runs.push(topics);
    return count * PIECES_TO_PLACE;
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces && this.#runs.length > 0) {
      const topic: Topic | undefined = this.#runs[0]!.next().value;
      if (topic === undefined) this.#runs.shift();
      else done += this.#placeOne(topic);
    }
    if (this.#runs.length > 0) return Math.max(done, pieces);
    if (this.#moved > 0) this.#done(this.#moved);
    this.#moved = 0;
    return done;
  }

  #placeOne(topic: Topic): number {
    // It may have been given up since.
    if (topic.isUnused) return 1;
    const wasConfirmed = topic.isConfirmed;
    this.#place(topic);
    if (wasConfirmed && !topic.isConfirmed && topic.subscribers.size > 0) this.#moved += 1;
    return PIECES_TO_PLACE + topic.wanted.length - 1;
  }
}
