/**
 * A client that is told things unasked, in RESP2 or RESP3: whatever comes is kept as frames, in order.
 *
 * @module
 */
import { until, withDeadline } from "../support/tools/poll.ts";
import { encodeCommand, type RespWord } from "../support/clients/resp_client.ts";

const latin1 = new TextDecoder("latin1");
const READ_BYTES = 64 * 1024;

/** A value with its type's character: `+OK`, `:1`, `$text`, `_`; an array as a list behind its type. */
export type Frame = string | readonly Frame[];

/** A connection that is read all the time. */
export class SubscriberClient implements AsyncDisposable {
  /** What has come and was not taken. */
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly #connection: Deno.TcpConn;
  readonly #reading: Promise<void>;
  #text = "";
  #position = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#reading = this.#read();
  }

  static async connect(port: number, version: 2 | 3 = 2): Promise<SubscriberClient> {
    const client = new SubscriberClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    if (version === 3) await client.ask("HELLO", "3");
    return client;
  }

  /** Sends commands in one write. */
  async send(...commands: RespWord[][]): Promise<void> {
    for (const command of commands) {
      const bytes = encodeCommand(command);
      let written = 0;
      while (written < bytes.length) {
        written += await withDeadline(
          this.#connection.write(bytes.subarray(written)),
          "a command is sent",
        );
      }
    }
  }

  /** Sends one command and takes what comes next. */
  async ask(...words: RespWord[]): Promise<Frame> {
    await this.send(words);
    return (await this.take(1))[0]!;
  }

  /** Waits for so many frames and takes them. */
  async take(count: number): Promise<Frame[]> {
    await until(() => this.frames.length >= count || this.isClosed, {
      what: `${count} frames arrive, not only ${JSON.stringify(this.frames)}`,
    });
    return this.frames.splice(0, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // It was closed by the other side.
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#text = this.#text.slice(this.#position) + latin1.decode(buffer.subarray(0, count));
        this.#position = 0;
        this.#parseAll();
      }
    } catch {
      // Closed here, or reset: there is no more in either case.
    }
    this.isClosed = true;
  }

  #parseAll(): void {
    for (;;) {
      const start = this.#position;
      const frame = this.#parse();
      if (frame === null) {
        this.#position = start;
        return;
      }
      this.frames.push(frame);
    }
  }

  #parse(): Frame | null {
    const lineEnd = this.#text.indexOf("\r\n", this.#position);
    if (lineEnd < 0) return null;
    const type = this.#text[this.#position]!;
    const line = this.#text.slice(this.#position + 1, lineEnd);
    this.#position = lineEnd + 2;
    if ("$=".includes(type)) return this.#parseBulk(type, Number(line));
    if (!"*>~%".includes(type) || line === "-1") return type + line;
    const elements: Frame[] = [];
    for (let due = Number(line) * (type === "%" ? 2 : 1); due > 0; due--) {
      const element = this.#parse();
      if (element === null) return null;
      elements.push(element);
    }
    return [type, ...elements];
  }

  #parseBulk(type: string, length: number): Frame | null {
    if (length < 0) return `${type}-1`;
    const end = this.#position + length;
    if (this.#text.length < end + 2) return null;
    const body = this.#text.slice(this.#position, end);
    this.#position = end + 2;
    return type + body;
  }
}

/** What a subscriber in `version` is told: words, and a number at the end where there is one. */
export function told(version: 2 | 3, ...words: (string | number)[]): Frame {
  const elements = words.map((word) => typeof word === "number" ? `:${word}` : `$${word}`);
  return [version === 3 ? ">" : "*", ...elements];
}
