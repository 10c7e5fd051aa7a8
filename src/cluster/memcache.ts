/**
 * Recipe of `cache_type = "memcache"`: the memcache protocol over a ring of servers.
 *
 * @module
 */
import { createMemcacheAnswers } from "../memcached/local.ts";
import { createMemcacheProtocol } from "../protocol/memcache/mod.ts";
import { RingTopology } from "./ring_topology.ts";
import type { Recipe } from "./running_cluster.ts";

/** The recipe. */
export function memcacheRecipe(): Recipe {
  return {
    protocol: createMemcacheProtocol(),
    retainsRequests: false,
    createTopology: (cluster, backends) => new RingTopology(cluster, backends),
    createLocalAnswers: createMemcacheAnswers,
  };
}
