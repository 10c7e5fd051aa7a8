/**
 * Counts the clients that a pause waits for, and those that it only mentions.
 *
 * @module
 */
import type { BackendConnection } from "../../backend/connection.ts";
import type { DedicatedConnections } from "../../backend/dedicated_connections.ts";
import type { ClientCensus, LocalClient } from "../../session/stages.ts";
import { BlockedClient } from "../blocking/blocked_client.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import { transactionOf } from "../transaction/watch.ts";

/** @param server Only transactions and connections of this server count; null: all do. */
export function takeCensus(
  clients: Iterable<LocalClient>,
  server: string | null,
  dedicated: DedicatedConnections,
): ClientCensus {
  const census: ClientCensus = { transactions: 0, blocked: 0, subscribed: 0, busy: 0, others: 0 };
  const known = new Set<BackendConnection>();
  for (const client of clients) {
    const waiting = stageOf(client, StageRank.Blocking);
    if (waiting instanceof BlockedClient && waiting.link !== null) {
      known.add(waiting.link.connection);
    }
    if (waiting !== null) census.blocked += 1;
    else if (client.hasRequestsInFlight) census.busy += 1;
    if (stageOf(client, StageRank.Subscriptions) !== null) census.subscribed += 1;
    const transaction = transactionOf(client);
    const link = transaction?.link ?? null;
    // One that has only watched keys waits for the end of the pause itself.
    if (link === null || !transaction!.isBegun) continue;
    known.add(link.connection);
    if (server === null || link.backend.name === server) census.transactions += 1;
  }
  for (const connection of dedicated.busy(server)) if (!known.has(connection)) census.others += 1;
  return census;
}
