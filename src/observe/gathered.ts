/**
 * Lists of which each worker of a cluster has its own part: asked of all of them, and emptied in all of them.
 *
 * @module
 */

/** The other workers of a cluster, as far as they are asked for their parts. */
export interface AskedPeers {
  on(topic: string, handler: (body: unknown) => unknown): void;
  ask(topic: string, body: unknown, answered: (answers: unknown[]) => void): void;
}

/** One worker's part, plain data. */
export interface GatheredPart<Item> {
  entries(): readonly Item[];
  reset(): void;
}

/** A list of all workers. */
export class Gathered<Item> {
  readonly #topic: string;
  readonly #peers: AskedPeers;
  readonly #own: GatheredPart<Item>;

  /** @param topic Tells it from other lists of the cluster. */
  constructor(topic: string, peers: AskedPeers, own: GatheredPart<Item>) {
    this.#topic = topic;
    this.#peers = peers;
    this.#own = own;
    peers.on(`${topic} entries`, () => own.entries());
    peers.on(`${topic} reset`, () => own.reset());
  }

  /** The parts of all workers that answer in time, this one's first; `answered` is called once. */
  all(answered: (parts: (readonly Item[])[]) => void): void {
    this.#peers.ask(`${this.#topic} entries`, null, (answers) => {
      const others = answers.filter((answer) => Array.isArray(answer)) as Item[][];
      answered([this.#own.entries(), ...others]);
    });
  }

  /** Empties the parts of all workers; `done` is called once they have, or have not in time. */
  reset(done: () => void): void {
    this.#own.reset();
    this.#peers.ask(`${this.#topic} reset`, null, () => done());
  }
}
