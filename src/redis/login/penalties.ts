/**
 * Addresses from which wrong passwords came: whoever comes from there has to wait before the next try, on whatever
 * connection. Otherwise hanging up would be a way around the wait.
 *
 * @module
 */

/** Wait after an address's first wrong password, milliseconds; doubled with each further one. */
export const DELAY_FIRST_MS = 100;
/** Longest wait, milliseconds. */
export const DELAY_MAX_MS = 3_200;
/** How long an address without a further wrong password is remembered, milliseconds. */
export const FORGET_AFTER_MS = 60_000;
/** Addresses remembered; with more the oldest is forgotten. */
export const ADDRESSES_MAX = 1_024;

interface Penalty {
  readonly count: number;
  readonly endMs: number;
}

/** See above. */
export class Penalties {
  /** By host, oldest first. */
  readonly #penalties = new Map<string, Penalty>();

  /** When the next try from this address may be made; 0: now. */
  endMs(peerAddress: string): number {
    return this.#penalties.get(hostOf(peerAddress))?.endMs ?? 0;
  }

  /** A password was wrong; returns when the next one may be tried. */
  add(peerAddress: string, nowMs: number): number {
    const host = hostOf(peerAddress);
    const former = this.#penalties.get(host);
    const isRecent = former !== undefined && nowMs - former.endMs < FORGET_AFTER_MS;
    const count = isRecent ? former.count + 1 : 1;
    const endMs = nowMs + Math.min(DELAY_MAX_MS, DELAY_FIRST_MS * 2 ** (count - 1));
    this.#penalties.delete(host);
    this.#penalties.set(host, { count, endMs });
    for (const oldest of this.#penalties.keys()) {
      if (this.#penalties.size <= ADDRESSES_MAX) break;
      this.#penalties.delete(oldest);
    }
    return endMs;
  }

  /** A password was right. */
  forgive(peerAddress: string): void {
    this.#penalties.delete(hostOf(peerAddress));
  }
}

/** `host:port` without the port. */
function hostOf(peerAddress: string): string {
  return peerAddress.slice(0, peerAddress.lastIndexOf(":"));
}
