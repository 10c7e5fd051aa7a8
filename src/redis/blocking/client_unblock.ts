/**
 * CLIENT UNBLOCK, for the clients of all workers.
 *
 * @module
 */
import { errorReply, integerReply, NOT_AN_INTEGER } from "../../protocol/resp/write/replies.ts";
import type { RedisContext } from "../core/feature.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { BlockedClient, type UnblockMode } from "./blocked_client.ts";

/** What one worker asks the others. */
interface UnblockMessage {
  readonly id: number;
  readonly mode: UnblockMode;
}

const UNBLOCK = "client unblock";
const BAD_MODE = errorReply("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
const UNBLOCKED = integerReply(1);
const NOT_BLOCKED = integerReply(0);

/** Answers CLIENT UNBLOCK. */
export class ClientUnblock {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
    context.peers.on(UNBLOCK, (message) => this.#hear(message as UnblockMessage));
  }

  /** `words` are the id and the mode, if one is given. */
  answer(request: LocalRequest, words: readonly string[]): Uint8Array | null {
    const mode = (words[1] ?? "timeout").toUpperCase();
    if (mode !== "TIMEOUT" && mode !== "ERROR") return BAD_MODE;
    const id = readInteger(words[0]!);
    if (id === null) return NOT_AN_INTEGER;
    const message: UnblockMessage = { id: Number(id), mode };
    const { client } = request;
    const blocked = this.#find(message.id);
    if (blocked !== null) {
      const late = client.answerLater();
      blocked.unblock(mode, (reply) => {
        // Unless the server knew better, it is about to be unblocked.
        if (reply === null) late.reply(UNBLOCKED);
        else late.reply(reply.bytes, reply.start, reply.end);
      });
      return null;
    }
    const { peers } = this.#context;
    if (peers.count === 0) return NOT_BLOCKED;
    const late = client.answerLater();
    peers.ask(UNBLOCK, message, (answers) => {
      const reply = answers.includes(true) ? UNBLOCKED : NOT_BLOCKED;
      late.reply(reply);
    });
    return null;
  }

  #hear({ id, mode }: UnblockMessage): boolean {
    const blocked = this.#find(id);
    blocked?.unblock(mode, () => {});
    return blocked !== null;
  }

  #find(id: number): BlockedClient | null {
    for (const client of this.#context.clients()) {
      if (client.id !== id) continue;
      const stage = stageOf(client, StageRank.Blocking);
      return stage instanceof BlockedClient ? stage : null;
    }
    return null;
  }
}
