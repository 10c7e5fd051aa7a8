/**
 * `max_clients_per_address`: counts the clients of each address, in memory that the workers of the cluster share.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { addressKey } from "../net/ip_address.ts";
import { AddressRoom } from "../observe/address_room.ts";

/** A client, as this sees it. */
export interface AddressedClient {
  /** Its end; null where it cannot be told. */
  readonly peer: Endpoint | null;
}

/** What it works with; the limit and the memory are read anew each time. */
export interface AddressLimitParts {
  readonly config: { readonly maxClientsPerAddress: number };
  readonly workerNumber: number;
  readonly memory: { readonly addresses: SharedArrayBuffer | null };
}

/** The addresses of one cluster's clients in one worker. */
export class AddressLimit<Client extends AddressedClient> {
  readonly #parts: AddressLimitParts;
  /** Of clients that are counted. */
  readonly #keys = new WeakMap<Client, bigint>();
  #room: AddressRoom | null = null;

  constructor(parts: AddressLimitParts) {
    this.#parts = parts;
  }

  /** Whether the address of a client that has come may have one more; then it is counted. */
  admits(client: Client): boolean {
    const { config } = this.#parts;
    if (config.maxClientsPerAddress === 0) return true;
    const room = this.#ownRoom();
    const key = this.#count(client, room);
    if (room.countOf(key) <= config.maxClientsPerAddress) return true;
    this.left(client);
    return false;
  }

  /** A client has left, whether or not it was counted. */
  left(client: Client): void {
    const key = this.#keys.get(client);
    if (key === undefined) return;
    this.#keys.delete(client);
    this.#room!.left(key);
  }

  /** The limit may be another: those who are there already count, and stay. */
  reconfigure(clients: Iterable<Client>): void {
    if (this.#parts.config.maxClientsPerAddress === 0) return;
    const room = this.#ownRoom();
    for (const client of clients) if (!this.#keys.has(client)) this.#count(client, room);
  }

  #count(client: Client, room: AddressRoom): bigint {
    const key = addressKey(client.peer);
    if (room.entered(key)) this.#keys.set(client, key);
    return key;
  }

  #ownRoom(): AddressRoom {
    const { memory, workerNumber } = this.#parts;
    this.#room ??= new AddressRoom(memory.addresses!, workerNumber);
    return this.#room;
  }
}
