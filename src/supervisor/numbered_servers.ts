/**
 * Gives the servers of rings the numbers that SCAN's cursors carry: the same in all workers, also in those that start
 * later, and through reloads.
 *
 * @module
 */
import type { ClusterConfig, Config, ServerConfig } from "../config/config.ts";
import { ServerNumbers } from "../router/server_numbers.ts";

/** The numbers of the servers of all clusters. */
export class NumberedServers {
  /** By the cluster's name. */
  readonly #numbers: Map<string, ServerNumbers> = new Map();

  /** The same configuration with a number for each server of a ring; what has left it is remembered by its cluster. */
  number(config: Config): Config {
    const names = new Set(config.clusters.map(({ name }) => name));
    for (const name of this.#numbers.keys()) if (!names.has(name)) this.#numbers.delete(name);
    return { ...config, clusters: config.clusters.map((cluster) => this.#numbered(cluster)) };
  }

  #numbered(cluster: ClusterConfig): ClusterConfig {
    // The nodes of a Redis Cluster are found at run time, and numbered by the worker that finds them.
    if (cluster.type === "redis_cluster") return cluster;
    const numbers = this.#numbers.get(cluster.name) ?? new ServerNumbers();
    this.#numbers.set(cluster.name, numbers);
    numbers.add(cluster.servers.map(identityOf));
    const servers = cluster.servers.map((server) => ({
      ...server,
      number: numbers.numberOf(identityOf(server)),
    }));
    return { ...cluster, servers };
  }
}

/** A server that moves under its alias is another: nothing of a scan of the former goes on there. */
function identityOf({ alias, address }: ServerConfig): string {
  return `${alias ?? address} ${address}`;
}
