/**
 * Requests and replies of memcache's text protocol as text with one character for each byte.
 *
 * @module
 */
import { withDeadline } from "../support/tools/poll.ts";
import { word } from "./raw_client.ts";

const READ_BYTES = 64 * 1024;

/** A connection. */
export class MemcacheText implements Disposable {
  readonly #connection: Deno.TcpConn;
  #rest = "";

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<MemcacheText> {
    return new MemcacheText(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /**
   * Sends requests at once and returns their replies without `end`, which each of them must end in and not
   * hold elsewhere.
   */
  async ask(requests: readonly string[], end = "\r\n"): Promise<string[]> {
    const sent = this.#send(word(requests.join("")));
    // A failed write shows as a failed read; the read must not wait for it.
    sent.catch(() => {});
    const replies: string[] = [];
    const buffer = new Uint8Array(READ_BYTES);
    while (replies.length < requests.length) {
      const count = await withDeadline(this.#connection.read(buffer), "replies arrive");
      if (count === null) throw new Error(`Connection ended after ${replies.length} replies`);
      for (const byte of buffer.subarray(0, count)) this.#rest += String.fromCharCode(byte);
      const parts = this.#rest.split(end);
      this.#rest = parts.pop()!;
      replies.push(...parts);
    }
    await sent;
    return replies;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
