/**
 * Bodies of scripts by their SHA-1, as many as fit; those not needed for longest go first.
 *
 * @module
 */

import { mayReplyOwnErrors } from "./own_errors.ts";

const decoder = new TextDecoder("latin1");

/** See above. */
export class ScriptCache {
  readonly #bytesMax: number;
  /** Oldest first. */
  readonly #bodies = new Map<string, Uint8Array>();
  /** Those that were looked at, by digest. */
  readonly #ownErrors = new Map<string, boolean>();
  #byteCount = 0;

  /** @param bytesMax Bytes of all bodies. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of the bodies kept. */
  get byteCount(): number {
    return this.#byteCount;
  }

  has(sha: string): boolean {
    return this.#bodies.has(sha);
  }

  /** The body, which counts as needed now; undefined where it is not known. */
  use(sha: string): Uint8Array | undefined {
    const body = this.#bodies.get(sha);
    if (body === undefined) return undefined;
    this.#bodies.delete(sha);
    this.#bodies.set(sha, body);
    return body;
  }

  /** Whether a body that is known could reply with an error in words of its choice. */
  mayReplyOwnErrors(sha: string): boolean {
    const known = this.#ownErrors.get(sha);
    if (known !== undefined) return known;
    const body = this.#bodies.get(sha);
    if (body === undefined) return true;
    const mayReply = mayReplyOwnErrors(decoder.decode(body));
    this.#ownErrors.set(sha, mayReply);
    return mayReply;
  }

  /** Keeps a body, which is the cache's from now on. */
  add(sha: string, body: Uint8Array): void {
    if (this.#bodies.has(sha) || body.length > this.#bytesMax) return;
    this.#bodies.set(sha, body);
    this.#byteCount += body.length;
    for (const [oldest, { length }] of this.#bodies) {
      if (this.#byteCount <= this.#bytesMax) return;
      this.#bodies.delete(oldest);
      this.#ownErrors.delete(oldest);
      this.#byteCount -= length;
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#bodies.clear();
    this.#ownErrors.clear();
    this.#byteCount = 0;
  }
}
