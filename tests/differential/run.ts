/**
 * One differential run: the same random requests to a server and to the proxy, reply by reply.
 *
 * @module
 */
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { Random } from "../support/tools/seed.ts";
import { RawClient, word } from "../servers/raw_client.ts";
import { knowServers, startRedisPool } from "../servers/redis_pool.ts";
import { exceptionFor } from "./exceptions.ts";
import { type Generated, Generator } from "./generator.ts";
import { areAlike, splitReplies } from "./replies.ts";

/** What stands behind the proxy. */
export type Mode = "one" | "three" | "cluster";

/** Options of {@link runDifferential}. */
export interface DifferentialOptions {
  readonly mode: Mode;
  readonly version: 2 | 3;
  readonly commandCount: number;
  readonly seed: number;
}

/** What came of a run. */
export interface DifferentialReport {
  readonly commandCount: number;
  /** Share of the requests that succeeded at the server, 0 to 1. */
  readonly succeeded: number;
  /** How often each command succeeded. */
  readonly successes: ReadonlyMap<string, number>;
  /** What differed without a reason, at most {@link DIFFERENCES_MAX}. */
  readonly differences: readonly string[];
  /** Exceptions that were met, and how often. */
  readonly exceptions: ReadonlyMap<string, number>;
}

/** Differences that one run shows; it ends with them. */
export const DIFFERENCES_MAX = 10;
const BATCH = 100;

/** The proxy of one mode, and a server beside it. */
export interface Scene {
  readonly port: number;
  readonly direct: RedisServer;
}

/** Runs until all commands were sent, or too much differed. */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialReport> {
  await using owned = new AsyncDisposableStack();
  const scene = await startScene(options.mode, owned);
  const random = new Random(options.seed);
  const generator = new Generator(random, options.mode !== "one");
  using direct = await RawClient.connect(scene.direct.port, options.version);
  using proxy = await RawClient.connect(scene.port, options.version);
  const tally = new Tally(options.mode);
  while (tally.commandCount < options.commandCount && tally.differences.length < DIFFERENCES_MAX) {
    const batch = Array.from({ length: BATCH }, () => generator.next());
    const requests = batch.map(({ words }) => words.map(word));
    const [expected, got] = await Promise.all([direct.ask(...requests), proxy.ask(...requests)]);
    tally.add(batch, splitReplies(expected), splitReplies(got));
  }
  return tally.report();
}

class Tally {
  commandCount = 0;
  readonly differences: string[] = [];
  readonly #mode: Mode;
  readonly #successes = new Map<string, number>();
  readonly #exceptions = new Map<string, number>();
  #succeededCount = 0;

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  add(batch: readonly Generated[], expected: readonly string[], got: readonly string[]): void {
    if (expected.length !== batch.length || got.length !== batch.length) {
      this.differences.push(
        `${batch.length} requests, ${expected.length} and ${got.length} replies`,
      );
    }
    for (const [index, generated] of batch.entries()) {
      this.#compare(generated, expected[index] ?? "", got[index] ?? "");
    }
    this.commandCount += batch.length;
  }

  #compare({ words, shape }: Generated, expected: string, got: string): void {
    const name = words[0]!.toLowerCase();
    if (!/^[-!]/.test(expected)) {
      this.#succeededCount += 1;
      this.#successes.set(name, (this.#successes.get(name) ?? 0) + 1);
    }
    if (areAlike(expected, got, shape.comparison)) return;
    const exception = exceptionFor(words, expected, got, this.#mode);
    if (exception !== null) {
      this.#exceptions.set(exception, (this.#exceptions.get(exception) ?? 0) + 1);
    } else if (this.differences.length < DIFFERENCES_MAX) {
      const lines = [words.join(" "), expected, got].map((text) =>
        JSON.stringify(text.slice(0, 300))
      );
      this.differences.push(`${lines[0]}\n  server ${lines[1]}\n  proxy  ${lines[2]}`);
    }
  }

  report(): DifferentialReport {
    return {
      commandCount: this.commandCount,
      succeeded: this.#succeededCount / Math.max(1, this.commandCount),
      successes: this.#successes,
      differences: this.differences,
      exceptions: this.#exceptions,
    };
  }
}

/** Starts the proxy of a mode and the server beside it. */
export async function startScene(mode: Mode, owned: AsyncDisposableStack): Promise<Scene> {
  if (mode !== "cluster") {
    const serverCount = mode === "one" ? 1 : 3;
    const pool = owned.use(await startRedisPool({ serverCount, keys: 'hash_tag = "{}"' }));
    await knowServers(pool.aster.port);
    return { port: pool.aster.port, direct: pool.direct };
  }
  const direct = owned.use(await startRedisServer());
  const cluster = owned.use(await startRedisCluster({ replicaCount: 0 }));
  const proxy = owned.use(
    startLocalProxy({ cache_type: "redis_cluster", servers: [cluster.nodes[0]!.address] }),
  );
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  await knowServers(proxy.port);
  return { port: proxy.port, direct };
}
