/**
 * Stands in for `Deno.listen` and `Deno.connect`: connections to peers in this process. Reads and writes settle in one
 * go behind each round of Deno's loop, as those of real sockets do.
 *
 * @module
 */
import type { Peer } from "./peers.ts";

/** See above. */
export class FakeSockets {
  readonly #connect: () => Peer;
  readonly #connections: FakeConnection[] = [];
  readonly #waiting: Deno.TcpConn[] = [];
  #accept: ((connection: Deno.TcpConn) => void) | null = null;

  /** @param connect Makes the peer of a connection that the proxy opens. */
  constructor(connect: () => Peer) {
    this.#connect = connect;
  }

  /** Puts the fakes in the place of Deno's functions. */
  install(): void {
    Deno.connect =
      (() => Promise.resolve(this.#open(this.#connect()))) as unknown as typeof Deno.connect;
    Deno.listen = (() => ({
      addr: { hostname: "127.0.0.1", port: 1 },
      accept: () => this.#nextClient(),
      close: () => {},
    })) as unknown as typeof Deno.listen;
  }

  /** A client connects. */
  accept(peer: Peer): void {
    const connection = this.#open(peer);
    if (this.#accept === null) this.#waiting.push(connection);
    else this.#accept(connection);
    this.#accept = null;
  }

  /** One round: settles what can be settled; returns whether there was anything. */
  round(): boolean {
    let hasSettled = false;
    for (let index = 0; index < this.#connections.length; index++) {
      if (this.#connections[index]!.settle()) hasSettled = true;
    }
    return hasSettled;
  }

  #open(peer: Peer): Deno.TcpConn {
    const connection = new FakeConnection(peer);
    this.#connections.push(connection);
    return connection as unknown as Deno.TcpConn;
  }

  #nextClient(): Promise<Deno.TcpConn> {
    const connection = this.#waiting.shift();
    if (connection !== undefined) return Promise.resolve(connection);
    return new Promise((resolve) => this.#accept = resolve);
  }
}

class FakeConnection {
  readonly remoteAddr = { transport: "tcp", hostname: "10.0.0.1", port: 1 };
  readonly localAddr = { transport: "tcp", hostname: "10.0.0.2", port: 2 };
  readonly #peer: Peer;
  #room: Uint8Array | null = null;
  #read: ((byteCount: number) => void) | null = null;
  #written = 0;
  #write: ((byteCount: number) => void) | null = null;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  close(): void {}

  read(room: Uint8Array): Promise<number> {
    this.#room = room;
    return new Promise((resolve) => this.#read = resolve);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#written = bytes.length;
    this.#peer.take(bytes, 0, bytes.length);
    return new Promise((resolve) => this.#write = resolve);
  }

  settle(): boolean {
    const write = this.#write;
    if (write !== null) {
      this.#write = null;
      write(this.#written);
    }
    const read = this.#read;
    const reads = read !== null && this.#peer.hasBytes;
    if (reads) {
      this.#read = null;
      read(this.#peer.give(this.#room!, 0, this.#room!.length));
    }
    return write !== null || reads;
  }
}
