/**
 * Clients that go about their business while another one misbehaves: what they notice is measured.
 *
 * @module
 */
import { delay } from "../tests/support/tools/poll.ts";
import { RespClient } from "../tests/support/clients/resp_client.ts";

const CLIENTS = 10;
/** Pause of each client between two requests, in milliseconds. */
const PAUSE_MS = 2;

/** What the clients saw in a time. */
export interface Observation {
  requests: number;
  errors: number;
  p99Ms: number;
  longestMs: number;
}

/** Clients that read one key again and again. */
export class Bystanders implements AsyncDisposable {
  readonly #loops: Promise<void>[];
  #isOver = false;
  #latenciesMs: number[] = [];
  #errors = 0;

  private constructor(begin: (bystanders: Bystanders) => Promise<void>[]) {
    this.#loops = begin(this);
  }

  /** Connects the clients and lets them begin. */
  static async start(port: number, key: string): Promise<Bystanders> {
    const clients: RespClient[] = [];
    for (let index = 0; index < CLIENTS; index++) {
      clients.push(await RespClient.connect({ port }));
    }
    return new Bystanders((one) => clients.map((client) => one.#read(client, key)));
  }

  /** Lets clients begin that connect for each request. */
  static startAnew(port: number, key: string): Bystanders {
    return new Bystanders((one) => Array.from({ length: CLIENTS }, () => one.#readAnew(port, key)));
  }

  async #read(client: RespClient, key: string): Promise<void> {
    using _closed = client;
    while (!this.#isOver) {
      const sentAtMs = performance.now();
      try {
        await client.call("GET", key);
      } catch {
        this.#errors++;
        return;
      }
      this.#latenciesMs.push(performance.now() - sentAtMs);
      await delay(PAUSE_MS);
    }
  }

  async #readAnew(port: number, key: string): Promise<void> {
    while (!this.#isOver) {
      const beganAtMs = performance.now();
      try {
        using client = await RespClient.connect({ port });
        await client.call("GET", key);
      } catch {
        this.#errors++;
        return;
      }
      this.#latenciesMs.push(performance.now() - beganAtMs);
      await delay(PAUSE_MS);
    }
  }

  /**
   * What the clients see from now until something is over. A client that saw an error has stopped.
   */
  async watch(event: Promise<unknown>): Promise<Observation> {
    this.#latenciesMs = [];
    this.#errors = 0;
    await event;
    const sorted = this.#latenciesMs.toSorted((left, right) => left - right);
    return {
      requests: sorted.length,
      errors: this.#errors,
      p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Infinity,
      longestMs: sorted.at(-1) ?? Infinity,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }
}
