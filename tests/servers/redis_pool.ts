/**
 * Real Redis servers behind the proxy, and one more that tests ask directly to compare with.
 *
 * @module
 */
import { type Aster, type AsterOptions, startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";

/** Options of {@link startRedisPool}. */
export interface RedisPoolOptions extends AsterOptions {
  /** 3 if left out. */
  serverCount?: number;
  /** Further lines of the `[[clusters]]` entry. */
  keys?: string;
}

/** The proxy, its servers, and the server beside them. */
export class RedisPool implements AsyncDisposable {
  readonly aster: Aster;
  readonly servers: readonly RedisServer[];
  /** Not behind the proxy. */
  readonly direct: RedisServer;
  readonly #owned: AsyncDisposableStack;

  constructor(
    aster: Aster,
    servers: readonly RedisServer[],
    direct: RedisServer,
    owned: AsyncDisposableStack,
  ) {
    this.aster = aster;
    this.servers = servers;
    this.direct = direct;
    this.#owned = owned;
  }

  /** Empties every server. */
  async flush(): Promise<void> {
    await Promise.all([...this.servers, this.direct].map((server) => server.call("FLUSHALL")));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}

/** The configuration of a pool with an alias for each server: `r0`, `r1`, … */
export function redisPoolConfig(
  servers: readonly Pick<RedisServer, "address">[],
  port: number,
  keys = "",
): string {
  const lines = servers.map((server, index) => `"${server.address}:1 r${index}"`);
  return `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = [${lines.join(", ")}]
${patientTimeouts(keys)}
${keys}
`;
}

/** Starts all of it. */
export async function startRedisPool(options: RedisPoolOptions = {}): Promise<RedisPool> {
  await using starting = new AsyncDisposableStack();
  const serverCount = options.serverCount ?? 3;
  const started = await Promise.all([
    startRedisServer(),
    ...Array.from({ length: serverCount }, () => startRedisServer()),
  ]);
  for (const server of started) starting.use(server);
  const [direct, ...servers] = started as [RedisServer, ...RedisServer[]];
  const aster = starting.use(
    await startAster((port) => redisPoolConfig(servers, port, options.keys), options),
  );
  return new RedisPool(aster, servers, direct, starting.move());
}

/** Connections that reach every worker of a pool, almost surely: the kernel decides where each goes. */
const CONNECTIONS_TO_ALL = 16;

/**
 * Lets the proxy ask its servers what they are, which it does when it is asked itself; before that it takes a default.
 *
 * @param login The words behind AUTH.
 */
export async function knowServers(port: number, login: readonly string[] = []): Promise<void> {
  for (let connection = 0; connection < CONNECTIONS_TO_ALL; connection++) {
    using client = await RespClient.connect({ port });
    if (login.length > 0) await client.call("AUTH", ...login);
    await client.call("LOLWUT");
  }
}
