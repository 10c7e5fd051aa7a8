/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH, as long as no transaction is open: then {@link Transaction} sees each
 * request first.
 *
 * @module
 */
import { OK_REPLY } from "../../protocol/resp/write/replies.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { ScriptKeeper } from "../scripts/script_keeper.ts";
import { DISCARD_OUTSIDE, EXEC_OUTSIDE } from "./replies.ts";
import { Transaction } from "./transaction.ts";
import { transactionOf, watchAnswer } from "./watch.ts";

/** The transactions of one cluster's clients. */
export class Transactions implements RedisFeature {
  readonly answers: Pick<Answers, "multi" | "exec" | "discard" | "watch" | "unwatch">;
  readonly #context: RedisContext;
  readonly #keeper: ScriptKeeper;

  constructor(context: RedisContext, keeper: ScriptKeeper = new ScriptKeeper(context)) {
    this.#context = context;
    this.#keeper = keeper;
    this.answers = {
      multi: (request) => this.#multi(request),
      exec: () => EXEC_OUTSIDE,
      discard: () => DISCARD_OUTSIDE,
      watch: (request) => watchAnswer(context, keeper, request),
      unwatch,
    };
  }

  #multi({ client, frame }: LocalRequest): Uint8Array {
    const known = transactionOf(client);
    (known ?? new Transaction(this.#context, client, this.#keeper)).open(frame.row!);
    return OK_REPLY;
  }
}

function unwatch({ client, frame }: LocalRequest): Uint8Array | null {
  const transaction = transactionOf(client);
  return transaction === null ? OK_REPLY : transaction.abandon(frame.row!);
}
