/**
 * The names of a request. They stand in the client's receive buffer, which has other bytes once the request is
 * taken: what is not looked at by then needs a copy.
 *
 * @module
 */
import type { LocalRequest } from "../local_request.ts";
import { textOfBytes } from "./push_frame.ts";

/** All words of a request but the first. */
export class NameList {
  readonly count: number;
  /** Bytes of the request. */
  readonly byteCount: number;
  #bytes: Uint8Array;
  /** Start and end of each word, counted from `#origin`. */
  #offsets: Int32Array;
  #origin: number;

  constructor({ frame, bytes }: LocalRequest) {
    this.count = frame.argumentCount - 1;
    this.byteCount = frame.end - frame.start;
    this.#bytes = bytes;
    this.#offsets = frame.offsets;
    this.#origin = frame.start;
  }

  /** Copies what it needs of the request. */
  keep(): void {
    this.#bytes = this.#bytes.slice(this.#origin, this.#origin + this.byteCount);
    this.#offsets = this.#offsets.slice(0, 2 * (this.count + 1));
    this.#origin = 0;
  }

  /** Name `index`, with one character for each byte. */
  name(index: number): string {
    const at = 2 * (index + 1);
    const origin = this.#origin;
    return textOfBytes(
      this.#bytes,
      origin + this.#offsets[at]!,
      origin + this.#offsets[at + 1]!,
    );
  }
}
