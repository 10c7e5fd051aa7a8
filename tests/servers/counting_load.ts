/**
 * Clients that count: each raises counters of its own through the proxy, in pipelines, and knows what every reply has to
 * be. A write that is lost, stale, doubled or somebody else's shows at once.
 *
 * @module
 */
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import type { Random } from "../support/tools/seed.ts";

/** What one kind of wrong reply is told by; the first few are kept. */
const VIOLATIONS_MAX = 10;

/** One client's part of a load. */
export interface CountingOptions {
  readonly port: number;
  /** Counters and pairs of keys have this in their names. */
  readonly name: string;
  readonly random: Random;
  readonly keyCount: number;
  readonly pipelineLength: number;
}

/** One client. */
export class CountingClient {
  /** Replies that were what they had to be. */
  replies = 0;
  readonly violations: string[] = [];
  /** Every error, with how often it came. */
  readonly errors = new Map<string, number>();
  readonly #options: CountingOptions;
  /** By counter: what it holds. */
  readonly #counts: number[];
  /** What the pairs of keys hold. */
  readonly #pairs: (string | null)[];
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(options: CountingOptions) {
    this.#options = options;
    this.#counts = new Array(options.keyCount).fill(0);
    this.#pairs = new Array(options.keyCount).fill(null);
    this.#done = this.#run();
  }

  /** The name of a counter. */
  key(number: number): string {
    return `${this.#options.name}:${number}`;
  }

  /** Ends when the pipelines under way are answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    using client = await RespClient.connect({ port: this.#options.port });
    while (!this.#isStopped) {
      await this.#count(client);
      await this.#pair(client);
    }
  }

  /** INCR and GET, mixed. */
  async #count(client: RespClient): Promise<void> {
    const { random, keyCount, pipelineLength } = this.#options;
    const requests: string[][] = [];
    const expected: RespValue[] = [];
    for (let length = 0; length < pipelineLength; length++) {
      const number = random.below(keyCount);
      if (random.chance(0.5)) {
        requests.push(["INCR", this.key(number)]);
        expected.push(++this.#counts[number]!);
      } else {
        requests.push(["GET", this.key(number)]);
        const count = this.#counts[number]!;
        expected.push(count === 0 ? null : String(count));
      }
    }
    this.#compare(requests, expected, await client.pipeline(requests));
  }

  /** Both keys of a slot written at once, then read at once: while it moves neither node may have both. */
  async #pair(client: RespClient): Promise<void> {
    const { random, keyCount, name } = this.#options;
    const number = random.below(keyCount);
    const [one, other] = [`{${this.key(number)}}one`, `{${this.key(number)}}other`];
    const read = [["MGET", one, other], ["EXISTS", one, other, one]];
    const former = this.#pairs[number]!;
    this.#compare(read, [[former, former], former === null ? 0 : 3], await client.pipeline(read));
    const value = `${name} ${random.next()}`;
    this.#pairs[number] = value;
    const write = [["MSET", one, value, other, value]];
    this.#compare(write, ["OK"], await client.pipeline(write));
  }

  #compare(
    requests: readonly string[][],
    expected: readonly RespValue[],
    replies: readonly RespValue[],
  ): void {
    for (const [index, reply] of replies.entries()) {
      if (reply instanceof RespError) {
        this.errors.set(reply.message, (this.errors.get(reply.message) ?? 0) + 1);
      } else if (JSON.stringify(reply) !== JSON.stringify(expected[index])) {
        if (this.violations.length >= VIOLATIONS_MAX) continue;
        const [wanted, got] = [JSON.stringify(expected[index]), JSON.stringify(reply)];
        this.violations.push(`${requests[index]!.join(" ")}: ${got}, not ${wanted}`);
      } else this.replies += 1;
    }
  }
}
