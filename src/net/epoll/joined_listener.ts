/**
 * One front-end port that several sockets listen on: another process had more workers, and whoever waits at any of its
 * sockets is to be accepted.
 *
 * @module
 */
import type { Listener } from "../io_engine.ts";

/** A {@link Listener} made of several. */
export class JoinedListener implements Listener {
  readonly #listeners: readonly Listener[];

  /** @param listeners At least one, all of the same address. */
  constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
  }

  get port(): number {
    return this.#listeners[0]!.port;
  }

  async close(leavesWaiting?: boolean): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(leavesWaiting)));
  }

  share(): number[] {
    return this.#listeners.flatMap((listener) => listener.share());
  }
}
