/**
 * Requests of a transaction that no key has given a server yet.
 *
 * @module
 */

/** Requests held for one client, and their bytes. */
export const HELD_REQUESTS_MAX = 1_000;
export const HELD_BYTES_MAX = 64 * 1024;

/** What is held for one client. */
export class HeldRequests {
  #requests: Uint8Array[] = [];
  #byteCount = 0;

  get size(): number {
    return this.#requests.length;
  }

  /** Keeps one more request; false where that would be too much. */
  add(request: Uint8Array): boolean {
    if (this.#requests.length >= HELD_REQUESTS_MAX) return false;
    if (this.#byteCount + request.length > HELD_BYTES_MAX) return false;
    this.#requests.push(request);
    this.#byteCount += request.length;
    return true;
  }

  /** All of them, oldest first; none is held afterwards. */
  take(): readonly Uint8Array[] {
    const requests = this.#requests;
    this.#requests = [];
    this.#byteCount = 0;
    return requests;
  }
}
