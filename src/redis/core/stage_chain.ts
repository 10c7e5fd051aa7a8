/**
 * Several stages of one client, asked in the order of their ranks: a client may be in a transaction, be
 * subscribed, and have its replies switched off at once.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import type { ClientStage, LocalClient, VerdictCode } from "../../session/stages.ts";
import { Verdict } from "../../session/stages.ts";

/** Who is asked first. */
export const StageRank = {
  /** CLIENT PAUSE; before any stage that counts requests, as it has them shown again. */
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
/** One of the values of {@link StageRank}. */
export type StageRankCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Puts `stage` before the client's requests. At most one stage of a rank. */
export function addStage(client: LocalClient, rank: StageRankCode, stage: ClientStage): void {
  const chain = client.stage instanceof StageChain ? client.stage : new StageChain();
  chain.set(rank, stage);
  client.stage = chain;
}

/** Takes the stage of this rank away, if there is one. */
export function removeStage(client: LocalClient, rank: StageRankCode): void {
  const chain = client.stage;
  if (!(chain instanceof StageChain)) return;
  chain.delete(rank);
  if (chain.isEmpty) client.stage = null;
}

/** The stage of this rank, or null. */
export function stageOf(client: LocalClient, rank: StageRankCode): ClientStage | null {
  return client.stage instanceof StageChain ? client.stage.get(rank) : null;
}

class StageChain implements ClientStage {
  /** By rank. */
  readonly #stages: (ClientStage | null)[] = Object.values(StageRank).map(() => null);

  get isEmpty(): boolean {
    return this.#stages.every((stage) => stage === null);
  }

  get(rank: StageRankCode): ClientStage | null {
    return this.#stages[rank]!;
  }

  set(rank: StageRankCode, stage: ClientStage): void {
    this.#stages[rank] = stage;
  }

  get isBystander(): boolean {
    return this.#stages.every((stage) => stage === null || stage.isBystander === true);
  }

  delete(rank: StageRankCode): void {
    this.#stages[rank] = null;
  }

  onRequest(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): VerdictCode {
    const stages = this.#stages;
    // Limited clients always have one: no iterator for each of their requests.
    for (let rank = 0; rank < stages.length; rank++) {
      const stage = stages[rank]!;
      if (stage === null) continue;
      const verdict = stage.onRequest(client, frame, bytes);
      if (verdict === Verdict.Wait) this.#postpone(rank);
      if (verdict !== Verdict.Pass) return verdict;
    }
    return Verdict.Pass;
  }

  onPostponed(): void {
    this.#postpone(this.#stages.length);
  }

  /** Those asked before `rank` let a request pass that waits all the same. */
  #postpone(rank: number): void {
    for (const stage of this.#stages.slice(0, rank)) stage?.onPostponed?.();
  }

  onInputEnd(): boolean {
    // Each hears it, whatever the others say.
    return this.#stages.filter((stage) => stage !== null && stage.onInputEnd()).length > 0;
  }

  onInputFull(): void {
    for (const stage of this.#stages) stage?.onInputFull?.();
  }

  get requestBytesMax(): number {
    return Math.min(...this.#stages.map((stage) => stage?.requestBytesMax ?? Infinity));
  }

  get heldBytes(): number {
    let sum = 0;
    for (const stage of this.#stages) sum += stage?.heldBytes ?? 0;
    return sum;
  }

  onClose(): void {
    for (const stage of this.#stages) stage?.onClose();
  }
}
