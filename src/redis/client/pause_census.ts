/**
 * Counts the clients that a pause waits for, and those that it only mentions.
 *
 * @module
 */
import type { ClientCensus, LocalClient } from "../../session/stages.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import { transactionOf } from "../transaction/watch.ts";

/** @param server Only transactions of this server count; null: all do. */
export function takeCensus(clients: Iterable<LocalClient>, server: string | null): ClientCensus {
  const census: ClientCensus = { transactions: 0, blocked: 0, subscribed: 0, busy: 0 };
  for (const client of clients) {
    const isBlocked = stageOf(client, StageRank.Blocking) !== null;
    if (isBlocked) census.blocked += 1;
    else if (client.hasRequestsInFlight) census.busy += 1;
    if (stageOf(client, StageRank.Subscriptions) !== null) census.subscribed += 1;
    const transaction = transactionOf(client);
    const link = transaction?.link ?? null;
    // One that has only watched keys waits for the end of the pause itself.
    if (link === null || !transaction!.isBegun) continue;
    if (server === null || link.backend.name === server) census.transactions += 1;
  }
  return census;
}
