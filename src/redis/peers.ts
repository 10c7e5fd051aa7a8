/**
 * What workers of one cluster say to each other about clients and scripts. Each worker has its own clients; a
 * question about all of them is asked of all.
 *
 * @module
 */

/** Answers a note, or says nothing. What goes in and out is plain data. */
export type NoteHandler = (body: unknown) => unknown;

/** The other workers that serve the same cluster. */
export interface Peers {
  /** Whether there are any. */
  readonly count: number;
  /** Has notes of `topic` handled; one handler a topic. */
  on(topic: string, handler: NoteHandler): void;
  /** Tells all others; answers are dropped. */
  tell(topic: string, body: unknown): void;
  /** Asks all others; `answered` is called once, with the answers that came in time, in no order. */
  ask(topic: string, body: unknown, answered: (answers: unknown[]) => void): void;
}
