/**
 * Bodies of scripts by their SHA-1, as many as fit; those not needed for longest go first.
 *
 * @module
 */

import { mayReplyOwnErrors } from "./own_errors.ts";

const decoder = new TextDecoder("latin1");

/** Bytes of memory that a script takes besides its body, as measured, rounded up. */
export const SCRIPT_BYTES = 384;

interface Script {
  readonly body: Uint8Array;
  /** Null until it was looked at. */
  mayReplyOwnErrors: boolean | null;
}

/** Bodies of scripts by their SHA-1, up to a number of bytes; those not needed for longest go first. */
export class ScriptCache {
  readonly #bytesMax: number;
  /** Oldest first. */
  readonly #scripts = new Map<string, Script>();
  #byteCount = 0;

  /** @param bytesMax Bytes of memory that all scripts may take. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of memory that the scripts kept take. */
  get byteCount(): number {
    return this.#byteCount;
  }

  has(sha: string): boolean {
    return this.#scripts.has(sha);
  }

  /** The body, which counts as needed now; undefined where it is not known. */
  use(sha: string): Uint8Array | undefined {
    const script = this.#scripts.get(sha);
    if (script === undefined) return undefined;
    this.#scripts.delete(sha);
    this.#scripts.set(sha, script);
    return script.body;
  }

  /** Whether a body could reply with an error in words of its choice; one that is not known could. */
  mayReplyOwnErrors(sha: string): boolean {
    const script = this.#scripts.get(sha);
    if (script === undefined) return true;
    return script.mayReplyOwnErrors ??= mayReplyOwnErrors(decoder.decode(script.body));
  }

  /** Whether a body of so many bytes would be kept. */
  fits(byteCount: number): boolean {
    return SCRIPT_BYTES + byteCount <= this.#bytesMax;
  }

  /** Keeps a body, which is the cache's from now on. */
  add(sha: string, body: Uint8Array): void {
    if (this.#scripts.has(sha) || !this.fits(body.length)) return;
    this.#scripts.set(sha, { body, mayReplyOwnErrors: null });
    this.#byteCount += SCRIPT_BYTES + body.length;
    for (const [oldest, script] of this.#scripts) {
      if (this.#byteCount <= this.#bytesMax) return;
      this.#scripts.delete(oldest);
      this.#byteCount -= SCRIPT_BYTES + script.body.length;
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#scripts.clear();
    this.#byteCount = 0;
  }
}
