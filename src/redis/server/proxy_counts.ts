/**
 * What the workers of a cluster have counted of its clients, as INFO says it: since the start, or since CONFIG
 * RESETSTAT. The counters themselves, which the metrics show, never go back.
 *
 * @module
 */
import type { InfoSource } from "./info.ts";
import type { Peers } from "../core/peers.ts";

/** How long what other workers said is believed, milliseconds. */
export const BELIEVED_MS = 1_000;

/** Counts of one worker, or of several. */
export interface ProxyCounts {
  readonly clientsConnected: number;
  readonly clientsBlocked: number;
  readonly clientsAccepted: number;
  readonly requests: number;
  readonly errorReplies: number;
}

const NONE: ProxyCounts = {
  clientsConnected: 0,
  clientsBlocked: 0,
  clientsAccepted: 0,
  requests: 0,
  errorReplies: 0,
};

const COUNT = "info count";
const RESET = "info reset";

/** What all workers have counted of a cluster's clients, since the start or the last CONFIG RESETSTAT. */
export class ProxyCounters {
  readonly #source: InfoSource;
  readonly #peers: Peers;
  readonly #nowMs: () => number;
  #baseline: ProxyCounts = NONE;
  #others: ProxyCounts = NONE;
  #askedAtMs = -Infinity;
  readonly #waiting: (() => void)[] = [];

  constructor(source: InfoSource, peers: Peers, nowMs: () => number) {
    this.#source = source;
    this.#peers = peers;
    this.#nowMs = nowMs;
    peers.on(COUNT, () => this.#own());
  }

  /** Has `reset` called where another worker was told to count anew. */
  onReset(reset: () => void): void {
    this.#peers.on(RESET, () => {
      this.#resetOwn();
      reset();
      return true;
    });
  }

  /** Tells the counts of all workers; `heard` is called once, perhaps at once. */
  tell(heard: (counts: ProxyCounts) => void): void {
    const answer = () => heard(sum([this.#own(), this.#others]));
    if (this.#waiting.length > 0) return void this.#waiting.push(answer);
    const isKnown = this.#nowMs() - this.#askedAtMs < BELIEVED_MS;
    if (this.#peers.count === 0 || isKnown) return answer();
    this.#waiting.push(answer);
    this.#peers.ask(COUNT, null, (answers) => {
      this.#others = sum((answers as (ProxyCounts | undefined)[]).map((counts) => counts ?? NONE));
      this.#askedAtMs = this.#nowMs();
      for (const waiting of this.#waiting.splice(0)) waiting();
    });
  }

  /** Counts anew, in all workers; `done` is called once. */
  reset(done: () => void): void {
    this.#resetOwn();
    this.#askedAtMs = -Infinity;
    if (this.#peers.count === 0) done();
    else this.#peers.ask(RESET, null, () => done());
  }

  #resetOwn(): void {
    this.#baseline = this.#total();
  }

  #total(): ProxyCounts {
    const { clientsAccepted, requests, errorReplies } = this.#source;
    return {
      ...NONE,
      clientsAccepted: clientsAccepted(),
      requests: requests(),
      errorReplies: errorReplies(),
    };
  }

  #own(): ProxyCounts {
    const total = this.#total();
    const baseline = this.#baseline;
    return {
      clientsConnected: this.#source.clientsConnected(),
      clientsBlocked: this.#source.clientsBlocked(),
      clientsAccepted: total.clientsAccepted - baseline.clientsAccepted,
      requests: total.requests - baseline.requests,
      errorReplies: total.errorReplies - baseline.errorReplies,
    };
  }
}

function sum(counts: readonly ProxyCounts[]): ProxyCounts {
  return counts.reduce((total, one) => ({
    clientsConnected: total.clientsConnected + one.clientsConnected,
    clientsBlocked: total.clientsBlocked + one.clientsBlocked,
    clientsAccepted: total.clientsAccepted + one.clientsAccepted,
    requests: total.requests + one.requests,
    errorReplies: total.errorReplies + one.errorReplies,
  }), NONE);
}
