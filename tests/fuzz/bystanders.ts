/**
 * Well-behaved clients beside the hostile ones: each checks every reply it gets, and none may fail.
 *
 * @module
 */
import type { Expectations, ReplyTally } from "../model/dialect.ts";
import { MemcacheDialect } from "../model/memcache_dialect.ts";
import { ClientCounts, ModelClient } from "../model/model_client.ts";
import { RedisDialect } from "../model/redis_dialect.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { Random } from "../support/tools/seed.ts";

const CLIENTS = 3;
const CHECK_INTERVAL_MS = 500;
const STOP_DEADLINE_MS = 20_000;
/** Replies after which a run has shown something, however fast the attack beside it was over. */
const LEAST_REPLIES = 100;

const CALM: Expectations = {
  isCalm: true,
  movesSlots: false,
  tagCount: 0,
  isWeak: false,
  mediumShare: 0.05,
  largeShare: 0,
};

/** A few clients of one port. */
export class Bystanders implements ReplyTally {
  readonly counts = new ClientCounts();
  readonly #clients: ModelClient<unknown>[] = [];
  readonly #talks: Promise<unknown>;
  readonly #timer: ReturnType<typeof setInterval>;
  #isOver = false;
  #succeededCount = 0;
  #violation: unknown = null;

  /** Begins to talk at once. */
  constructor(port: number, isMemcache: boolean, seed: number) {
    const random = new Random(seed);
    const rules = { port, depthMax: 8, slowShare: 0, leaves: true };
    for (let number = 1; number <= CLIENTS; number++) {
      const identity = { client: number, keyPrefix: "bystander" };
      const own = new Random(random.next());
      const client = isMemcache
        ? new ModelClient(
          number,
          own,
          new MemcacheDialect(own, identity, CALM, this),
          rules,
          this.counts,
        )
        : new ModelClient(
          number,
          own,
          new RedisDialect(own, identity, CALM, this),
          rules,
          this.counts,
        );
      this.#clients.push(client as ModelClient<unknown>);
    }
    this.#talks = Promise.all(this.#clients.map((client) => client.run(() => !this.#isOver)))
      .catch((error) => this.#violation ??= error);
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  succeeded(): void {
    this.#succeededCount += 1;
  }

  failed(_text: string): void {}

  /**
   * Waits until they have talked enough, and lets them have their last replies.
   *
   * @throws {Violation} If one of them got a wrong reply, none, or lost its connection.
   */
  async stop(): Promise<void> {
    try {
      await until(() => this.#violation !== null || this.#succeededCount >= LEAST_REPLIES, {
        what: `${LEAST_REPLIES} good replies to bystanders`,
        deadlineMs: STOP_DEADLINE_MS,
      });
      this.#isOver = true;
      await withDeadline(this.#talks, "bystanders have their replies", STOP_DEADLINE_MS);
    } finally {
      this.#isOver = true;
      clearInterval(this.#timer);
    }
    if (this.#violation !== null) throw this.#violation;
    if (this.counts.closedByProxy > 0) {
      throw new Error(`Bystander closed: ${this.counts.closed.at(-1)}`);
    }
  }

  #check(): void {
    try {
      for (const client of this.#clients) client.checkProgress(performance.now());
    } catch (error) {
      this.#violation ??= error;
    }
  }
}
