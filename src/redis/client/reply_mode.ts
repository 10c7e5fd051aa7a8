/**
 * CLIENT REPLY: clients that want no replies, to everything or to one request.
 *
 * @module
 */
import {
  type ClientStage,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import { addStage, removeStage, stageOf, StageRank } from "../core/stage_chain.ts";

/** From now on the client gets no replies, to the request at hand neither. */
export function muteAll(client: LocalClient): void {
  removeStage(client, StageRank.Replies);
  client.isMuted = true;
}

/** From now on the client gets replies again. */
export function unmute(client: LocalClient): void {
  removeStage(client, StageRank.Replies);
  client.isMuted = false;
}

/** The client gets no reply to the request at hand and to the next one. */
export function muteNext(client: LocalClient): void {
  // Silence for good is more than silence once; and a second SKIP is itself the request that the first one meant.
  if (client.isMuted && stageOf(client, StageRank.Replies) === null) return;
  client.isMuted = true;
  addStage(client, StageRank.Replies, new SkipStage());
}

/** Counts one request, then takes itself away. */
class SkipStage implements ClientStage {
  #hasSkipped = false;

  onRequest(client: LocalClient): VerdictCode {
    // A request that waits for earlier ones is shown twice: with nothing in flight none does.
    if (client.hasRequestsInFlight) return Verdict.Wait;
    if (this.#hasSkipped) unmute(client);
    this.#hasSkipped = true;
    return Verdict.Pass;
  }

  onPostponed(): void {
    this.#hasSkipped = false;
  }

  onInputEnd(): boolean {
    return false;
  }

  onClose(): void {}
}
