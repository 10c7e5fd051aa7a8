/**
 * Numbers of servers, which SCAN's cursors carry: a server keeps its number as long as it is there, in all workers, and
 * a newcomer gets the next one. When all were given, it gets that of the server that has been gone longest: a scan that
 * stood there goes on at a server that it has not asked for.
 *
 * @module
 */

/** Highest number: what the ten bits of a cursor hold. */
export const SERVER_NUMBER_MAX = 1_023;

/** The addresses that have a number, in the order of their numbers. */
export class ServerNumbers {
  #addresses: string[] = [];
  /** Of each in which round of {@link ServerNumbers.add} it was there last; none where nobody has said. */
  #lastRounds: number[] = [];
  #round = 0;

  /** Addresses by number, from number 1 on. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** The number of a server, or null where it has none. */
  numberOf(address: string): number | null {
    const index = this.#addresses.indexOf(address);
    return index < 0 ? null : index + 1;
  }

  /** Numbers those of the servers that there are now that have none, as far as there are numbers. */
  add(present: Iterable<string>): void {
    this.#round += 1;
    const newcomers = new Set(present);
    this.#addresses.forEach((address, index) => {
      if (newcomers.delete(address)) this.#lastRounds[index] = this.#round;
    });
    for (const address of newcomers) {
      const index = this.#freeIndex();
      if (index === null) return;
      this.#addresses[index] = address;
      this.#lastRounds[index] = this.#round;
    }
  }

  /** The index of the next number, else that of the one that has been gone longest; null: all are there. */
  #freeIndex(): number | null {
    const count = this.#addresses.length;
    if (count < SERVER_NUMBER_MAX) return count;
    let longest: number | null = null;
    let longestRound = this.#round;
    for (let index = 0; index < count; index++) {
      const round = this.#lastRounds[index] ?? 0;
      if (round < longestRound) [longest, longestRound] = [index, round];
    }
    return longest;
  }

  /** Takes over what another worker has numbered, unless it knows less. */
  follow(addresses: readonly string[]): void {
    if (addresses.length >= this.#addresses.length) this.#addresses = [...addresses];
  }

  /**
   * Servers by number; entry 0 and numbers of servers that are not among `servers` are null.
   *
   * @returns Null where a server has no number yet, or none is left.
   */
  arrange<Server extends { readonly address: string }>(
    servers: readonly Server[],
  ): (Server | null)[] | null {
    const byAddress = new Map(servers.map((server) => [server.address, server]));
    const arranged = this.#addresses.map((address) => byAddress.get(address) ?? null);
    const count = arranged.filter((server) => server !== null).length;
    return count === byAddress.size ? [null, ...arranged] : null;
  }
}
