/**
 * Load for Redis by redis-benchmark: written in C, so that the load takes little of the cores that
 * it shares with the proxy.
 *
 * @module
 */
import { KEY_PREFIX } from "./data_set.ts";
import type { Load, LoadResult, RunOptions } from "./load.ts";
import { raisingOpenFiles } from "./machine_limits.ts";
import { keyCount, MGET_KEYS, type Row } from "./rows.ts";

/** What redis-benchmark puts a random number in place of. */
const RANDOM_NUMBER = "__rand_int__";

/** CONFIG GET save and CONFIG GET appendonly, which redis-benchmark asks before it starts. */
export const UNMEASURED_REQUESTS = 2;

/** Longest run, in milliseconds: ten thousand clients take eight seconds to connect alone. */
const RUN_DEADLINE_MS = 180_000;

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
  async run(requests: number, options: RunOptions = {}): Promise<LoadResult> {
    const clients = options.clients ?? this.#row.clients;
    const [command, args] = raisingOpenFiles("redis-benchmark", this.#arguments(requests, clients));
    const child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, RUN_DEADLINE_MS);
    try {
      options.onStart?.(child.pid);
      const { code, stdout, stderr } = await child.output();
      if (isLate) throw new Error(`redis-benchmark did not end in ${RUN_DEADLINE_MS / 1000} s`);
      const complaints = new TextDecoder().decode(stderr)
        .split("\n").filter((line) => line !== "" && !line.includes("CONFIG"));
      if (code !== 0 || complaints.length > 0) {
        throw new Error(`redis-benchmark ended with code ${code}: ${complaints.join("; ")}`);
      }
      return parseCsv(new TextDecoder().decode(stdout));
    } finally {
      clearTimeout(deadline);
    }
  }

  #arguments(requests: number, clients: number): string[] {
    const row = this.#row;
    const common = [
      ...["-p", String(this.#port), "-c", String(clients), "-n", String(requests)],
      ...["-P", String(row.pipeline), "-r", String(keyCount(row))],
      ...["-d", String(row.valueBytes), "--csv"],
    ];
    if (row.operation !== "mget") return [...common, "-t", row.operation];
    return [...common, "MGET", ...Array<string>(MGET_KEYS).fill(KEY_PREFIX + RANDOM_NUMBER)];
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/**
 * Reads what `redis-benchmark --csv` prints. Columns: test, requests a second, then latencies in
 * ms: average, least, p50, p95, p99, greatest.
 */
export function parseCsv(text: string): LoadResult {
  const line = text.trim().split("\n").at(-1) ?? "";
  const columns = [...line.matchAll(/"([^"]*)"/g)].map((match) => Number(match[1]));
  const [, requestsPerSecond = NaN, meanMs = NaN, , medianMs = NaN, , p99Ms = NaN] = columns;
  if (!(requestsPerSecond > 0) || !(meanMs >= 0) || !(medianMs >= 0) || !(p99Ms >= 0)) {
    throw new Error(`Cannot read redis-benchmark's result: ${text}`);
  }
  return { requestsPerSecond, meanMs, medianMs, p99Ms };
}
