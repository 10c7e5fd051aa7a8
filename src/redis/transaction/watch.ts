/**
 * WATCH: takes the connection that EXEC will run on. Nothing has run there yet, so it may be sent again where its
 * slot has moved.
 *
 * @module
 */
import { failureReply, OK_REPLY } from "../../protocol/resp/write/replies.ts";
import { commonPlace, PLACES_DIFFER } from "../../router/common_place.ts";
import { Redirection } from "../../router/router.ts";
import type { DeferredReply } from "../../session/stages.ts";
import type { CallListener, CallReply } from "../core/dedicated_call.ts";
import type { DedicatedLink } from "../core/dedicated_link.ts";
import type { RedisContext } from "../core/feature.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { Refused } from "../core/refused.ts";
import { copyRequest } from "../core/request_copy.ts";
import type { ScriptKeeper } from "../scripts/script_keeper.ts";
import type { HeldRequest } from "./held_requests.ts";
import { KEYS_APART, WATCH_MOVED } from "./replies.ts";
import { Transaction } from "./transaction.ts";

/** Moves of the slot that one WATCH follows. */
const MOVES_MAX = 5;

/** Answers WATCH; no request of its client is in flight. */
export function watchAnswer(
  context: RedisContext,
  keeper: ScriptKeeper,
  request: LocalRequest,
): Uint8Array | null {
  const { client, frame, bytes } = request;
  const known = transactionOf(client);
  // EXEC will be told that they changed, whatever else is watched.
  if (known?.isWatchLost) return OK_REPLY;
  const place = commonPlace(frame, bytes, context.router);
  if (place === -1) return failureReply(context.router.whyUnplaced(place), "");
  const { link = null } = known ?? {};
  if (place === PLACES_DIFFER || (link !== null && link.place !== place)) return KEYS_APART;
  const transaction = known ?? new Transaction(context, client, keeper);
  const taken = link ?? transaction.linkTo(place);
  if (taken instanceof Refused) {
    transaction.drop();
    return taken.reply;
  }
  const late = client.answerLater();
  transaction.watchedCount += frame.keyCount;
  const sent = { bytes: copyRequest(request), row: frame.row! };
  new Watching(context, transaction, sent, late, link !== null).send(taken);
  return null;
}

/** The transaction that a client is in, or null. */
export function transactionOf(client: LocalRequest["client"]): Transaction | null {
  const stage = stageOf(client, StageRank.Transaction);
  return stage instanceof Transaction ? stage : null;
}

/** One WATCH on its way. */
class Watching {
  readonly #context: RedisContext;
  readonly #transaction: Transaction;
  readonly #request: HeldRequest;
  readonly #late: DeferredReply;
  /** Other keys are watched already. */
  readonly #isFurther: boolean;
  #moves = 0;

  constructor(
    context: RedisContext,
    transaction: Transaction,
    request: HeldRequest,
    late: DeferredReply,
    isFurther: boolean,
  ) {
    this.#context = context;
    this.#transaction = transaction;
    this.#request = request;
    this.#late = late;
    this.#isFurther = isFurther;
  }

  send(link: DedicatedLink): void {
    const { bytes, row } = this.#request;
    const listener: CallListener = {
      replied: (reply) => this.#replied(link, reply),
      failed: (failure, address) => {
        link.close();
        if (this.#isFurther) this.#transaction.lost();
        else this.#transaction.drop();
        this.#late.fail(failure, address);
      },
    };
    link.send(bytes, listener, { row });
  }

  #replied(link: DedicatedLink, reply: CallReply): void {
    const { exchange, bytes, start, end, isError, isOwned } = reply;
    if (!isError) return this.#late.reply(bytes, start, end, isOwned);
    const redirection = this.#context.router.learn(exchange, bytes, start, end).redirection;
    const mayFollow = redirection === Redirection.Moved && !this.#isFurther;
    if (mayFollow && this.#moves < MOVES_MAX) return this.#follow(link);
    if (!this.#isFurther) {
      link.giveBack();
      this.#transaction.drop();
    }
    if (redirection === Redirection.None) this.#late.reply(bytes, start, end, isOwned);
    else this.#late.reply(WATCH_MOVED);
  }

  #follow(former: DedicatedLink): void {
    this.#moves += 1;
    former.giveBack();
    const link = this.#transaction.linkTo(former.place);
    if (!(link instanceof Refused)) return this.send(link);
    this.#transaction.drop();
    this.#late.reply(link.reply);
  }
}
