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
  /** @param count So many are enough, the most telling ones. */
  entries(count: number): readonly Item[];
  /** How many there are. */
  readonly length: number;
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
    peers.on(`${topic} entries`, (count) => own.entries(count as number));
    peers.on(`${topic} length`, () => own.length);
    peers.on(`${topic} reset`, () => own.reset());
  }

  /**
   * The parts of all workers that answer in time, this one's first; `answered` is called once.
   *
   * @param count Entries of each that are enough.
   */
  all(count: number, answered: (parts: (readonly Item[])[]) => void): void {
    this.#peers.ask(`${this.#topic} entries`, count, (answers) => {
      const others = answers.filter((answer) => Array.isArray(answer)) as Item[][];
      answered([this.#own.entries(count), ...others]);
    });
  }

  /** How many entries all workers that answer in time have; `answered` is called once. */
  count(answered: (count: number) => void): void {
    this.#peers.ask(`${this.#topic} length`, null, (answers) => {
      const lengths = answers.filter((answer) => typeof answer === "number") as number[];
      answered(lengths.reduce((sum, length) => sum + length, this.#own.length));
    });
  }

  /** Empties the parts of all workers; `done` is called once they have, or have not in time. */
  reset(done: () => void): void {
    this.#own.reset();
    this.#peers.ask(`${this.#topic} reset`, null, () => done());
  }
}
