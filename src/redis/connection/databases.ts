/**
 * The databases that the clients of one cluster use in one worker: each has connections of its own to every server, so
 * their number is bounded.
 *
 * @module
 */

/** Databases besides 0 that one worker has connections for. */
export const DATABASES_MAX = 64;
/** Highest database number: connections are found by it. */
export const DATABASE_NUMBER_MAX = 1_023;

/** The databases that clients of one cluster use in one worker. Their number is bounded: each costs connections. */
export class Databases {
  readonly #known = new Set([0]);

  /** Whether every server that could be asked has this database. */
  isKnown(database: number): boolean {
    return this.#known.has(database);
  }

  /** Whether there is room for this database, or it is known. */
  mayUse(database: number): boolean {
    return this.#known.has(database) || this.#known.size <= DATABASES_MAX;
  }

  /** Servers have it, and a client uses it from now on. */
  add(database: number): void {
    this.#known.add(database);
  }
}
