/**
 * Several guards of one client, asked in the order of their ranks: a client may be in a transaction, be
 * subscribed, and have its replies switched off at once.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import type { LocalClient, SessionGuard, VerdictCode } from "../../session/features.ts";
import { Verdict } from "../../session/features.ts";

/** Who is asked first. */
export const GuardRank = {
  /** CLIENT PAUSE; before any guard that counts requests, as it has them shown again. */
  Pause: 0,
  /** CLIENT REPLY. */
  Replies: 1,
  /** Not logged in. */
  Login: 2,
  /** What its user may do. */
  Access: 3,
  /** The slot map is not known yet. */
  FirstMap: 4,
  /** Subscribed. */
  Subscriptions: 5,
  /** MULTI and WATCH. */
  Transaction: 6,
  /** Waits in a blocking command. */
  Blocking: 7,
} as const;
/** One of the values of {@link GuardRank}. */
export type GuardRankCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Puts `guard` before the client's requests. At most one guard of a rank. */
export function addGuard(client: LocalClient, rank: GuardRankCode, guard: SessionGuard): void {
  const chain = client.guard instanceof GuardChain ? client.guard : new GuardChain();
  chain.set(rank, guard);
  client.guard = chain;
}

/** Takes the guard of this rank away, if there is one. */
export function removeGuard(client: LocalClient, rank: GuardRankCode): void {
  const chain = client.guard;
  if (!(chain instanceof GuardChain)) return;
  chain.delete(rank);
  if (chain.isEmpty) client.guard = null;
}

/** The guard of this rank, or null. */
export function guardOf(client: LocalClient, rank: GuardRankCode): SessionGuard | null {
  return client.guard instanceof GuardChain ? client.guard.get(rank) : null;
}

class GuardChain implements SessionGuard {
  /** By rank. */
  readonly #guards: (SessionGuard | null)[] = Object.values(GuardRank).map(() => null);

  get isEmpty(): boolean {
    return this.#guards.every((guard) => guard === null);
  }

  get(rank: GuardRankCode): SessionGuard | null {
    return this.#guards[rank]!;
  }

  set(rank: GuardRankCode, guard: SessionGuard): void {
    this.#guards[rank] = guard;
  }

  get isBystander(): boolean {
    return this.#guards.every((guard) => guard === null || guard.isBystander === true);
  }

  delete(rank: GuardRankCode): void {
    this.#guards[rank] = null;
  }

  admit(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    const guards = this.#guards;
    // Limited clients always have one: no iterator for each of their requests.
    for (let rank = 0; rank < guards.length; rank++) {
      const guard = guards[rank]!;
      if (guard === null) continue;
      const verdict = guard.admit(client, frame, bytes);
      if (verdict === Verdict.Wait) this.#postpone(rank);
      if (verdict !== Verdict.Pass) return verdict;
    }
    return Verdict.Pass;
  }

  postponed(): void {
    this.#postpone(this.#guards.length);
  }

  /** Those asked before `rank` let a request pass that waits all the same. */
  #postpone(rank: number): void {
    for (const guard of this.#guards.slice(0, rank)) guard?.postponed?.();
  }

  inputEnded(): boolean {
    // Each hears it, whatever the others say.
    return this.#guards.filter((guard) => guard !== null && guard.inputEnded()).length > 0;
  }

  inputIsFull(): void {
    for (const guard of this.#guards) guard?.inputIsFull?.();
  }

  get requestBytesMax(): number {
    return Math.min(...this.#guards.map((guard) => guard?.requestBytesMax ?? Infinity));
  }

  clientClosed(): void {
    for (const guard of this.#guards) guard?.clientClosed();
  }
}
