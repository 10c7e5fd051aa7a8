/**
 * A small memcache client for filling and checking data sets.
 *
 * @module
 */
import { withDeadline } from "../tests/support/tools/poll.ts";

const STORED = "STORED\r\n";
const END = "END\r\n";
const READ_BYTES = 64 * 1024;
const DEADLINE_MS = 30_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection that has one batch of requests under way at a time. */
export class MemcacheClient implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<MemcacheClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return new MemcacheClient(connection);
  }

  /**
   * Writes all entries at once and reads all replies.
   *
   * @throws {Error} If one was not stored.
   */
  async setAll(entries: readonly { key: string; value: Uint8Array }[]): Promise<void> {
    const parts = entries.flatMap(({ key, value }) => [
      encoder.encode(`set ${key} 0 0 ${value.length}\r\n`),
      value,
      encoder.encode("\r\n"),
    ]);
    const sent = this.#send(parts);
    sent.catch(() => {});
    const wantedBytes = entries.length * STORED.length;
    const text = decoder.decode(await this.#receive((received) => received.length >= wantedBytes));
    await sent;
    if (text !== STORED.repeat(entries.length)) throw new Error(`set was answered by ${text}`);
  }

  /**
   * The value of a key, or null.
   *
   * @throws {Error} If the answer is neither.
   */
  async get(key: string): Promise<Uint8Array | null> {
    await this.#send([encoder.encode(`get ${key}\r\n`)]);
    const received = await this.#receive(endsInWholeLine);
    const text = decoder.decode(received);
    if (text === END) return null;
    const header = /^VALUE (\S+) \d+ (\d+)\r\n/.exec(text);
    if (header?.[1] !== key) throw new Error(`get ${key} was answered by ${text.slice(0, 100)}`);
    const start = header[0].length;
    return received.slice(start, start + Number(header[2]));
  }

  async #send(parts: readonly Uint8Array[]): Promise<void> {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let position = 0;
    for (const part of parts) {
      bytes.set(part, position);
      position += part.length;
    }
    let written = 0;
    while (written < bytes.length) written += await this.#connection.write(bytes.subarray(written));
  }

  /** Reads until `isWhole` says that the answer is. */
  async #receive(isWhole: (received: Uint8Array) => boolean): Promise<Uint8Array> {
    let received = new Uint8Array(READ_BYTES);
    let length = 0;
    while (!isWhole(received.subarray(0, length))) {
      if (length === received.length) {
        const larger = new Uint8Array(received.length * 2);
        larger.set(received);
        received = larger;
      }
      const reading = this.#connection.read(received.subarray(length));
      const count = await withDeadline(reading, "a reply arrives", DEADLINE_MS);
      if (count === null) throw new Error("Connection ended before the reply was whole");
      length += count;
    }
    return received.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/**
 * Values of the data set hold no line ends, so only the last line of a reply can be `END` or an
 * error.
 */
function endsInWholeLine(received: Uint8Array): boolean {
  const tail = decoder.decode(received.subarray(-2));
  if (tail !== "\r\n") return false;
  const lastLines = decoder.decode(received.subarray(-128));
  return lastLines.endsWith(END) || /(^|\r\n)[A-Z_]*ERROR[^\r]*\r\n$/.test(lastLines);
}
