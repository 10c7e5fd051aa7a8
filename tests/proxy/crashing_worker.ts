/**
 * A worker whose cluster answers each connection with its own number of lives, and dies of it.
 *
 * @module
 */
import type { Cluster, ClusterContext } from "../../src/cluster/cluster.ts";
import { ClusterMetrics } from "../../src/observe/cluster_metrics.ts";
import { runWorkerThread } from "../../src/worker/worker_thread.ts";

function createCluster({ config }: ClusterContext): Cluster {
  const metrics = new ClusterMetrics(config.name);
  let listener: Deno.Listener | null = null;

  async function acceptOne(from: Deno.Listener): Promise<void> {
    const connection = await from.accept();
    metrics.clientsAccepted++;
    connection.close();
    throw new Error("died of a connection");
  }

  return {
    name: config.name,
    start() {
      listener = Deno.listen({ ...config.listen, reusePort: true });
      acceptOne(listener);
    },
    lead() {},
    follow() {},
    refresh() {},
    metrics: () => metrics.snapshot([]),
    stop() {
      listener?.close();
      return Promise.resolve();
    },
  };
}

runWorkerThread(createCluster);
