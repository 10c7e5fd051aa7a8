/**
 * Before a client has logged in it may log in, and little else.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import { errorReply } from "../../protocol/resp/replies.ts";
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";

/** Most bytes of a request from somebody unknown: ten words of 16 KiB, as Redis has it. */
export const STRANGER_REQUEST_BYTES_MAX = 160 * 1024;

const ALLOWED = new Set(["auth", "hello", "quit", "reset"]);
const NO_AUTH = errorReply("NOAUTH Authentication required.");

/** See above. */
export class LoginGuard implements SessionGuard {
  readonly requestBytesMax = STRANGER_REQUEST_BYTES_MAX;

  admit(client: LocalClient, frame: RequestFrame): VerdictCode {
    const { row } = frame;
    // What is no command, or has the wrong number of words, is said to be so: as a server does.
    if (row === null || ALLOWED.has(row.name) || !isComplete(frame)) return Verdict.Pass;
    client.reply(NO_AUTH, 0, NO_AUTH.length);
    return Verdict.Handled;
  }

  inputEnded(): boolean {
    return false;
  }

  clientClosed(): void {}
}

function isComplete({ row, argumentCount }: RequestFrame): boolean {
  const { arity } = row!;
  return arity > 0 ? argumentCount === arity : argumentCount >= -arity;
}
