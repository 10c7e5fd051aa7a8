/**
 * A node of a Redis Cluster that answers as a test says, and writes down every request by connection. What
 * the proxy sends for itself (the slot map, handshakes) it answers alone, so that a script is about data only.
 *
 * @module
 */
import { findFreePort } from "../tools/free_port.ts";

/** A request as it came. */
export interface ScriptedRequest {
  /** The words; the first is the command's name in upper case. */
  readonly words: readonly string[];
  /** Number of the connection it came over, from 0, in the order they were accepted. */
  readonly connection: number;
}

/** The bytes of a reply; null for none, ever. */
export type ScriptedReply = string | null;

/** Slots of a map: first, last, and the nodes as `host:port`, the master first. An empty host is sent as null. */
export type ScriptedRange = readonly [first: number, last: number, ...nodes: string[]];

/** What an old node says to CLUSTER SHARDS, so that it is asked for CLUSTER SLOTS. */
const UNKNOWN_SUBCOMMAND = "-ERR Unknown subcommand or wrong number of arguments\r\n";

const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** A scripted node; it listens until it is disposed of. */
export class ScriptedNode implements AsyncDisposable {
  readonly port: number;
  /** Requests in the order they came, over all connections, handshakes included, CLUSTER SLOTS left out. */
  readonly requests: ScriptedRequest[] = [];
  /** How often CLUSTER SLOTS was asked. */
  slotsAsked = 0;
  /** The answer to CLUSTER SLOTS. */
  slots: ScriptedReply | Promise<ScriptedReply> =
    "-ERR This instance has cluster support disabled\r\n";
  /** The answer to CLUSTER NODES. */
  nodes: ScriptedReply | Promise<ScriptedReply> = UNKNOWN_SUBCOMMAND;
  /** The answer to READONLY, ASKING and HELLO. */
  handshake: ScriptedReply = "+OK\r\n";
  /** Answers everything else. */
  answer: (request: ScriptedRequest) => ScriptedReply | Promise<ScriptedReply> = () => "+OK\r\n";
  /** Connections over which the proxy asks how it is. */
  readonly #watched = new Set<number>();
  readonly #listener: Deno.TcpListener;
  readonly #connections: Deno.TcpConn[] = [];
  readonly #served: Promise<void>[] = [];

  /** @param port A free one if left out. */
  constructor(port: number = findFreePort()) {
    this.port = port;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#served.push(this.#accept());
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Words of the requests as lines, handshakes included. */
  get lines(): string[] {
    return this.requests.map(({ words }) => words.join(" "));
  }

  /** Answers CLUSTER SLOTS with these ranges. */
  serves(...ranges: ScriptedRange[]): void {
    this.slots = slotsReply(ranges);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      this.#served.push(this.#serve(connection, this.#connections.length - 1));
    }
  }

  async #serve(connection: Deno.TcpConn, number: number): Promise<void> {
    let pending = "";
    const room = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await connection.read(room);
        if (count === null) return;
        pending += decoder.decode(room.subarray(0, count));
        let replies = "";
        for (let parsed = parse(pending); parsed !== null; parsed = parse(pending)) {
          pending = pending.slice(parsed.length);
          replies += await this.#reply({ words: parsed.words, connection: number }) ?? "";
        }
        await write(connection, encoder.encode(replies));
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      close(connection);
    }
  }

  #reply(request: ScriptedRequest): ScriptedReply | Promise<ScriptedReply> {
    const name = request.words.slice(0, 2).join(" ");
    if (name === "INFO replication") this.#watched.add(request.connection);
    if (this.#watched.has(request.connection)) return UNKNOWN_SUBCOMMAND;
    if (name === "CLUSTER SHARDS") return UNKNOWN_SUBCOMMAND;
    if (name === "CLUSTER NODES") return this.nodes;
    if (name === "CLUSTER SLOTS") {
      this.slotsAsked += 1;
      return this.slots;
    }
    this.requests.push(request);
    return /^(READONLY|ASKING|HELLO)/.test(name) ? this.handshake : this.answer(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#connections.forEach(close);
    await Promise.all(this.#served);
  }
}

/** The reply to CLUSTER SLOTS. */
export function slotsReply(ranges: readonly ScriptedRange[]): string {
  const nodes = (addresses: readonly string[]) =>
    addresses.map((address) => {
      const colon = address.lastIndexOf(":");
      const host = address.slice(0, colon);
      const hostReply = host === "" ? "$-1\r\n" : `$${host.length}\r\n${host}\r\n`;
      return `*3\r\n${hostReply}:${address.slice(colon + 1)}\r\n$2\r\nid\r\n`;
    }).join("");
  return `*${ranges.length}\r\n` +
    ranges.map(([first, last, ...addresses]) =>
      `*${2 + addresses.length}\r\n:${first}\r\n:${last}\r\n${nodes(addresses)}`
    ).join("");
}

/** Takes one request off the front of `text`; null if it is not whole. */
function parse(text: string): { words: string[]; length: number } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return null;
  const words: string[] = [];
  let position = head[0].length;
  for (let index = 0; index < Number(head[1]); index++) {
    const lineEnd = text.indexOf("\r\n", position);
    if (lineEnd < 0) return null;
    const start = lineEnd + 2;
    const end = start + Number(text.slice(position + 1, lineEnd));
    if (end + 2 > text.length) return null;
    words.push(text.slice(start, end));
    position = end + 2;
  }
  words[0] = words[0]!.toUpperCase();
  return { words, length: position };
}

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already: the other side was faster.
  }
}
