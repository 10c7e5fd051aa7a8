/**
 * The reply to a wrong password, which comes late.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import { errorReply } from "../../protocol/resp/write/replies.ts";
import type { DeferredReply } from "../../session/stages.ts";

const WRONG_PASSWORD = errorReply("WRONGPASS invalid username-password pair or user is disabled.");

/** One reply to a wrong password, sent only when it is due. */
export class WrongPassword implements Watched {
  isWatched = false;
  readonly #late: DeferredReply;
  readonly #dueMs: number;

  /** @param dueMs When it is to come, milliseconds of the clock. */
  constructor(late: DeferredReply, dueMs: number) {
    this.#late = late;
    this.#dueMs = dueMs;
  }

  onTick(nowMs: number): boolean {
    if (!this.#late.isDue) return false;
    if (nowMs < this.#dueMs) return true;
    this.#late.reply(WRONG_PASSWORD);
    return false;
  }
}
