/**
 * Load for memcache by a process of its own, `memcache_generator.ts`: no generator at hand
 * pipelines.
 *
 * @module
 */
import type { Load, LoadResult } from "./load.ts";
import { keyCount, MGET_KEYS, type Row } from "./rows.ts";

const GENERATOR = new URL("./memcache_generator.ts", import.meta.url);

/** What the generator is told before it connects. */
export interface GeneratorPlan {
  port: number;
  clients: number;
  pipeline: number;
  /** Keys of one request. */
  keysOfRequest: number;
  /** Keys that are there. */
  keys: number;
  valueBytes: number;
}

/** What the generator prints after a run: a result, or why there is none. */
export type GeneratorReport = LoadResult | { error: string };

/** Load on `port`, over the same connections in every run. */
export class MemcacheLoad implements Load {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #unread = "";

  constructor(port: number, row: Row) {
    const plan: GeneratorPlan = {
      port,
      clients: row.clients,
      pipeline: row.pipeline,
      keysOfRequest: row.operation === "mget" ? MGET_KEYS : 1,
      keys: keyCount(row),
      valueBytes: row.valueBytes,
    };
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-net=127.0.0.1", GENERATOR.href, JSON.stringify(plan)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async run(requests: number): Promise<LoadResult> {
    await this.#input.write(new TextEncoder().encode(`${requests}\n`));
    const report = JSON.parse(await this.#readLine()) as GeneratorReport;
    if ("error" in report) throw new Error(`The memcache load failed: ${report.error}`);
    return report;
  }

  async #readLine(): Promise<string> {
    while (true) {
      const end = this.#unread.indexOf("\n");
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("The memcache load generator ended");
      this.#unread += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // End of input is what the generator ends at; it may have ended by itself.
    await this.#input.close().catch(() => {});
    await this.#lines.cancel().catch(() => {});
    await this.#child.status;
  }
}
