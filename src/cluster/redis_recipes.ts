/**
 * What both recipes for Redis have in common: it gives their local answers what they need to know of their cluster.
 *
 * @module
 */
import { DedicatedConnections } from "../backend/dedicated_connections.ts";
import { portOf } from "../endpoint.ts";
import type { RedisProtocol } from "../protocol/resp/mod.ts";
import type { RedisContext } from "../redis/core/feature.ts";
import { createRedisFeatures } from "../redis/features.ts";
import { Databases } from "../redis/connection/databases.ts";
import { advertisedTo, speaksTls } from "../redis/core/listener_of.ts";
import { ScriptKeeper } from "../redis/scripts/script_keeper.ts";
import { RedisLocal } from "../redis/local.ts";
import { KnownServers } from "../redis/server/known_servers.ts";
import { gatherDurations } from "../observe/durations.ts";
import type { LocalAnswers } from "../session/stages.ts";
import type { ClusterParts } from "./running_cluster.ts";

/** Makes the answers of one cluster in one worker. */
export function createRedisAnswers(protocol: RedisProtocol, parts: ClusterParts): LocalAnswers {
  const { cluster, metrics, router, backends, peers } = parts;
  const { config, advertisedAddress } = cluster;
  const startedAtMs = performance.now();
  const context: RedisContext = {
    commands: protocol.commands,
    learned: protocol.learned,
    config,
    router,
    backends,
    servers: new KnownServers(backends.clock),
    peers,
    observed: parts.observed,
    askSettings: (asked, answered) => cluster.askSettings(asked, answered),
    databases: new Databases(),
    dedicated: new DedicatedConnections(backends, {
      // Read anew each time: a reload may change it.
      get connectionsMax() {
        return config.dedicatedConnections;
      },
      limits: backends.limits,
    }),
    clients: () => parts.clients(),
    userChanged: (client) => parts.userChanged(client),
    isCluster: config.type === "redis_cluster",
    advertisedTo(client) {
      return advertisedTo(config, client, advertisedAddress);
    },
    speaksTls(client) {
      return speaksTls(config, client);
    },
    get siblings() {
      return config.clusterView;
    },
    info: {
      cluster: config.name,
      get port() {
        return portOf(config.listen);
      },
      uptimeMs: () => performance.now() - startedAtMs,
      clientsConnected: () => metrics.clientsConnected,
      clientsBlocked: () => metrics.blockedClients,
      clientsAccepted: () => metrics.clientsAccepted,
      requests: () => metrics.requests,
      errorReplies: () => metrics.errorReplies,
      backendCount: () => [...router.backends()].length,
      durations: () =>
        gatherDurations([...router.backends()].map((one) => one.durations), backends.seriesBudget),
    },
  };
  const keeper = new ScriptKeeper(context);
  return new RedisLocal(context, createRedisFeatures(context, keeper), keeper);
}
