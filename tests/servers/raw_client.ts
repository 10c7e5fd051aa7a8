/**
 * A client that compares replies byte by byte, whatever version of the protocol they are in: it knows where
 * they end by an ECHO behind them.
 *
 * @module
 */
import { concatenate } from "../../src/bytes/copy.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { encodeCommand, type RespWord } from "../support/clients/resp_client.ts";

const latin1 = new TextDecoder("latin1");
const READ_BYTES = 64 * 1024;

/** A word whose characters are bytes. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A connection. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  #received = "";
  #marks = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** @param version 3 says HELLO 3 first. */
  static async connect(port: number, version: 2 | 3 = 2): Promise<RawClient> {
    const client = new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    if (version === 3) await client.ask(["HELLO", "3"]);
    return client;
  }

  /** All bytes that answer the commands, sent at once, with one character for each byte. */
  async ask(...commands: RespWord[][]): Promise<string> {
    this.#marks += 1;
    const mark = `--mark ${this.#marks}--`;
    const sent = this.send(...commands, ["ECHO", mark]);
    // A failed write shows as a failed read; the read must not wait for it.
    sent.catch(() => {});
    const end = `$${mark.length}\r\n${mark}\r\n`;
    while (!this.#received.endsWith(end)) {
      if (!await this.#receive()) throw new Error(`Connection ended after "${this.#received}"`);
    }
    await sent;
    const replies = this.#received.slice(0, -end.length);
    this.#received = "";
    return replies;
  }

  /** All bytes that answer the commands until the other side closes. */
  async askUntilClosed(...commands: RespWord[][]): Promise<string> {
    await this.send(...commands);
    while (await this.#receive());
    return this.#received;
  }

  /** Sends commands in one piece, so that none is on its way when the other side closes behind an earlier one. */
  async send(...commands: RespWord[][]): Promise<void> {
    const bytes = concatenate(commands.map((command) => encodeCommand(command)));
    let written = 0;
    while (written < bytes.length) {
      written += await this.#connection.write(bytes.subarray(written));
    }
  }

  async #receive(): Promise<boolean> {
    const buffer = new Uint8Array(READ_BYTES);
    const count = await withDeadline(this.#connection.read(buffer), "a reply arrives");
    if (count !== null) this.#received += latin1.decode(buffer.subarray(0, count));
    return count !== null;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
