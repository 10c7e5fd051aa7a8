/**
 * Load for Redis by redis-benchmark: written in C, so that the load takes little of the cores that
 * it shares with the proxy.
 *
 * @module
 */
import { KEY_PREFIX } from "./data_set.ts";
import type { Load, LoadResult } from "./load.ts";
import { keyCount, MGET_KEYS, type Row } from "./rows.ts";
import { CLIENTS } from "./targets.ts";

/** What redis-benchmark puts a random number in place of. */
const RANDOM_NUMBER = "__rand_int__";

/** CONFIG GET save and CONFIG GET appendonly, which redis-benchmark asks before it starts. */
export const UNMEASURED_REQUESTS = 2;

/** Load on `port` by redis-benchmark. Every run opens its connections anew. */
export class RedisLoad implements Load {
  readonly pid = null;
  readonly #port: number;
  readonly #row: Row;

  constructor(port: number, row: Row) {
    this.#port = port;
    this.#row = row;
  }

  /** @throws {Error} If a reply was an error: redis-benchmark then gives up. */
  async run(requests: number): Promise<LoadResult> {
    const { code, stdout, stderr } = await new Deno.Command("redis-benchmark", {
      args: this.#arguments(requests),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const printed = new TextDecoder().decode(stdout);
    const complaints = new TextDecoder().decode(stderr)
      .split("\n").filter((line) => line !== "" && !line.includes("CONFIG"));
    if (code !== 0 || complaints.length > 0) {
      throw new Error(`redis-benchmark ended with code ${code}: ${complaints.join("; ")}`);
    }
    return parseCsv(printed);
  }

  #arguments(requests: number): string[] {
    const row = this.#row;
    const common = [
      ...["-p", String(this.#port), "-c", String(CLIENTS), "-n", String(requests)],
      ...["-P", String(row.pipeline), "-r", String(keyCount(row))],
      ...["-d", String(row.valueBytes), "--csv"],
    ];
    if (row.operation !== "mget") return [...common, "-t", row.operation];
    return [...common, "MGET", ...Array<string>(MGET_KEYS).fill(KEY_PREFIX + RANDOM_NUMBER)];
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/**
 * Columns: test, requests a second, then latencies in ms: average, least, p50, p95, p99, greatest.
 */
function parseCsv(text: string): LoadResult {
  const line = text.trim().split("\n").at(-1) ?? "";
  const columns = [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
  const requestsPerSecond = Number(columns[1]);
  const p99Ms = Number(columns[6]);
  if (!(requestsPerSecond > 0) || !(p99Ms >= 0)) {
    throw new Error(`Cannot read redis-benchmark's result: ${text}`);
  }
  return { requestsPerSecond, p99Ms };
}
