/**
 * A small HTTP server for the admin port, whose every wait and every number is bounded: Deno's own waits for ever for
 * the rest of a request, and takes any number of connections. A client that sends a head byte by byte, or does not take
 * its answer, is closed in time; where there are too many connections the one that has rested longest makes room, so
 * that none that asks at once finds the door closed.
 *
 * @module
 */
import { Clock, Deadline } from "../clock.ts";
import { formatEndpoint, type TcpEndpoint, tcpEndpoint } from "../endpoint.ts";
import { endOfHead, HEAD_BYTES_MAX, type HttpFault, parseHead } from "./http_head.ts";

/** Connections at once, those that rest between two requests included. */
export const CONNECTIONS_MAX = 64;
/** Longest wait for the rest of a head that has begun, milliseconds. */
export const HEAD_TIMEOUT_MS = 5_000;
/** How long a connection may rest before a request begins, milliseconds. */
export const REST_TIMEOUT_MS = 75_000;
/** Longest time that a client may leave an answer, or a part of one, untaken, milliseconds. */
export const WRITE_TIMEOUT_MS = 10_000;
/** How long what a client still sends is read and dropped behind an answer that closes, milliseconds and bytes. */
const LINGER_MS = 500;
const LINGER_BYTES_MAX = 1024 * 1024;
/** Wait before the next try to accept where one failed, milliseconds. */
const ACCEPT_RETRY_MS = 500;

const READ_BYTES = 4096;

/** Answers a request; `peer` is the IP address that it comes from. */
export type HttpHandler = (request: Request, peer: string) => Promise<Response>;

/** Where to listen, and who answers. */
export interface HttpServerOptions {
  readonly address: TcpEndpoint;
  /** Whether a second process may listen there, too. */
  readonly sharesPort: boolean;
  /** The certificate that clients are shown, and its key, PEM both; null or left out: they speak no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  readonly handle: HttpHandler;
  /** Nothing can be accepted, for lack of something; tried again. */
  acceptFailed(error: unknown): void;
}

/** One connection, as the server keeps it. */
interface Held {
  readonly connection: Deno.TcpConn;
  /** Whether a request is being answered. */
  isBusy: boolean;
}

