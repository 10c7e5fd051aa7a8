/**
 * CLIENT REPLY: clients that want no replies, to everything or to one request.
 *
 * @module
 */
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import { addGuard, guardOf, GuardRank, removeGuard } from "../core/guard_chain.ts";

/** From now on the client gets no replies, to the request at hand neither. */
export function muteAll(client: LocalClient): void {
  removeGuard(client, GuardRank.Replies);
  client.isMuted = true;
}

/** From now on the client gets replies again. */
export function unmute(client: LocalClient): void {
  removeGuard(client, GuardRank.Replies);
  client.isMuted = false;
}

/** The client gets no reply to the request at hand and to the next one. */
export function muteNext(client: LocalClient): void {
  // Silence for good is more than silence once; and a second SKIP is itself the request that the first one meant.
  if (client.isMuted && guardOf(client, GuardRank.Replies) === null) return;
  client.isMuted = true;
  addGuard(client, GuardRank.Replies, new SkipGuard());
}

/** Counts one request, then takes itself away. */
class SkipGuard implements SessionGuard {
  #hasSkipped = false;

  admit(client: LocalClient): VerdictCode {
    // A request that waits for earlier ones is shown twice: with nothing in flight none does.
    if (client.hasRequestsInFlight) return Verdict.Wait;
    if (this.#hasSkipped) unmute(client);
    this.#hasSkipped = true;
    return Verdict.Pass;
  }

  postponed(): void {
    this.#hasSkipped = false;
  }

  inputEnded(): boolean {
    return false;
  }

  clientClosed(): void {}
}
