/**
 * Logins as one user from one address, after a wrong password: how many more may be judged, who waits for that, and
 * in how many other workers somebody does.
 *
 * @module
 */
import type { LocalClient } from "../../session/stages.ts";

/** Wrong passwords a second, for one user from one address, over all workers. */
export const WRONG_PER_SECOND = 50;
/** Wrong passwords that are judged at once behind a rest. */
export const WRONG_AT_ONCE = 8;
/** Reply to the first wrong password, milliseconds later; doubled with each further one. */
export const DELAY_FIRST_MS = 100;
/** The latest that such a reply comes, milliseconds. */
export const DELAY_MAX_MS = 3_200;
/** How long wrong passwords count for the delay without a further one, milliseconds. */
export const FORGET_AFTER_MS = 60_000;
/** A worker that has said nothing for so long, milliseconds, has nobody who waits. */
export const OTHERS_SILENT_MS = 500;

/**
 * Clients that wait although they have sent their last, which is how hanging up looks. They come behind all others;
 * with so many the next one is closed, so that hanging up does not make the queue long.
 */
export const ENDED_MAX = 64;
/** What a client that waits weighs among all that wait, where one that has sent its last weighs 1. */
export const OPEN_WEIGHT = 1_024;

interface OtherWorker {
  readonly weight: number;
  readonly heardAtMs: number;
}

/**
 * Logins as one user from one address after a wrong password: how many may be judged now, and who waits for a turn.
 * Judging a wrong password takes one of its tokens; a right one takes none.
 */
export class Suspect {
  /** Who waits to be judged, in the order in which they came; each client is there once. */
  readonly #open: Set<LocalClient> = new Set();
  /** Those of them that have sent their last. */
  readonly #ended: Set<LocalClient> = new Set();
  /** Wrong passwords judged without a wait that other workers have not heard of. */
  untold = 0;
  /** Whether other workers believe that somebody waits here. */
  isBelievedToWait = false;
  #tokens = WRONG_AT_ONCE;
  #countedAtMs: number;
  #wrongs = 0;
  #lastWrongMs = -Infinity;
  readonly #others: Map<string, OtherWorker> = new Map();

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs;
  }

  /** Whether there is something to do, or to tell, at the next tick. */
  get isActive(): boolean {
    return this.weight > 0 || this.isBelievedToWait || this.untold > 0;
  }

  /** What those that wait here weigh together. */
  get weight(): number {
    return OPEN_WEIGHT * this.#open.size + this.#ended.size;
  }

  /** Whether a password may be judged now, ahead of nobody who waits. */
  mayJudgeNow(nowMs: number): boolean {
    this.#count(nowMs);
    return this.weight === 0 && this.#weightElsewhere() === 0 && this.#tokens >= 1;
  }

  /** This client waits from now on, behind all others. */
  wait(client: LocalClient, nowMs: number): void {
    this.#count(nowMs);
    this.#open.add(client);
  }

  /** This client, which waits, has sent its last; false where it waits in vain, and is to be closed. */
  end(client: LocalClient, nowMs: number): boolean {
    this.#count(nowMs);
    if (!this.#open.delete(client)) return true;
    if (this.#ended.size >= ENDED_MAX) return false;
    this.#ended.add(client);
    return true;
  }

  /** This client waits no longer. */
  leave(client: LocalClient, nowMs: number): void {
    this.#count(nowMs);
    this.#open.delete(client);
    this.#ended.delete(client);
  }

  /** Takes the client whose turn it is, and a token for its password; null where nobody waits, or none is left. */
  next(nowMs: number): LocalClient | null {
    this.#count(nowMs);
    const queue = this.#open.size > 0 ? this.#open : this.#ended;
    const [client] = queue;
    if (client === undefined || this.#tokens < 1) return null;
    this.#tokens -= 1;
    queue.delete(client);
    return client;
  }

  /** A token that was taken was not needed: the password was right, or its client is gone. */
  giveBack(): void {
    this.#tokens = Math.min(this.#tokens + 1, WRONG_AT_ONCE);
  }

  /** A password was wrong for which no token was taken. */
  takeLate(nowMs: number, count = 1): void {
    this.#count(nowMs);
    this.#tokens -= count;
  }

  /** A password was wrong; returns when that is to be told, milliseconds of the clock. */
  wrong(nowMs: number): number {
    this.#wrongs = nowMs - this.#lastWrongMs < FORGET_AFTER_MS ? this.#wrongs + 1 : 1;
    this.#lastWrongMs = nowMs;
    return nowMs + Math.min(DELAY_MAX_MS, DELAY_FIRST_MS * 2 ** (this.#wrongs - 1));
  }

  /** A password was right. */
  right(): void {
    this.#wrongs = 0;
  }

  /** Another worker has said what those that wait there weigh. */
  othersWait(worker: string, weight: number, nowMs: number): void {
    this.#count(nowMs);
    if (weight === 0) this.#others.delete(worker);
    else this.#others.set(worker, { weight, heardAtMs: nowMs });
  }

  /**
   * Tokens that have come up since: this worker's part is that of its clients among all that wait, and all of them
   * where nobody does. What is owed is owed by all workers together, and all count the same tokens against it.
   */
  #count(nowMs: number): void {
    const own = this.weight;
    const all = own + this.#weightElsewhere();
    const part = all === 0 ? 1 : own / all;
    const grown = WRONG_PER_SECOND * (nowMs - this.#countedAtMs) / 1000;
    const owed = Math.max(0, -this.#tokens);
    if (grown <= owed) this.#tokens += grown;
    else this.#tokens = Math.min(this.#tokens + owed + part * (grown - owed), WRONG_AT_ONCE);
    this.#countedAtMs = nowMs;
    for (const [worker, { heardAtMs }] of this.#others) {
      if (nowMs - heardAtMs >= OTHERS_SILENT_MS) this.#others.delete(worker);
    }
  }

  #weightElsewhere(): number {
    let sum = 0;
    for (const { weight } of this.#others.values()) sum += weight;
    return sum;
  }
}
