/**
 * The reply to a wrong password, which comes the later the more of them a client has given.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import { errorReply } from "../../protocol/resp/replies.ts";
import type { LateReply } from "../../session/features.ts";

/** Delay of a client's first wrong password, milliseconds; doubled with each further one. */
export const DELAY_FIRST_MS = 100;
/** Longest delay, milliseconds. */
export const DELAY_MAX_MS = 3_200;

const WRONG_PASSWORD = errorReply("WRONGPASS invalid username-password pair or user is disabled.");

/** See above. */
export class WrongPassword implements Watched {
  isWatched = false;
  readonly #late: LateReply;
  readonly #dueMs: number;

  /** @param failureCount Wrong passwords of this client, this one included. */
  constructor(late: LateReply, nowMs: number, failureCount: number) {
    this.#late = late;
    this.#dueMs = nowMs + Math.min(DELAY_MAX_MS, DELAY_FIRST_MS * 2 ** (failureCount - 1));
  }

  onTick(nowMs: number): boolean {
    if (!this.#late.isDue) return false;
    if (nowMs < this.#dueMs) return true;
    this.#late.reply(WRONG_PASSWORD, 0, WRONG_PASSWORD.length);
    return false;
  }
}
