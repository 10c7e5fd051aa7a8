/**
 * A worker whose cluster counts each connection, closes it, and dies of it.
 *
 * @module
 */
import type { Cluster, ClusterContext } from "../../src/cluster/cluster.ts";
import type { Listener } from "../../src/net/io_engine.ts";
import { ClusterMetrics } from "../../src/observe/cluster_metrics.ts";
import { runWorkerThread } from "../../src/worker/thread.ts";

function createCluster({ config, engine, sharesPort }: ClusterContext): Cluster {
  const metrics = new ClusterMetrics(config.name);
  let listener: Listener | null = null;
  return {
    name: config.name,
    prepare: () => Promise.resolve(),
    start() {
      listener = engine.listen({
        endpoint: config.listen,
        sharesPort,
      }, {
        lack: null,
        accepted(connection) {
          metrics.clientsAccepted++;
          connection.discard();
          queueMicrotask(() => {
            throw new Error("died of a connection");
          });
        },
        acceptFailed() {},
      });
    },
    lead() {},
    follow() {},
    hear() {},
    obey() {},
    refresh() {},
    metrics: () => metrics.snapshot([]),
    spareBytes: 0,
    grownBytes: 0,
    letGoSpare() {},
    visitHolders() {},
    shed() {},
    inspect: () => [],
    clientCount: 0,
    reconfigure() {},
    retire: () => Promise.resolve(),
    leaveBy() {},
    stopAccepting: () => Promise.resolve(),
    freed: Promise.resolve(),
    share: () => [],
    drain: () => Promise.resolve(),
    stop: () => listener?.close() ?? Promise.resolve(),
  };
}

runWorkerThread(createCluster);
