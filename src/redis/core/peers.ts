/**
 * What workers of one cluster say to each other about clients and scripts. Each worker has its own clients; a
 * question about all of them is asked of all.
 *
 * @module
 */

/** Answers a message, or says nothing. What goes in and out is plain data. */
export type NoteHandler = (body: unknown) => unknown;

/** Answers a question by calling `answer` once, now or later. */
export type LaterHandler = (body: unknown, answer: (body: unknown) => void) => void;

/** The other workers that serve the same cluster. */
export interface Peers {
  /** Whether there are any. */
  readonly count: number;
  /** Has messages of `topic` handled; one handler a topic. */
  on(topic: string, handler: NoteHandler): void;
  /** The same for questions whose answers may take several turns. */
  onLater(topic: string, handler: LaterHandler): void;
  /** Tells all others; answers are dropped. */
  tell(topic: string, body: unknown): void;
  /** Asks all others; `answered` is called once, with the answers that came in time, in no order. */
  ask(topic: string, body: unknown, answered: (answers: unknown[]) => void): void;
}
