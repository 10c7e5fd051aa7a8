/**
 * What the workers of one cluster count together.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { AddressRoom, createAddressMemory } from "./address_room.ts";
import { ClientRoom, createClientMemory } from "./client_room.ts";
import { createRateMemory } from "./rate_table.ts";

/** The memories of one cluster; null where its configuration asks for no such count. */
export interface ClusterMemory {
  /** Of a `ClientRoom`. */
  readonly clients: SharedArrayBuffer;
  /** Of an `AddressRoom`. */
  readonly addresses: SharedArrayBuffer | null;
  /** Of a `RateTable`. */
  readonly rates: SharedArrayBuffer | null;
}

/**
 * Makes the memories of each cluster.
 *
 * @param former What there is already: a cluster that stays keeps its own.
 */
export function createClusterMemories(
  clusters: readonly Pick<ClusterConfig, "name" | "maxClientsPerAddress" | "rateLimit" | "users">[],
  workerCount: number,
  former: ReadonlyMap<string, ClusterMemory> = new Map(),
): Map<string, ClusterMemory> {
  return new Map(clusters.map(({ name, maxClientsPerAddress, rateLimit, users }) => {
    const known = former.get(name);
    const rates = [rateLimit, ...users.map(({ rate }) => rate)];
    const sharesRate = rates.some((rate) => rate !== null && rate.per !== "client");
    return [name, {
      clients: known?.clients ?? createClientMemory(workerCount),
      addresses: known?.addresses ?? (maxClientsPerAddress > 0 ? createAddressMemory() : null),
      rates: known?.rates ?? (sharesRate ? createRateMemory() : null),
    }];
  }));
}

/** A worker has no clients any more: it has ended, whatever it counted. */
export function forgetWorker({ clients, addresses }: ClusterMemory, workerNumber: number): void {
  new ClientRoom(clients, workerNumber).clear();
  if (addresses !== null) new AddressRoom(addresses, workerNumber).clear();
}
