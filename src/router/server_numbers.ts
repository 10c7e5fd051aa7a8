/**
 * Numbers of servers, which SCAN's cursors carry: a server keeps its number for the life of the process, in all
 * workers, and a newcomer gets the next one.
 *
 * @module
 */

/** Highest number: what the ten bits of a cursor hold. */
export const SERVER_NUMBER_MAX = 1_023;

/** The addresses that have a number, in the order of their numbers. */
export class ServerNumbers {
  #addresses: string[] = [];

  /** Addresses by number, from number 1 on. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Numbers those that have none, as far as there are numbers. */
  add(addresses: Iterable<string>): void {
    for (const address of addresses) {
      if (this.#addresses.length >= SERVER_NUMBER_MAX) return;
      if (!this.#addresses.includes(address)) this.#addresses.push(address);
    }
  }

  /** Takes over what another worker has numbered; it may know more, never something else. */
  follow(addresses: readonly string[]): void {
    if (addresses.length > this.#addresses.length) this.#addresses = [...addresses];
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
