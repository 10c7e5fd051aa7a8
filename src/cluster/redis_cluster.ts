/**
 * Recipe of `cache_type = "redis_cluster"`: RESP over the slots of a Redis Cluster.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { clusterDialect, tlsClusterDialect } from "../protocol/resp/cluster/cluster_dialect.ts";
import { createRespProtocol } from "../protocol/resp/mod.ts";
import { createRedisAnswers } from "./redis_recipes.ts";
import type { Recipe } from "./running_cluster.ts";
import { SlotTopology } from "./slot_topology.ts";

/** The recipe. */
export function redisClusterRecipe(config: ClusterConfig): Recipe {
  const protocol = createRespProtocol(config.backendCredentials, {
    custom: config.customCommands,
    routesDotted: config.unknownCommands === "first-key",
    learns: config.unknownCommands === "learn",
  });
  const dialect = config.backendTls === null ? clusterDialect : tlsClusterDialect;
  return {
    protocol,
    retainsRequests: true,
    createTopology: (cluster, backends) => new SlotTopology(cluster, backends, dialect),
    createLocalAnswers: (parts) => createRedisAnswers(protocol, parts),
  };
}
