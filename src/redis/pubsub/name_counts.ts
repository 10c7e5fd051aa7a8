/**
 * Names, each with a number, in one run of bytes: what workers tell each other of channels. Each is written as
 * `<length>:<name><number>,` and is read again one by one, so that a long list is no one's stall.
 *
 * @module
 */
import { ByteWriter } from "../../bytes/byte_writer.ts";
import { textOfBytes } from "./push_frame.ts";

const ZERO = 0x30;
const NINE = 0x39;

/** Writes a list. */
export class NameCountsWriter {
  readonly #writer = new ByteWriter();

  add(name: string, count: number): void {
    const writer = this.#writer;
    writer.decimal(name.length);
    writer.text(":");
    writer.text(name);
    writer.decimal(count);
    writer.text(",");
  }

  /** The list. */
  take(): Uint8Array {
    return this.#writer.bytes.slice(0, this.#writer.length);
  }
}

/** Reads a list from its start. */
export class NameCountsReader {
  /** The entry that {@link NameCountsReader.next} has found; a name has one character a byte. */
  name = "";
  count = 0;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Goes to the next entry; false where there is none. */
  next(): boolean {
    if (this.#position >= this.#bytes.length) return false;
    const length = this.#number();
    const start = this.#position;
    this.#position += length;
    this.name = textOfBytes(this.#bytes, start, this.#position);
    this.count = this.#number();
    return true;
  }

  /** Reads digits, and goes behind the character that ends them. */
  #number(): number {
    let value = 0;
    let byte = this.#bytes[this.#position++]!;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = this.#bytes[this.#position++]!;
    }
    return value;
  }
}
