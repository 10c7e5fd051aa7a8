/**
 * A request that the proxy answers itself, as the answers see it.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import type { LocalClient } from "../../session/stages.ts";

/** Arguments of one call stand on the stack, which is small. */
const CHARACTERS_AT_ONCE = 4096;

/** A request as local answers see it: these commands are rare, so words may become strings. */
export class LocalRequest {
  readonly client: LocalClient;
  readonly frame: RequestFrame;
  readonly bytes: Uint8Array;
  #words: readonly string[] | null = null;

  constructor(client: LocalClient, frame: RequestFrame, bytes: Uint8Array) {
    this.client = client;
    this.frame = frame;
    this.bytes = bytes;
  }

  /** Words of the request, its name included. */
  get wordCount(): number {
    return this.frame.argumentCount;
  }

  /** The words with one character for each byte; the first is the command's name. */
  get words(): readonly string[] {
    return this.#words ??= Array.from({ length: this.wordCount }, (_, index) => this.#word(index));
  }

  /** Word `index` byte by byte, for what is echoed. */
  raw(index: number): Uint8Array {
    return this.bytes.subarray(this.frame.argumentStart(index), this.frame.argumentEnd(index));
  }

  #word(index: number): string {
    const raw = this.raw(index);
    let word = "";
    for (let start = 0; start < raw.length; start += CHARACTERS_AT_ONCE) {
      word += String.fromCharCode(...raw.subarray(start, start + CHARACTERS_AT_ONCE));
    }
    return word;
  }
}
