/**
 * Before a client has logged in it may log in, and little else. Whoever waits for its turn to do so gives it up by
 * leaving.
 *
 * @module
 */
import { CommandFlag, fitsArity } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { errorReply } from "../../protocol/resp/write/replies.ts";
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import type { KnownServers } from "../server/known_servers.ts";
import type { LoginTurns } from "./turns.ts";

/** Most bytes of a request from somebody unknown: ten words of 16 KiB, as Redis has it. */
export const UNAUTHENTICATED_REQUEST_BYTES_MAX = 160 * 1024;

const NO_AUTH = errorReply("NOAUTH Authentication required.");

/** What both kinds of guard do. */
class TurnGuard implements SessionGuard {
  readonly #client: LocalClient;
  readonly #turns: LoginTurns;

  constructor(client: LocalClient, turns: LoginTurns) {
    this.#client = client;
    this.#turns = turns;
  }

  admit(_client: LocalClient, _frame: RequestFrame): VerdictCode {
    return Verdict.Pass;
  }

  inputEnded(): boolean {
    return this.#turns.inputEnded(this.#client);
  }

  clientClosed(): void {
    this.#turns.leave(this.#client);
  }
}

/** The guard of a client that has logged in, and waits to do so again. */
export class WaitGuard extends TurnGuard {}

/** The guard of a client that has not logged in. */
export class LoginGuard extends TurnGuard {
  readonly requestBytesMax = UNAUTHENTICATED_REQUEST_BYTES_MAX;
  readonly #servers: KnownServers;

  constructor(client: LocalClient, turns: LoginTurns, servers: KnownServers) {
    super(client, turns);
    this.#servers = servers;
  }

  override admit(client: LocalClient, frame: RequestFrame): VerdictCode {
    const { row } = frame;
    if (row !== null && (row.flags & CommandFlag.NoAuth) !== 0) return Verdict.Pass;
    // What is no command, or has the wrong number of words, is said to be so where servers do.
    const isWrong = row === null || !isComplete(frame);
    if (isWrong && !this.#servers.kind.ways.hidesCommands) return Verdict.Pass;
    client.reply(NO_AUTH);
    return Verdict.Handled;
  }
}

function isComplete({ row, argumentCount }: RequestFrame): boolean {
  return fitsArity(argumentCount, row!.arity);
}
