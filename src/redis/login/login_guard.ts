/**
 * Before a client has logged in it may log in, and little else.
 *
 * @module
 */
import { fitsArity } from "../../protocol/command_table.ts";
import type { Clock, Watched } from "../../clock.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { errorReply } from "../../protocol/resp/replies.ts";
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import type { Penalties } from "./penalties.ts";

/** Most bytes of a request from somebody unknown: ten words of 16 KiB, as Redis has it. */
export const STRANGER_REQUEST_BYTES_MAX = 160 * 1024;

const LOGINS = new Set(["auth", "hello"]);
const ALLOWED = new Set(["quit", "reset"]);
const NO_AUTH = errorReply("NOAUTH Authentication required.");

/** See above. */
export class LoginGuard implements SessionGuard, Watched {
  isWatched = false;
  readonly requestBytesMax = STRANGER_REQUEST_BYTES_MAX;
  readonly #client: LocalClient;
  readonly #clock: Clock;
  readonly #penalties: Penalties;
  #isClosed = false;

  constructor(client: LocalClient, clock: Clock, penalties: Penalties) {
    this.#client = client;
    this.#clock = clock;
    this.#penalties = penalties;
  }

  admit(client: LocalClient, frame: RequestFrame): VerdictCode {
    const { row } = frame;
    // What is no command, or has the wrong number of words, is said to be so: as a server does.
    if (row === null || !isComplete(frame)) return Verdict.Pass;
    if (LOGINS.has(row.name)) return this.#mayTry(this.#clock.nowMs) ? Verdict.Pass : this.#wait();
    if (ALLOWED.has(row.name)) return Verdict.Pass;
    client.reply(NO_AUTH, 0, NO_AUTH.length);
    return Verdict.Handled;
  }

  inputEnded(): boolean {
    return false;
  }

  clientClosed(): void {
    this.#isClosed = true;
  }

  onTick(nowMs: number): boolean {
    if (this.#isClosed) return false;
    if (!this.#mayTry(nowMs)) return true;
    this.#client.parseOn();
    return false;
  }

  #mayTry(nowMs: number): boolean {
    return nowMs >= this.#penalties.endMs(this.#client.peerAddress);
  }

  #wait(): VerdictCode {
    this.#clock.watch(this);
    return Verdict.Wait;
  }
}

function isComplete({ row, argumentCount }: RequestFrame): boolean {
  return fitsArity(argumentCount, row!.arity);
}
