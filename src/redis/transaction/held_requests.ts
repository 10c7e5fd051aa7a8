/**
 * Requests of a transaction that no key has given a server yet.
 *
 * @module
 */

import type { CommandRow } from "../../protocol/command_table.ts";

/** Most requests that are held for one client. */
export const HELD_REQUESTS_MAX = 1_000;
/** Most bytes of requests that are held for one client. */
export const HELD_BYTES_MAX = 64 * 1024;
/** Bytes of memory that one takes besides its own, as measured, rounded up. */
export const HELD_REQUEST_BYTES = 192;

/** A request that is held. */
export interface HeldRequest {
  readonly bytes: Uint8Array;
  /** The command's. */
  readonly row: CommandRow;
}

/** What is held for one client. */
export class HeldRequests {
  #requests: HeldRequest[] = [];
  #byteCount = 0;

  get size(): number {
    return this.#requests.length;
  }

  /** Bytes of memory that they take. */
  get heldBytes(): number {
    return this.#byteCount + this.#requests.length * HELD_REQUEST_BYTES;
  }

  /** Keeps one more request; false where that would be too much. */
  add(request: HeldRequest): boolean {
    const { length } = request.bytes;
    if (this.#requests.length >= HELD_REQUESTS_MAX) return false;
    if (this.#byteCount + length > HELD_BYTES_MAX) return false;
    this.#requests.push(request);
    this.#byteCount += length;
    return true;
  }

  /** All of them, oldest first; none is held afterwards. */
  take(): readonly HeldRequest[] {
    const requests = this.#requests;
    this.#requests = [];
    this.#byteCount = 0;
    return requests;
  }
}
