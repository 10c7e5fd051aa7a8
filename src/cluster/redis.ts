/**
 * Recipe of `cache_type = "redis"`: RESP over a ring of servers.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { createRespProtocol } from "../protocol/resp/mod.ts";
import { createRedisAnswers } from "./redis_recipes.ts";
import { RingTopology } from "./ring_topology.ts";
import type { Recipe } from "./running_cluster.ts";

/** The recipe. */
export function redisRecipe(config: ClusterConfig): Recipe {
  const protocol = createRespProtocol(config.backendCredentials, {
    custom: config.customCommands,
    routesDotted: config.unknownCommands === "first-key",
    learns: config.unknownCommands === "learn",
  });
  return {
    protocol,
    retainsRequests: false,
    createTopology: (cluster, backends) => new RingTopology(cluster, backends),
    createLocalAnswers: (parts) => createRedisAnswers(protocol, parts),
  };
}
