/**
 * What a client's stages say of its state, in the fields of CLIENT LIST.
 *
 * @module
 */
import type { LocalClient } from "../../session/stages.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import { Subscriber } from "../pubsub/subscriber.ts";
import { TopicKind } from "../pubsub/topic.ts";
import { Transaction } from "../transaction/transaction.ts";

/** What `multi` says outside of MULTI. */
const NO_TRANSACTION = -1;

/** Fields of CLIENT LIST, by their names there. */
export interface ClientState {
  /** `P` subscribed, `x` in a transaction, `b` blocked, `d` whose EXEC will fail; empty for none. */
  readonly flags: string;
  /** Channels, patterns and shard channels it is subscribed to. */
  readonly sub: number;
  readonly psub: number;
  readonly ssub: number;
  /** Requests queued since MULTI; -1 outside of it. */
  readonly multi: number;
  /** Keys it watches. */
  readonly watch: number;
}

/** The state of a client. */
export function clientState(client: LocalClient): ClientState {
  const subscriber = stageOf(client, StageRank.Subscriptions);
  const transaction = stageOf(client, StageRank.Transaction);
  const multi = transaction instanceof Transaction ? transaction.queuedCount : NO_TRANSACTION;
  const isBlocked = stageOf(client, StageRank.Blocking) !== null;
  const flags = [
    subscriber === null ? "" : "P",
    multi < 0 ? "" : "x",
    isBlocked ? "b" : "",
    transaction instanceof Transaction && transaction.isWatchLost ? "d" : "",
  ].join("");
  const count = (kind: 0 | 1 | 2) =>
    subscriber instanceof Subscriber ? subscriber.topics(kind).size : 0;
  return {
    flags,
    sub: count(TopicKind.Channel),
    psub: count(TopicKind.Pattern),
    ssub: count(TopicKind.ShardChannel),
    multi,
    watch: transaction instanceof Transaction ? transaction.watchedCount : 0,
  };
}
