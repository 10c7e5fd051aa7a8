/**
 * Recipe of `cache_type = "memcache"`: the memcache protocol over a ring of servers.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { MemcacheLocal } from "../memcached/local.ts";
import { createMemcacheProtocol } from "../protocol/memcache/mod.ts";
import { RingTopology } from "./ring_topology.ts";
import type { Recipe } from "./running_cluster.ts";

/** The recipe. */
export function memcacheRecipe(config: ClusterConfig): Recipe {
  return {
    protocol: createMemcacheProtocol({
      credentials: config.backendCredentials,
      failureIsMiss: config.failureIsMiss,
    }),
    retainsRequests: false,
    createTopology: (cluster, backends) => new RingTopology(cluster, backends),
    createLocalAnswers: ({ cluster, backends, clients, peers, router, observed, userChanged }) =>
      new MemcacheLocal({
        config: cluster.config,
        backends,
        peers,
        clients,
        userChanged,
        router,
        observed,
        startedAtMs: performance.now(),
      }),
  };
}
