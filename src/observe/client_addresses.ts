/**
 * Clients by the addresses that they come from: who has most connections, and who leaves replies unread.
 *
 * @module
 */
import { type Endpoint, hostOf } from "../endpoint.ts";

/** Addresses that are shown of a cluster, and that a worker tells: so many by each of the two orders. */
export const ADDRESSES_MAX = 50;
/** Clients that one worker looks at: they are looked at in one go. */
export const CLIENTS_LOOKED_AT_MAX = 20_000;

/** A client, as this sees it. */
export interface CountedClient {
  /** Its end; null where it cannot be told. */
  readonly peer: Endpoint | null;
  readonly output: {
    /** Bytes of replies that it has not taken. */
    readonly waitingBytes: number;
  };
}

/** The clients of one address, plain data. */
export interface AddressClients {
  /** The host without a port, or the path of the unix socket that they come by; "" where it cannot be told. */
  readonly address: string;
  readonly clients: number;
  /** Bytes of replies that they have not taken. */
  readonly outputBytes: number;
}

/** The addresses of one worker's clients, and how many each has, that are to be told: of its first {@link CLIENTS_LOOKED_AT_MAX} clients. */
export function clientsByAddress(clients: Iterable<CountedClient>): AddressClients[] {
  const found = new Map<string, { address: string; clients: number; outputBytes: number }>();
  let lookedAt = 0;
  for (const { peer, output } of clients) {
    if (lookedAt === CLIENTS_LOOKED_AT_MAX) break;
    lookedAt += 1;
    const address = hostOf(peer);
    const one = found.get(address);
    if (one === undefined) {
      found.set(address, { address, clients: 1, outputBytes: output.waitingBytes });
    } else {
      one.clients += 1;
      one.outputBytes += output.waitingBytes;
    }
  }
  return mostTelling([...found.values()]);
}

/** The addresses of all workers, those with most clients first. */
export function mergeAddresses(parts: readonly (readonly AddressClients[])[]): AddressClients[] {
  const found = new Map<string, AddressClients>();
  for (const one of parts.flat()) {
    const known = found.get(one.address);
    const { address, clients, outputBytes } = one;
    found.set(
      address,
      known === undefined ? one : {
        address,
        clients: known.clients + clients,
        outputBytes: known.outputBytes + outputBytes,
      },
    );
  }
  return mostTelling([...found.values()]);
}

/** Those with most clients, and those who have most to take, in the order of the number of clients. */
function mostTelling(all: readonly AddressClients[]): AddressClients[] {
  const byClients = all.toSorted((one, other) => other.clients - one.clients);
  const told = new Set(byClients.slice(0, ADDRESSES_MAX));
  const byOutput = all.filter(({ outputBytes }) => outputBytes > 0)
    .sort((one, other) => other.outputBytes - one.outputBytes);
  for (const one of byOutput.slice(0, ADDRESSES_MAX)) told.add(one);
  return byClients.filter((one) => told.has(one));
}
