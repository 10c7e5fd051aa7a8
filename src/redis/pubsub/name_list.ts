/**
 * The names of a request. They stand in the client's receive buffer, which has other bytes once the request is
 * taken: what is not looked at by then needs a copy.
 *
 * @module
 */
import type { LocalRequest } from "../core/local_request.ts";
import { textOfBytes } from "./push_frame.ts";

/** A list that was kept, as plain data: start and end of each name in the bytes. */
export interface KeptNames {
  readonly bytes: Uint8Array;
  readonly offsets: Int32Array;
}

/** The names in one request, read in place while the request stands in the receive buffer, from a copy after that. */
export class NameList {
  readonly count: number;
  /** Bytes of the request. */
  readonly byteCount: number;
  #bytes: Uint8Array;
  /** Start and end of each name, counted from `#origin`. */
  #offsets: Int32Array;
  #origin: number;

  private constructor(bytes: Uint8Array, offsets: Int32Array, start: number, end: number) {
    this.count = offsets.length / 2;
    this.byteCount = end - start;
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#origin = start;
  }

  /** The words of a request from `firstWord` on. */
  static ofRequest({ frame, bytes }: LocalRequest, firstWord = 1): NameList {
    const offsets = frame.offsets.subarray(2 * firstWord, 2 * frame.argumentCount);
    return new NameList(bytes, offsets, frame.start, frame.end);
  }

  static ofKept({ bytes, offsets }: KeptNames): NameList {
    return new NameList(bytes, offsets, 0, bytes.length);
  }

  /** Copies what it needs of the request. */
  keep(): KeptNames {
    this.#bytes = this.#bytes.slice(this.#origin, this.#origin + this.byteCount);
    this.#offsets = this.#offsets.slice();
    this.#origin = 0;
    return { bytes: this.#bytes, offsets: this.#offsets };
  }

  /** Name `index`, with one character for each byte. */
  name(index: number): string {
    const origin = this.#origin;
    return textOfBytes(
      this.#bytes,
      origin + this.#offsets[2 * index]!,
      origin + this.#offsets[2 * index + 1]!,
    );
  }
}
