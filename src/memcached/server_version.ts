/**
 * The version of memcached that clients are told: the least of the servers', asked for when a client wants to
 * know and at most once a minute. Libraries take from it what the server can do, and so does the proxy where
 * versions differ.
 *
 * @module
 */
import { AskedFact } from "../backend/asked_fact.ts";
import type { Clock } from "../clock.ts";

/** What is said while no server has answered: the version whose behaviour the tests compare with. */
export const DEFAULT_VERSION = "1.6.18";

/** Asks every server; `answered` is called once, with the replies of those that gave one. */
export type AskVersions = (answered: (replies: readonly string[]) => void) => void;

/** The version that clients are told: the least of the servers' versions, asked for at most once a minute. */
export class ServerVersion {
  readonly #version: AskedFact<string>;

  constructor(clock: Clock) {
    this.#version = new AskedFact(clock, DEFAULT_VERSION);
  }

  /** Calls `answer` with the version, at once unless the servers are being asked for the first time. */
  tell(ask: AskVersions, answer: (version: string) => void): void {
    if (this.#version.isDue) {
      this.#version.begin();
      ask((replies) => this.#version.learn(leastVersion(replies)));
    }
    this.#version.tell(answer);
  }

  /** Whether what is known is less than `version`; while nothing is, it is not. */
  isBefore(version: string): boolean {
    return isBefore(this.#version.value, version);
  }
}

/**
 * The least version that the texts name, by its first three numbers: libraries fail on anything behind them.
 * Null if there is none.
 */
export function leastVersion(texts: readonly string[]): string | null {
  let least: string | null = null;
  for (const text of texts) {
    const found = /\d+\.\d+\.\d+/.exec(text)?.[0];
    if (found !== undefined && (least === null || isBefore(found, least))) least = found;
  }
  return least;
}

/** Whether the version `one` is less than `other`. */
export function isBefore(one: string, other: string): boolean {
  const numbers = one.split(".").map(Number);
  const others = other.split(".").map(Number);
  const index = numbers.findIndex((part, at) => part !== others[at]);
  return index >= 0 && numbers[index]! < others[index]!;
}
