/**
 * The servers behind the proxies, and what they count: hits, misses, commands and errors as the
 * backends saw them, which no proxy can embellish.
 *
 * @module
 */
import {
  type MemcachedServer,
  startMemcachedServer,
} from "../tests/support/servers/memcached_server.ts";
import { startRedisCluster } from "../tests/support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../tests/support/servers/redis_server.ts";

/** Backends of a proxy that spreads keys by a ring. */
const RING_BACKENDS = 2;
/** Masters of the Redis Cluster, and backends of the ring that it is compared with. */
const CLUSTER_MASTERS = 3;

/** Memory of each memcached for items, in MiB: room for the largest data set twice. */
const MEMCACHED_MEMORY_MIB = 256;

/** What all backends of a group counted since their start. */
export interface BackendCounts {
  hits: number;
  misses: number;
  /** SET commands, `set` included. */
  sets: number;
  errors: number;
}

/** Servers that serve one proxy, or several in turn. */
export interface BackendGroup extends AsyncDisposable {
  readonly addresses: readonly string[];
  /** Process ids of the servers. */
  readonly pids: readonly number[];
  /** Removes all keys. */
  flush(): Promise<void>;
  counts(): Promise<BackendCounts>;
}

/** What happened between two counts. */
export function countsBetween(before: BackendCounts, after: BackendCounts): BackendCounts {
  return {
    hits: after.hits - before.hits,
    misses: after.misses - before.misses,
    sets: after.sets - before.sets,
    errors: after.errors - before.errors,
  };
}

/** A group of redis-servers, of a cluster or each for itself. */
export class RedisBackends implements BackendGroup {
  readonly servers: readonly RedisServer[];

  constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  get addresses(): readonly string[] {
    return this.servers.map((server) => server.address);
  }

  get pids(): readonly number[] {
    return this.servers.map((server) => server.pid);
  }

  async flush(): Promise<void> {
    for (const server of this.servers) await server.call("FLUSHALL", "SYNC");
  }

  async counts(): Promise<BackendCounts> {
    const sum = { hits: 0, misses: 0, sets: 0, errors: 0 };
    for (const server of this.servers) {
      const text = String(await server.call("INFO", "all"));
      sum.hits += numberIn(text, /^keyspace_hits:(\d+)/m);
      sum.misses += numberIn(text, /^keyspace_misses:(\d+)/m);
      sum.sets += numberIn(text, /^cmdstat_set:calls=(\d+)/m);
      sum.errors += numberIn(text, /^total_error_replies:(\d+)/m);
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

/** A group of memcached servers. */
export class MemcachedBackends implements BackendGroup {
  readonly #servers: readonly MemcachedServer[];

  constructor(servers: readonly MemcachedServer[]) {
    this.#servers = servers;
  }

  get addresses(): readonly string[] {
    return this.#servers.map((server) => server.address);
  }

  get pids(): readonly number[] {
    return this.#servers.map((server) => server.pid);
  }

  async flush(): Promise<void> {
    for (const server of this.#servers) await server.ask("flush_all\r\n");
  }

  async counts(): Promise<BackendCounts> {
    // memcached does not count error replies; the load generator reads every reply and does.
    const sum = { hits: 0, misses: 0, sets: 0, errors: 0 };
    for (const server of this.#servers) {
      const text = await server.ask("stats\r\n", "END\r\n");
      sum.hits += numberIn(text, /^STAT get_hits (\d+)/m);
      sum.misses += numberIn(text, /^STAT get_misses (\d+)/m);
      sum.sets += numberIn(text, /^STAT cmd_set (\d+)/m);
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}

/** 0 for what a server does not list: a command never called, for instance. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** Starts redis-servers that know nothing of each other. */
export async function startRedisBackends(): Promise<RedisBackends> {
  return new RedisBackends(await startAll(RING_BACKENDS, () => startRedisServer()));
}

/** Starts memcached servers with one thread each, as a redis-server has. */
export async function startMemcachedBackends(): Promise<MemcachedBackends> {
  const options = { arguments: ["-t", "1", "-m", String(MEMCACHED_MEMORY_MIB)] };
  return new MemcachedBackends(await startAll(RING_BACKENDS, () => startMemcachedServer(options)));
}

/** Starts a Redis Cluster of masters that share the slots evenly. */
export async function startClusterBackends(): Promise<RedisBackends> {
  const cluster = await startRedisCluster({ masterCount: CLUSTER_MASTERS, replicaCount: 0 });
  return new RedisBackends(cluster.nodes);
}

/**
 * Starts the servers of the ring that a cluster is measured beside: as many, and each a cluster of its own, since a
 * server of a cluster takes longer for each command, and whoever waits longer has fewer of them in one turn.
 */
export async function startLoneNodeBackends(): Promise<RedisBackends> {
  const options = { masterCount: 1, replicaCount: 0 };
  const clusters = await startAll(CLUSTER_MASTERS, () => startRedisCluster(options));
  return new RedisBackends(clusters.flatMap(({ nodes }) => nodes));
}

/** Starts `count` servers, none of which outlives the failure of another. */
async function startAll<Server extends AsyncDisposable>(
  count: number,
  start: () => Promise<Server>,
): Promise<Server[]> {
  await using started = new AsyncDisposableStack();
  const servers: Server[] = [];
  for (let index = 0; index < count; index++) servers.push(started.use(await start()));
  started.move();
  return servers;
}
