/**
 * From a cluster's type to its recipe: the only switch on the type.
 *
 * @module
 */
import type { Cluster, ClusterContext } from "./cluster.ts";
import { memcacheRecipe } from "./memcache.ts";
import { redisRecipe } from "./redis.ts";
import { redisClusterRecipe } from "./redis_cluster.ts";
import { RunningCluster } from "./running_cluster.ts";

/** Makes a cluster that does not listen yet. */
export function createCluster(context: ClusterContext): Cluster {
  switch (context.config.type) {
    case "memcache":
      return new RunningCluster(context, memcacheRecipe(context.config));
    case "redis":
      return new RunningCluster(context, redisRecipe(context.config));
    case "redis_cluster":
      return new RunningCluster(context, redisClusterRecipe(context.config));
  }
}