/** Listens from its making on. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #listener: Deno.TcpListener;
  readonly #clock = new Clock();
  /** Those that rested last stand last. */
  readonly #held = new Set<Held>();
  readonly #serving = new Set<Promise<void>>();
  #isClosed = false;
  #wakeAccepting: () => void = () => {};

  /** @throws {Error} If the address cannot be bound. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { address: { hostname, port }, sharesPort, tls } = options;
    const place = sharesPort ? { hostname, port, reusePort: true } : { hostname, port };
    this.#listener = tls ? listenTls(place, tls) : Deno.listen(place);
    this.#acceptAll();
  }

  /** Where it listens. */
  get address(): TcpEndpoint {
    const { hostname, port } = this.#listener.addr;
    return tcpEndpoint(hostname, port);
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#held.size;
  }

  /** Accepts nobody any more, closes who rests, and waits for those that are being answered. */
  async shutdown(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#listener.close();
      this.#wakeAccepting();
      for (const held of this.#held) if (!held.isBusy) end(held.connection);
    }
    await Promise.all(this.#serving);
    this.#clock.stop();
  }

  /** Closes everything now. */
  close(): void {
    this.shutdown();
    for (const { connection } of this.#held) end(connection);
    this.#clock.stop();
  }

  async #acceptAll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#accepted(await this.#listener.accept());
      } catch (error) {
        if (this.#isClosed) return;
        if (isLack(error)) {
          this.#options.acceptFailed(error);
          await this.#pause(ACCEPT_RETRY_MS);
        } else {
          // Of one connection, which was gone before it was accepted: the others must not wait for that.
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
      }
    }
  }

  #pause(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeAccepting = resolve;
    new Deadline(this.#clock, durationMs, resolve);
    return promise;
  }

  #accepted(connection: Deno.TcpConn): void {
    const held: Held = { connection, isBusy: false };
    if (this.#held.size >= CONNECTIONS_MAX && !this.#makeRoom()) return end(connection);
    this.#held.add(held);
    const serving = this.#serve(held).catch(() => {}).finally(() => {
      this.#held.delete(held);
      this.#serving.delete(serving);
      end(connection);
    });
    this.#serving.add(serving);
  }

  /** Closes who has rested longest; false where all are being answered. */
  #makeRoom(): boolean {
    for (const held of this.#held) {
      if (held.isBusy) continue;
      this.#held.delete(held);
      end(held.connection);
      return true;
    }
    return false;
  }

  async #serve(held: Held): Promise<void> {
    const { connection } = held;
    const { hostname } = connection.remoteAddr as Deno.NetAddr;
    let rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);
    while (!this.#isClosed) {
      const read = await this.#readHead(connection, rest);
      if (read === null) return;
      if ("status" in read) return await this.#refuse(connection, read);
      rest = read.rest;
      held.isBusy = true;
      const head = parseHead(read.head, formatEndpoint(this.address));
      if ("status" in head) return await this.#refuse(connection, head);
      const response = await this.#options.handle(head.request, hostname);
      const keepsAlive = head.keepsAlive && !this.#isClosed &&
        response.headers.get("connection") !== "close";
      await this.#write(connection, response, head.request.method, keepsAlive);
      if (!keepsAlive) return await this.#linger(connection);
      held.isBusy = false;
      this.#held.delete(held);
      this.#held.add(held);
    }
  }

  /** The next head and what came behind it; null where none came in time, or ever will. */
  async #readHead(
    connection: Deno.TcpConn,
    rest: Uint8Array<ArrayBuffer>,
  ): Promise<{ head: Uint8Array; rest: Uint8Array<ArrayBuffer> } | HttpFault | null> {
    const bytes = new Uint8Array(HEAD_BYTES_MAX);
    bytes.set(rest);
    let count = rest.length;
    let headEnd = endOfHead(bytes, 0, count);
    const isLate = () => end(connection);
    let deadline = this.#deadline(count > 0 ? HEAD_TIMEOUT_MS : REST_TIMEOUT_MS, isLate);
    try {
      while (headEnd < 0) {
        if (count === bytes.length) return { status: 431, reason: "The headers are too large" };
        const room = bytes.subarray(count, Math.min(bytes.length, count + READ_BYTES));
        const read = await connection.read(room);
        if (read === null) return null;
        if (count === 0) {
          deadline.cancel();
          deadline = this.#deadline(HEAD_TIMEOUT_MS, isLate);
        }
        count += read;
        headEnd = endOfHead(bytes, count - read, count);
      }
    } finally {
      deadline.cancel();
    }
    return { head: bytes.slice(0, headEnd), rest: bytes.slice(headEnd, count) };
  }

  async #refuse(connection: Deno.TcpConn, { status, reason }: HttpFault): Promise<void> {
    const response = new Response(`${reason}\n`, { status });
    await this.#write(connection, response, "GET", false);
    await this.#linger(connection);
  }

  async #write(
    connection: Deno.TcpConn,
    response: Response,
    method: string,
    keepsAlive: boolean,
  ): Promise<void> {
    const { headers } = response;
    const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    const body = isStream ? null : new Uint8Array(await response.arrayBuffer());
    const head = headOf(response, body === null ? null : body.length, keepsAlive);
    const isWhole = method === "HEAD" || body === null;
    await this.#send(connection, isWhole ? head : concatenate(head, body));
    if (body !== null) return;
    if (method === "HEAD") await response.body!.cancel();
    else await this.#stream(connection, response.body!);
  }

  /** Sends parts as they come, until the client is gone. */
  async #stream(connection: Deno.TcpConn, body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    // Whoever sends more, or leaves, wants no more of it.
    connection.read(new Uint8Array(1)).catch(() => null).then(() => reader.cancel());
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return await this.#send(connection, encode("0\r\n\r\n"));
        await this.#send(connection, encode(`${value.length.toString(16)}\r\n`));
        await this.#send(connection, value);
        await this.#send(connection, encode("\r\n"));
      }
    } finally {
      await reader.cancel();
    }
  }

  async #send(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    const deadline = this.#deadline(WRITE_TIMEOUT_MS, () => end(connection));
    try {
      let sent = 0;
      while (sent < bytes.length) sent += await connection.write(bytes.subarray(sent));
    } finally {
      deadline.cancel();
    }
  }

  /** Drops what the client still sends: a connection that is closed with bytes unread is reset, its answer with it. */
  async #linger(connection: Deno.TcpConn): Promise<void> {
    const deadline = this.#deadline(LINGER_MS, () => end(connection));
    try {
      await connection.closeWrite();
      const bytes = new Uint8Array(READ_BYTES);
      let dropped = 0;
      while (dropped < LINGER_BYTES_MAX) {
        const count = await connection.read(bytes);
        if (count === null) return;
        dropped += count;
      }
    } finally {
      deadline.cancel();
    }
  }

  #deadline(durationMs: number, passed: () => void): Deadline {
    return new Deadline(this.#clock, durationMs, passed);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  ...{ 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found" },
  ...{ 405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large" },
  ...{ 414: "URI Too Long", 431: "Request Header Fields Too Large" },
  ...{ 500: "Internal Server Error", 503: "Service Unavailable" },
};

/** @param bodyBytes Null: the body comes in chunks. */
function headOf(
  { status, headers }: Response,
  bodyBytes: number | null,
  keepsAlive: boolean,
): Uint8Array {
  const lines = [`HTTP/1.1 ${status} ${REASONS[status] ?? "Other"}`];
  for (const [name, value] of headers) if (name !== "connection") lines.push(`${name}: ${value}`);
  lines.push(`date: ${new Date().toUTCString()}`);
  lines.push(`connection: ${keepsAlive ? "keep-alive" : "close"}`);
  lines.push(bodyBytes === null ? "transfer-encoding: chunked" : `content-length: ${bodyBytes}`);
  return encode(`${lines.join("\r\n")}\r\n\r\n`);
}

function concatenate(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

/** Whether the system lacks what any connection needs. */
function isLack(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === undefined || ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"].includes(code);
}

/** Closes a connection that may be closed already. */
/** What is used of a listener and its connections both kinds have; a handshake is part of the wait for a head. */
function listenTls(
  place: { hostname: string; port: number },
  { cert, key }: { readonly cert: string; readonly key: string },
): Deno.TcpListener {
  return Deno.listenTls({ ...place, cert, key }) as unknown as Deno.TcpListener;
}

function end(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was.
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
