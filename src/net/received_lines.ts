/**
 * Lines of text out of the bytes that come over a channel between two processes.
 *
 * @module
 */

/** Longest line, bytes: a longer one ends the channel. */
export const LINE_BYTES_MAX: number = 64 * 1024;

/** What has come over one channel, and was not taken yet. */
export class ReceivedLines {
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Whether more may come before the next line is taken. */
  get hasRoom(): boolean {
    return this.#text.length <= LINE_BYTES_MAX;
  }

  /** Takes bytes that have come; a character may be cut in two. */
  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }

  /** The next line without its end; null where none is whole. */
  take(): string | null {
    const end = this.#text.indexOf("\n");
    if (end < 0) return null;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }
}
