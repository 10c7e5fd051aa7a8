/**
 * A Redis that answers by itself: PING with PONG, everything else with its own name. It can be told to hang,
 * to refuse, or to come back.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { isFree } from "../tools/free_port.ts";
import { until } from "../tools/poll.ts";

/** Answers inline or array requests whose words hold no line break. */
export class AnsweringBackend implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** While true requests are taken and not answered. */
  isHanging = false;
  /** Requests other than PING, by their last word. */
  readonly requests: string[] = [];
  /** Pings so far. */
  pings = 0;
  /** Connections that were accepted so far. */
  connectionCount = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  listens(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", () => resolve());
    });
  }

  /** Closes all connections and refuses new ones. */
  async stops(): Promise<void> {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    await until(() => isFree(this.port), { what: `${this.name} refuses connections` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stops();
  }

  #serve(socket: Socket): void {
    this.connectionCount += 1;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    let unread = "";
    socket.on("data", (bytes: Uint8Array) => {
      unread += new TextDecoder().decode(bytes);
      let replies = "";
      for (let words = takeRequest(); words !== null; words = takeRequest()) {
        replies += this.#answer(words);
      }
      if (replies !== "" && !this.isHanging) socket.write(replies);
    });
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    /** The next whole request in what is unread, or null. */
    function takeRequest(): string[] | null {
      const head = /^\*(\d+)\r\n/.exec(unread);
      if (head === null) return null;
      const whole = new RegExp(`^\\*\\d+\\r\\n(?:\\$\\d+\\r\\n[^\\r]*\\r\\n){${head[1]}}`).exec(
        unread,
      );
      if (whole === null) return null;
      unread = unread.slice(whole[0].length);
      return [...whole[0].matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map((word) => word[1]!);
    }
  }

  #answer(words: string[]): string {
    if (words[0] === "PING") {
      this.pings += 1;
      return "+PONG\r\n";
    }
    this.requests.push(words.at(-1)!);
    return `+${this.name}\r\n`;
  }
}
