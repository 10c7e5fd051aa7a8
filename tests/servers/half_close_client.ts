/**
 * Plays what a client sends before the end of its input, and reads until the other side closes.
 *
 * @module
 */
import { withDeadline } from "../support/tools/poll.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";

const READ_BYTES = 64 * 1024;
const MARK = "--agreed--";
const latin1 = new TextDecoder("latin1");

/** When the end comes. */
export type EndsAt =
  /** Right behind the last request. */
  | "at once"
  /** Right behind it, and each request is a write of its own. */
  | "piecewise"
  /** When all replies are there that will ever come. */
  | "when answered"
  /** When the last request that can be carried out waits at its server. */
  | "when blocked";

/** How to play. */
export interface Manner {
  readonly endsAt: EndsAt;
  /** Bytes of replies that are awaited first; for "when answered". */
  readonly answeredBytes: number;
  /** Settles when a server has a blocked client; for "when blocked". */
  readonly isBlocked: () => Promise<unknown>;
}

/** Requests of a script: words between spaces, requests between `|`. One in angle brackets is sent as it stands. */
export function requestsOf(script: string): Uint8Array[] {
  return script.split("|").map((request) => {
    const raw = /^<(.*)>$/.exec(request);
    if (raw === null) return encodeCommand(request.split(" "));
    return new TextEncoder().encode(raw[1]!.replaceAll("\\r\\n", "\r\n"));
  });
}

/** One client, from before its script to its end. */
export class HalfClosingClient implements Disposable {
  /** All bytes that it got, one character each. */
  replies = "";
  /** The other side has closed the connection with bytes of this client unread: what was on its way is lost. */
  wasReset = false;
  readonly #connection: Deno.TcpConn;
  #isOver = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(port: number, version: 2 | 3): Promise<HalfClosingClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const client = new HalfClosingClient(connection);
    if (version === 3) await client.#agreeOnVersion3();
    return client;
  }

  /** Sends a script and the end, and reads until the other side closes. */
  async play(script: string, manner: Manner): Promise<void> {
    const requests = requestsOf(script);
    const pieces = manner.endsAt === "piecewise" ? requests : [joined(requests)];
    const sent = this.#sendAll(pieces);
    if (manner.endsAt === "when blocked") await manner.isBlocked();
    while (manner.endsAt === "when answered" && this.replies.length < manner.answeredBytes) {
      if (!await this.#receive(script)) break;
    }
    const ended = sent.then(() => this.#end());
    while (!this.#isOver) await this.#receive(script);
    await ended;
  }

  async #sendAll(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) await this.#send(piece);
  }

  async #send(piece: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < piece.length;) {
        written += await this.#connection.write(piece.subarray(written));
      }
    } catch {
      // Closed behind QUIT, say: the read finds it out.
    }
  }

  async #end(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch {
      // The other side was first.
    }
  }

  async #receive(script: string): Promise<boolean> {
    const buffer = new Uint8Array(READ_BYTES);
    const what = `the connection goes on or ends: ${script.slice(0, 200)}`;
    const reading = this.#connection.read(buffer).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      this.wasReset = true;
      return null;
    });
    const count = await withDeadline(reading, what);
    this.#isOver = count === null;
    if (count !== null) this.replies += latin1.decode(buffer.subarray(0, count));
    return count !== null;
  }

  async #agreeOnVersion3(): Promise<void> {
    await this.#send(encodeCommand(["HELLO", "3"]));
    await this.#send(encodeCommand(["ECHO", MARK]));
    while (!this.replies.endsWith(`${MARK}\r\n`)) await this.#receive("HELLO 3");
    this.replies = "";
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** What is in the keys that scripts change. */
export async function contents(client: RespClient): Promise<unknown[]> {
  return [
    await client.call("LRANGE", "{h}q", "0", "-1"),
    await client.call("LRANGE", "{h}r", "0", "-1"),
    await client.call("ZRANGE", "{h}z", "0", "-1"),
    await client.call("XLEN", "{h}x"),
    await client.call("GET", "{h}mark"),
    await client.call("GET", "{h}n"),
  ];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
