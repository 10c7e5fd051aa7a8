/**
 * A TCP relay between the proxy and a real backend that makes connections misbehave: cuts them at a
 * byte, holds bytes back and lets them go late, resets, refuses, stops reading, or forwards in tiny
 * pieces.
 *
 * ```text
 *   proxy ──requests──► [ held? cut? chopped? ] ──► backend
 *   proxy ◄── [ held? cut? chopped? ] ◄──replies── backend
 * ```
 *
 * @module
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { isFree, PortTaken, withFreePorts } from "../tools/free_port.ts";
import { until } from "../tools/poll.ts";

/** How a connection ends: in the usual way, or by RST. */
export type LinkEnd = "end" | "reset";

/** One of the two ways of a connection. */
export type LinkWay = "requests" | "replies";

/** Bytes that one way keeps while it is held; beyond them its source is not read. */
const HELD_LIMIT_BYTES = 4 * 1024 * 1024;

/** What happens to connections that come while nothing else is wrong. */
type Welcome = "serve" | "drop";

/** One way of one connection: bytes from `source` to `target`. */
class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #end: (how: LinkEnd) => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isReadingStopped = false;
  #hasEnded = false;
  #isScheduled = false;
  #pieceBytes = 0;
  #bytesToCut = Infinity;
  #cutBy: LinkEnd = "end";

  constructor(source: Socket, target: Socket, end: (how: LinkEnd) => void) {
    this.#source = source;
    this.#target = target;
    this.#end = end;
    source.on("data", (bytes: Uint8Array) => {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
      this.#pump();
    });
    source.on("end", () => {
      this.#hasEnded = true;
      this.#pump();
    });
    target.on("drain", () => this.#pump());
  }

  /** Bytes received and not yet forwarded. */
  get heldBytes(): number {
    return this.#waitingBytes;
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#pump();
  }

  stopReading(isStopped: boolean): void {
    this.#isReadingStopped = isStopped;
    this.#pump();
  }

  chop(pieceBytes: number): void {
    this.#pieceBytes = pieceBytes;
  }

  cutAfter(byteCount: number, how: LinkEnd): void {
    this.#bytesToCut = byteCount;
    this.#cutBy = how;
  }

  #pump(): void {
    if (this.#isReadingStopped || this.#waitingBytes > HELD_LIMIT_BYTES) this.#source.pause();
    else this.#source.resume();
    if (this.#isHeld || this.#isReadingStopped || this.#isScheduled) return;
    while (this.#waiting.length > 0 && !this.#target.writableNeedDrain) {
      if (!this.#forward()) return;
      if (this.#pieceBytes > 0) return this.#schedule();
    }
    if (this.#hasEnded && this.#waiting.length === 0) this.#target.end();
  }

  /** Forwards one piece; false when that cut the connection. */
  #forward(): boolean {
    const first = this.#waiting.shift()!;
    const wanted = this.#pieceBytes > 0 ? this.#pieceBytes : first.length;
    const length = Math.min(wanted, first.length, this.#bytesToCut);
    if (length < first.length) this.#waiting.unshift(first.subarray(length));
    this.#waitingBytes -= length;
    this.#bytesToCut -= length;
    if (length > 0 && !this.#target.destroyed) this.#target.write(first.subarray(0, length));
    if (this.#bytesToCut > 0) return true;
    this.#end(this.#cutBy);
    return false;
  }

  /** Goes on in a turn of its own, so that the next piece is usually read by itself. */
  #schedule(): void {
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#pump();
    }, 0);
  }
}

/** One connection of the proxy and the relay's own to the backend. */
class Link {
  readonly requests: Pipe;
  readonly replies: Pipe;
  /** Where whoever has connected has its end. */
  readonly port: number | undefined;
  readonly #sockets: readonly Socket[];
  #isEnding = false;

  constructor(proxy: Socket, backend: Socket, ended: (link: Link) => void) {
    this.#sockets = [proxy, backend];
    this.port = proxy.remotePort;
    this.requests = new Pipe(proxy, backend, (how) => this.end(how));
    this.replies = new Pipe(backend, proxy, (how) => this.end(how));
    let openCount = 2;
    for (const socket of this.#sockets) {
      const other = socket === proxy ? backend : proxy;
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        // What the proxy sent before it left still reaches the backend, as it would over a network.
        if (socket === backend || this.requests.heldBytes === 0) other.destroy();
        openCount -= 1;
        if (openCount === 0) ended(this);
      });
    }
  }

  end(how: LinkEnd): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const socket of this.#sockets) {
      if (how === "reset") socket.resetAndDestroy();
      else {
        socket.end();
        socket.destroySoon();
      }
    }
  }

  /** Ends it without regard for bytes under way. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * A relay to one backend. A fault lasts until it is taken back; cuts concern present connections
 * only.
 */
