/**
 * One end of a TCP connection as a test script drives it: it sends exactly what it is told, reads only when
 * it is told what to expect, and fails with the bytes that differ.
 *
 * `node:net` sockets carry it, as they alone can reset a connection.
 *
 * @module
 */
import { Socket } from "node:net";
import { DEFAULT_DEADLINE_MS, delay } from "../tools/poll.ts";

/** What goes over a wire; text is UTF-8. */
export type WireContent = string | Uint8Array;

const encoder = new TextEncoder();
const SHOWN_BYTES = 200;
const SHOWN_BYTES_BEFORE = 20;

/** One end of a connection. Every wait has a deadline. */
export class Wire implements AsyncDisposable {
  readonly name: string;
  /** Longest wait of each step, in milliseconds. */
  deadlineMs = DEFAULT_DEADLINE_MS;
  readonly #socket: Socket;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #hasEnded = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** @param socket Connected, paused, with half-open connections allowed. */
  constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => {
      this.#unread.push(bytes);
      this.#unreadBytes += bytes.length;
      this.#changed();
    });
    socket.on("end", () => this.#end(null));
    socket.on("error", (error: Error) => this.#end(error));
    socket.on("close", () => this.#end(null));
    socket.pause();
  }

  /** The local port of this end. */
  get localPort(): number {
    return this.#socket.localPort!;
  }

  /** Sends bytes in one write; settles when the system has taken them all. */
  sends(...contents: WireContent[]): Promise<void> {
    const bytes = join(contents.map(toBytes));
    return this.#write(bytes);
  }

  /**
   * Sends bytes in pieces, each by a write of its own and a moment apart, so that the other side usually
   * reads them one by one.
   *
   * @param pieceBytes Length of each piece.
   */
  async sendsInPieces(content: WireContent, pieceBytes = 1): Promise<void> {
    const bytes = toBytes(content);
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      await this.#write(bytes.subarray(start, start + pieceBytes));
      await delay(1);
    }
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(this.#failure(`${bytes.length} bytes were not taken in time`)),
        this.deadlineMs,
      );
      this.#socket.write(bytes, (error?: Error | null) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Reads exactly these bytes; fails as soon as one differs. What comes behind them stays for later. */
  async receives(...contents: WireContent[]): Promise<void> {
    const expected = join(contents.map(toBytes));
    let compared = 0;
    while (compared < expected.length) {
      const piece = await this.#some(() => `${shown(expected.subarray(compared))} to come`);
      const length = Math.min(piece.length, expected.length - compared);
      for (let index = 0; index < length; index++) {
        if (piece[index] !== expected[compared + index]) {
          throw this.#difference(expected, compared + index, piece.subarray(index));
        }
      }
      compared += length;
      this.#putBack(piece.subarray(length));
    }
  }

  #difference(expected: Uint8Array, at: number, received: Uint8Array): Error {
    const from = Math.max(0, at - SHOWN_BYTES_BEFORE);
    const gotten = join([expected.subarray(from, at), received]);
    return this.#failure(
      `expected ${shown(expected.subarray(from))} but received ${
        shown(gotten)
      } (from byte ${from})`,
    );
  }

  /** Reads exactly `count` bytes and returns them. */
  async receivesBytes(count: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let due = count;
    while (due > 0) {
      const piece = await this.#some(() => `${due} more bytes`);
      pieces.push(piece.subarray(0, due));
      this.#putBack(piece.subarray(due));
      due -= Math.min(due, piece.length);
    }
    return join(pieces);
  }

  /** Reads up to and with `end`, and returns it all as text (UTF-8). */
  async receivesUpTo(end: string): Promise<string> {
    const wanted = toBytes(end);
    let received: Uint8Array = new Uint8Array(0);
    while (true) {
      const at = indexOf(received, wanted);
      if (at >= 0) {
        this.#putBack(received.subarray(at + wanted.length));
        return new TextDecoder().decode(received.subarray(0, at + wanted.length));
      }
      received = join([received, await this.#some(() => `${shown(wanted)} to come`)]);
    }
  }

  /** Reads the end of the stream, or a reset; fails if a byte comes before it. */
  async receivesEnd(): Promise<void> {
    const endsAtMs = performance.now() + this.deadlineMs;
    while (this.#unreadBytes === 0 && !this.#hasEnded) {
      await this.#change(endsAtMs, () => "the end of the stream");
    }
    if (this.#unreadBytes > 0) {
      throw this.#failure(`expected the end, but received ${shown(join(this.#unread))}`);
    }
  }

  /** Whether the other side has ended or reset the connection, as far as is known now. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Fails if bytes or the end of the stream are here now; meant behind a round trip that proves the rest. */
  async isSilent(): Promise<void> {
    this.#socket.resume();
    await delay(0);
    this.#socket.pause();
    if (this.#unreadBytes > 0) {
      throw this.#failure(`expected silence, but received ${shown(join(this.#unread))}`);
    }
    if (this.#hasEnded) throw this.#failure("expected silence, but the stream ended");
  }

  /** Ends the sending half; reading goes on. */
  halfCloses(): void {
    this.#socket.end();
  }

  /** Closes both halves in the usual way. */
  closes(): void {
    this.#socket.end();
    this.#socket.destroy();
  }

  /** Closes by a reset (RST): the other side sees the connection lost. */
  resets(): void {
    this.#socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.destroy();
    await closed;
  }

  /** The next bytes, whatever they are. */
  async #some(expectation: () => string): Promise<Uint8Array> {
    const endsAtMs = performance.now() + this.deadlineMs;
    while (this.#unreadBytes === 0) {
      if (this.#hasEnded) {
        const reason = this.#error === null ? "" : ` (${this.#error.message})`;
        throw this.#failure(`expected ${expectation()}, but the stream ended${reason}`);
      }
      await this.#change(endsAtMs, expectation);
    }
    const piece = this.#unread.shift()!;
    this.#unreadBytes -= piece.length;
    return piece;
  }

  #putBack(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#unread.unshift(rest);
    this.#unreadBytes += rest.length;
  }

  async #change(endsAtMs: number, expectation: () => string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isInTime = await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), Math.max(0, endsAtMs - performance.now()));
      this.#wake = () => resolve(true);
      this.#socket.resume();
    });
    clearTimeout(timer);
    this.#wake = null;
    this.#socket.pause();
    if (!isInTime) {
      throw this.#failure(`waited ${this.deadlineMs} ms in vain for ${expectation()}`);
    }
  }

  #end(error: Error | null): void {
    this.#hasEnded = true;
    this.#error ??= error;
    this.#changed();
  }

  #changed(): void {
    this.#wake?.();
  }

  #failure(text: string): Error {
    return new Error(`${this.name}: ${text}`);
  }
}

function toBytes(content: WireContent): Uint8Array {
  return typeof content === "string" ? encoder.encode(content) : content;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const made = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    made.set(piece, position);
    position += piece.length;
  }
  return made;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let start = 0; start + wanted.length <= bytes.length; start++) {
    let length = 0;
    while (length < wanted.length && bytes[start + length] === wanted[length]) length++;
    if (length === wanted.length) return start;
  }
  return -1;
}

/** Bytes as a person reads them: printable ASCII as it is, the rest escaped, cut at a bound. */
function shown(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, SHOWN_BYTES)) text += String.fromCharCode(byte);
  const quoted = JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return bytes.length > SHOWN_BYTES ? `${quoted}… (${bytes.length} bytes)` : quoted;
}
