/**
 * Sockets with bytes to send. Everything a turn appended goes out together: one microtask behind the turn
 * writes each socket once.
 *
 * @module
 */
import type { Socket } from "./socket.ts";

/** One per worker. */
export class FlushQueue {
  #dirty: Socket[] = [];
  #spare: Socket[] = [];
  #isScheduled = false;
  readonly #flushAll = () => this.#flush();

  /** Marks a socket whose send log has new bytes. */
  add(socket: Socket): void {
    if (socket.isDirty) return;
    socket.isDirty = true;
    this.#dirty.push(socket);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flushAll);
  }

  #flush(): void {
    this.#isScheduled = false;
    const dirty = this.#dirty;
    this.#dirty = this.#spare;
    for (let index = 0; index < dirty.length; index++) {
      const socket = dirty[index]!;
      socket.isDirty = false;
      socket.flush();
    }
    dirty.length = 0;
    this.#spare = dirty;
  }
}