export class FaultRelay implements AsyncDisposable {
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly targetPort: number;
  readonly #links = new Set<Link>();
  #server: Server | null = null;
  #welcome: Welcome = "serve";
  readonly #isHeld: Record<LinkWay, boolean> = { requests: false, replies: false };
  #isReadingStopped = false;
  #pieceBytes = 0;

  /** Not listening yet; {@link startFaultRelay} does both. */
  constructor(port: number, targetPort: number) {
    this.port = port;
    this.targetPort = targetPort;
  }

  /** `host:port` for the proxy's configuration. */
  get address(): string {
    return `${this.hostname}:${this.port}`;
  }

  /** Connections open now. */
  get linkCount(): number {
    return this.#links.size;
  }

  /** Bytes that wait in the relay. */
  get heldBytes(): number {
    let sum = 0;
    for (const link of this.#links) sum += link.requests.heldBytes + link.replies.heldBytes;
    return sum;
  }

  /** Begins to listen, again after {@link FaultRelay.refuse}. */
  listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", (error: Error & { code?: string }) => {
        reject(error.code === "EADDRINUSE" ? new PortTaken(this.address) : error);
      });
      server.listen(this.port, this.hostname, () => resolve());
    });
  }

  /** Refuses new connections. */
  async refuse(): Promise<void> {
    this.#server?.close();
    this.#server = null;
    await until(() => isFree(this.port), { what: `${this.address} refuses connections` });
  }

  /** From now on, new connections are accepted and closed at once. */
  drop(): void {
    this.#welcome = "drop";
  }

  /**
   * Keeps the bytes of one way, of present and new connections; {@link FaultRelay.heal} lets them
   * go.
   */
  hold(way: LinkWay): void {
    this.#isHeld[way] = true;
    for (const link of this.#links) link[way].hold(true);
  }

  /**
   * Keeps the bytes of one way of the present connection from `port` alone.
   *
   * @throws {Error} If there is none.
   */
  holdFrom(port: number, way: LinkWay): void {
    const link = [...this.#links].find((candidate) => candidate.port === port);
    if (link === undefined) throw new Error(`Nobody has come from port ${port}`);
    link[way].hold(true);
  }

  /** Takes no bytes from either side, so that the kernel's buffers fill. */
  stopReading(): void {
    this.#isReadingStopped = true;
    for (const link of this.#links) this.#setReading(link);
  }

  /** Forwards at most `pieceBytes` at a time. */
  chop(pieceBytes: number): void {
    this.#pieceBytes = pieceBytes;
    for (const link of this.#links) this.#setPieces(link);
  }

  /** Ends each present connection when `byteCount` more bytes have gone `way`. */
  cut(way: LinkWay, byteCount: () => number, how: LinkEnd): void {
    for (const link of this.#links) link[way].cutAfter(Math.max(1, byteCount()), how);
  }

  /** Ends all present connections now. */
  endAll(how: LinkEnd): void {
    for (const link of this.#links) link.end(how);
  }

  /** Takes every lasting fault back; held bytes go out. */
  async heal(): Promise<void> {
    this.#welcome = "serve";
    this.#isHeld.requests = false;
    this.#isHeld.replies = false;
    this.#isReadingStopped = false;
    this.#pieceBytes = 0;
    for (const link of this.#links) {
      this.#setPieces(link);
      this.#setReading(link);
      link.requests.hold(false);
      link.replies.hold(false);
    }
    if (this.#server === null) await this.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.close();
    this.#server = null;
    for (const link of this.#links) link.destroy();
    await until(() => this.#links.size === 0, { what: `${this.address} has closed its links` });
  }

  #accept(proxy: Socket): void {
    if (this.#welcome === "drop" || this.#server === null) {
      proxy.on("error", () => {});
      proxy.destroy();
      return;
    }
    const backend = connect({ port: this.targetPort, host: this.hostname, allowHalfOpen: true });
    const link = new Link(proxy, backend, (ended) => this.#links.delete(ended));
    this.#links.add(link);
    link.requests.hold(this.#isHeld.requests);
    link.replies.hold(this.#isHeld.replies);
    this.#setReading(link);
    this.#setPieces(link);
  }

  #setReading(link: Link): void {
    link.requests.stopReading(this.#isReadingStopped);
    link.replies.stopReading(this.#isReadingStopped);
  }

  #setPieces(link: Link): void {
    link.requests.chop(this.#pieceBytes);
    link.replies.chop(this.#pieceBytes);
  }
}

/** Starts a relay on a free port, or on `port`. */
export function startFaultRelay(targetPort: number, port?: number): Promise<FaultRelay> {
  const start = async (chosen: number) => {
    const relay = new FaultRelay(chosen, targetPort);
    await relay.listen();
    return relay;
  };
  return port === undefined ? withFreePorts(1, ([free]) => start(free!)) : start(port);
}
