/**
 * A backend that answers with whatever it likes: wrong, damaged, too much, too little, or nothing.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { PortTaken, withFreePorts } from "../support/tools/free_port.ts";
import type { Random } from "../support/tools/seed.ts";
import { anyReply, damage } from "./hostile_bytes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** Listens on loopback. */
export class HostileBackend implements AsyncDisposable {
  readonly port: number;
  /** Ports that its slot maps and redirections name. */
  readonly peers: number[] = [];
  readonly #random: Random;
  readonly #isMemcache: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(port: number, random: Random, isMemcache: boolean) {
    this.port = port;
    this.#random = random;
    this.#isMemcache = isMemcache;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Begins to listen. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: Error & { code?: string }) => {
        reject(error.code === "EADDRINUSE" ? new PortTaken(this.address) : error);
      });
      this.#server.listen(this.port, "127.0.0.1", () => resolve());
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes: Uint8Array) => this.#answer(socket, decoder.decode(bytes)));
    // Sometimes it speaks first.
    if (this.#random.chance(0.05)) socket.write(anyReply(this.#random, this.#isMemcache));
  }

  /** A slot map that can be used, so that requests come and can be redirected. */
  #slotMap(): Uint8Array {
    const [first, second] = this.#random.shuffled(this.peers);
    const middle = this.#random.between(1, 16_382);
    const range = (from: number, to: number, port: number) =>
      `*3\r\n:${from}\r\n:${to}\r\n*2\r\n$9\r\n127.0.0.1\r\n:${port}\r\n`;
    return encoder.encode(
      `*2\r\n${range(0, middle, first!)}${range(middle + 1, 16_383, second!)}`,
    );
  }

  #redirection(): Uint8Array {
    const random = this.#random;
    if (this.peers.length === 0) return this.#plausible();
    const kind = random.pick(["MOVED", "ASK"]);
    return encoder.encode(
      `-${kind} ${random.below(16_384)} 127.0.0.1:${random.pick(this.peers)}\r\n`,
    );
  }

  /** Mostly as many replies as there may be requests, so that some get through. */
  #answer(socket: Socket, requests: string): void {
    const random = this.#random;
    if (requests.includes("SLOTS") && random.chance(0.8)) {
      socket.write(this.#slotMap());
      return;
    }
    let count = requests.split(this.#isMemcache ? "\r\n" : "*").length - 1;
    if (random.chance(0.1)) count += random.between(-2, 2);
    for (; count > 0; count--) {
      if (socket.destroyed) return;
      const ticket = random.below(100);
      if (ticket < 60) socket.write(this.#plausible());
      else if (ticket < 70) socket.write(this.#redirection());
      else if (ticket < 90) socket.write(anyReply(random, this.#isMemcache));
      else if (ticket < 94) socket.write(damage(random, anyReply(random, this.#isMemcache)));
      else if (ticket < 96) socket.write(random.bytes(random.between(1, 3_000)));
      else if (ticket < 98) return;
      else if (random.chance(0.5)) socket.end();
      else socket.resetAndDestroy();
    }
  }

  /** What a server may say that the proxy has to hand on. */
  #plausible(): Uint8Array {
    if (this.#isMemcache) return encoder.encode(this.#random.pick(["END\r\n", "STORED\r\n"]));
    return encoder.encode(this.#random.pick(["$1\r\na\r\n", "+OK\r\n", "$-1\r\n", ":1\r\n"]));
  }
}

/** Starts one on a free port. */
export function startHostileBackend(random: Random, isMemcache: boolean): Promise<HostileBackend> {
  return withFreePorts(1, async ([port]) => {
    const backend = new HostileBackend(port!, random, isMemcache);
    await backend.listen();
    return backend;
  });
}
