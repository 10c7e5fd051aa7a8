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
  type ClientStage,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import type { KnownServers } from "../server/known_servers.ts";
import type { LoginTurns } from "./turns.ts";

/** Most bytes of a request from somebody unknown: ten words of 16 KiB, as Redis has it. */
export const UNAUTHENTICATED_REQUEST_BYTES_MAX = 160 * 1024;

const NO_AUTH = errorReply("NOAUTH Authentication required.");

/** What both kinds of stage do. */
class TurnStage implements ClientStage {
  readonly #client: LocalClient;
  readonly #turns: LoginTurns;

  constructor(client: LocalClient, turns: LoginTurns) {
    this.#client = client;
    this.#turns = turns;
  }

  onRequest(_client: LocalClient, _frame: RequestFrame): VerdictCode {
    return Verdict.Pass;
  }

  onInputEnd(): boolean {
    return this.#turns.onInputEnd(this.#client);
  }

  onClose(): void {
    this.#turns.leave(this.#client);
  }
}

/** The stage of a client that has logged in, and waits to do so again. */
export class WaitStage extends TurnStage {}

/** The stage of a client that has not logged in. */
export class LoginStage extends TurnStage {
  readonly requestBytesMax = UNAUTHENTICATED_REQUEST_BYTES_MAX;
  readonly #servers: KnownServers;

  constructor(client: LocalClient, turns: LoginTurns, servers: KnownServers) {
    super(client, turns);
    this.#servers = servers;
  }

  override onRequest(client: LocalClient, frame: RequestFrame): VerdictCode {
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
