/**
 * Real memcached servers behind the proxy, and one more that tests ask directly to compare with.
 *
 * @module
 */
import { type Aster, type AsterOptions, startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/servers/memcached_server.ts";

/** Options of {@link startMemcachePool}. */
export interface MemcachePoolOptions extends AsterOptions {
  /** Further lines of the `[[clusters]]` entry. */
  keys?: string;
}

/** The proxy, three servers behind it, and the server beside them. */
export class MemcachePool implements AsyncDisposable {
  readonly aster: Aster;
  readonly servers: readonly MemcachedServer[];
  /** Not behind the proxy. */
  readonly direct: MemcachedServer;
  readonly #owned: AsyncDisposableStack;

  constructor(
    aster: Aster,
    servers: readonly MemcachedServer[],
    direct: MemcachedServer,
    owned: AsyncDisposableStack,
  ) {
    this.aster = aster;
    this.servers = servers;
    this.direct = direct;
    this.#owned = owned;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}

/** Starts all of it; the servers have the aliases `m0`, `m1`, `m2`. */
export async function startMemcachePool(options: MemcachePoolOptions = {}): Promise<MemcachePool> {
  await using starting = new AsyncDisposableStack();
  const started = await Promise.all(Array.from({ length: 4 }, () => startMemcachedServer()));
  for (const server of started) starting.use(server);
  const [direct, ...servers] = started as [MemcachedServer, ...MemcachedServer[]];
  const lines = servers.map((server, index) => `"${server.address}:1 m${index}"`);
  const aster = starting.use(
    await startAster((port) =>
      `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "memcache"
servers = [${lines.join(", ")}]
${patientTimeouts(options.keys)}
${options.keys ?? ""}
`, options),
  );
  return new MemcachePool(aster, servers, direct, starting.move());
}
