/**
 * A proxy before two Redis servers, for whatever clients may send it.
 *
 * @module
 */
import { type Aster, startAster } from "../support/servers/aster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";

/** The proxy and its servers. */
export interface Pool extends AsyncDisposable {
  readonly aster: Aster;
  readonly servers: readonly RedisServer[];
}

/** Starts them. */
export async function startPool(): Promise<Pool> {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startRedisServer());
  const second = stack.use(await startRedisServer());
  const aster = stack.use(
    await startAster((port) => `
[[clusters]]
name = "redis"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${first.address}:1", "${second.address}:1"]
read_timeout = 10000
`, { metrics: true }),
  );
  const all = stack.move();
  return { aster, servers: [first, second], [Symbol.asyncDispose]: () => all.disposeAsync() };
}
