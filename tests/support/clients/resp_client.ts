/**
 * A small client for tests that speaks RESP2 straight from the socket: no reconnects, no retries, no
 * surprises. What it was asked to send goes out, what comes back is what the caller sees.
 *
 * @module
 */
import { withDeadline } from "../tools/poll.ts";

/** An error reply, without its leading `-`. Two with the same text are equal: it carries no stack. */
export class RespError extends Error {
  override name = "RespError";

  constructor(message: string) {
    super(message);
    Object.defineProperty(this, "stack", { value: `RespError: ${message}`, configurable: true });
  }
}

/** A reply. Bulk strings are text, or bytes with `bytes: true`. */
export type RespValue = string | number | null | Uint8Array | RespError | RespValue[];

/** One word of a command. */
export type RespWord = string | number | Uint8Array;

/** Options of {@link RespClient.connect}. */
export interface RespClientOptions {
  hostname?: string;
  /** Needed without a path. */
  port?: number;
  /** Of a unix socket. */
  path?: string;
  /** Bulk strings come as bytes instead of text. */
  bytes?: boolean;
  /** Longest wait for one reply, in milliseconds. */
  deadlineMs?: number;
  /** Speaks TLS: the CA that is trusted, and the certificate that is shown, PEM all. */
  tls?: { ca: string; cert?: string; key?: string };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const READ_BYTES = 64 * 1024;
const CARRIAGE_RETURN = 13;

/** A connection. Replies are read in the order of the commands. */
export class RespClient implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #isBinary: boolean;
  readonly #deadlineMs: number | undefined;
  #received: Uint8Array = new Uint8Array(0);
  #position = 0;
  #isClosed = false;

  private constructor(connection: Deno.Conn, options: RespClientOptions) {
    this.#connection = connection;
    this.#isBinary = options.bytes ?? false;
    this.#deadlineMs = options.deadlineMs;
  }

  static async connect(options: RespClientOptions): Promise<RespClient> {
    const { hostname = "127.0.0.1", path, port = 0 } = options;
    if (path !== undefined) {
      return new RespClient(await Deno.connect({ transport: "unix", path }), options);
    }
    if (options.tls !== undefined) {
      const { ca, cert, key } = options.tls;
      const pair = cert !== undefined && key !== undefined ? { cert, key } : {};
      const target = { hostname, port, caCerts: [ca], ...pair };
      return new RespClient(await Deno.connectTls(target), options);
    }
    const connection = await Deno.connect({ hostname, port });
    connection.setNoDelay(true);
    return new RespClient(connection, options);
  }

  /**
   * Sends one command and waits for its reply.
   *
   * @throws {RespError} If the reply is an error.
   */
  async call(...words: RespWord[]): Promise<RespValue> {
    const [reply] = await this.pipeline([words]);
    if (reply instanceof RespError) {
      Error.captureStackTrace(reply);
      throw reply;
    }
    return reply!;
  }

  /** Sends all commands at once and waits for all replies; errors are among the values. */
  async pipeline(commands: readonly RespWord[][]): Promise<RespValue[]> {
    const sent = this.send(concatenate(commands.map(encodeCommand)));
    // A failed write shows as a failed read; the read must not wait for it, or large pipelines stand still.
    sent.catch(() => {});
    const replies: RespValue[] = [];
    for (let index = 0; index < commands.length; index++) replies.push(await this.read());
    await sent;
    return replies;
  }

  /** Sends bytes as they are. */
  async send(content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    let written = 0;
    while (written < bytes.length) written += await this.#connection.write(bytes.subarray(written));
  }

  /**
   * The next reply.
   *
   * @throws {Error} If none comes in time, the connection ends, or the bytes are not RESP2.
   */
  async read(): Promise<RespValue> {
    const line = await this.#readLine();
    const rest = line.slice(1);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return new RespError(rest);
      case ":":
        return Number(rest);
      case "$":
        return await this.#readBulk(Number(rest));
      case "*":
        return await this.#readArray(Number(rest));
    }
    throw new Error(`Not RESP2: ${JSON.stringify(line)}`);
  }

  async #readBulk(length: number): Promise<RespValue> {
    if (length < 0) return null;
    const body = await this.#take(length);
    const end = await this.#take(2);
    if (decoder.decode(end) !== "\r\n") throw new Error("Not RESP2: bulk without its CRLF");
    return this.#isBinary ? body : decoder.decode(body);
  }

  async #readArray(length: number): Promise<RespValue> {
    if (length < 0) return null;
    const elements: RespValue[] = [];
    for (let index = 0; index < length; index++) elements.push(await this.read());
    return elements;
  }

  async #readLine(): Promise<string> {
    let searched = 0;
    while (true) {
      const found = this.#received.indexOf(CARRIAGE_RETURN, this.#position + searched);
      if (found >= 0 && found + 1 < this.#received.length) {
        const line = decoder.decode(this.#received.subarray(this.#position, found));
        this.#position = found + 2;
        return line;
      }
      searched = found >= 0 ? found - this.#position : this.#received.length - this.#position;
      await this.#receiveMore(0);
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    while (this.#received.length - this.#position < length) await this.#receiveMore(length);
    const taken = this.#received.slice(this.#position, this.#position + length);
    this.#position += length;
    return taken;
  }

  /** Reads on, until at least `wanted` bytes wait in one buffer. */
  async #receiveMore(wanted: number): Promise<void> {
    const kept = this.#received.length - this.#position;
    const buffer = new Uint8Array(Math.max(wanted, kept + READ_BYTES));
    buffer.set(this.#received.subarray(this.#position));
    let length = kept;
    do {
      const count = await withDeadline(
        this.#connection.read(buffer.subarray(length)),
        "a reply arrives",
        this.#deadlineMs,
      );
      if (count === null) throw new Error("Connection ended before the reply was whole");
      length += count;
    } while (length < wanted);
    this.#received = buffer.subarray(0, length);
    this.#position = 0;
  }

  /** Closes the connection; a second time does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The bytes of one command: an array of bulk strings. */
export function encodeCommand(words: readonly RespWord[]): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = word instanceof Uint8Array ? word : encoder.encode(String(word));
    parts.push(encoder.encode(`$${bytes.length}\r\n`), bytes, encoder.encode("\r\n"));
  }
  return concatenate(parts);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    made.set(part, position);
    position += part.length;
  }
  return made;
}
