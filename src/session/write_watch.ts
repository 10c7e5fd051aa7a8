/**
 * Has the clock look at one client's writes.
 *
 * The clock lets go of what it watches with its next tick only. Where clients come and go by the thousand a second,
 * hundreds that are gone would stay for it, and V8 would take them for memory in lasting use; so it has this in the
 * client's place.
 *
 * @module
 */
import type { Watched } from "../clock.ts";

/** A client that writes. */
export interface WritingClient {
  /**
   * Looks whether what is written takes too long.
   *
   * @param nowMs The time to judge by, as {@link Watched.onTick} has it.
   * @returns Whether anything is still to be written.
   */
  checkWrite(nowMs: number): boolean;
}

/** One client's. */
export class WriteWatch implements Watched {
  isWatched = false;
  #client: WritingClient | null;

  constructor(client: WritingClient) {
    this.#client = client;
  }

  /** The client is gone. */
  end(): void {
    this.#client = null;
  }

  onTick(nowMs: number): boolean {
    return this.#client !== null && this.#client.checkWrite(nowMs);
  }
}
